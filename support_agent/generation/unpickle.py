"""The child process that reads a pickled adapter: the only place in this project where a pickle is opened.

    python -m support_agent.generation.unpickle PICKLE.bin TARGET.safetensors

Comes in: an untrusted ``adapter_model.bin``. Goes out: the same tensors as safetensors, or one sentence on stderr and
exit code 1. ``torch.load(…, weights_only=True)`` refuses every class and function but those that tensors are made of;
should it have a hole, what comes through meets a process without network tokens in its environment, with bounded time,
memory and file size. It belongs to the user all the same: convert only files from someone whom you would ask.
"""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

CPU_S = 120
MEMORY_BYTES = 16 * 2**30  # torch alone reserves several GiB of address space
FILE_BYTES = 8 * 2**30


def main(source: str, target: str) -> int:
    """Convert one file; 0 if it is done."""
    _limit()
    import torch
    from safetensors.torch import save_file

    try:
        found = torch.load(source, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as problem:
        return _refuse(f"it holds more than tensors ({_reason(problem)}), which could be a program")
    except MemoryError:
        return _refuse(f"it takes more than {MEMORY_BYTES / 2**30:.0f} GiB to read")
    except (RuntimeError, EOFError, ValueError, KeyError, TypeError, AttributeError, IndexError, OSError) as problem:
        return _refuse(f"it is no file that torch has saved ({_reason(problem)})")
    if not isinstance(found, dict) or not found:
        return _refuse("it holds no table of tensors")
    strange = [name for name, value in found.items() if not (isinstance(name, str) and isinstance(value, torch.Tensor))]
    if strange:
        return _refuse(f"its entry {str(strange[0])[:80]!r} is no tensor")
    odd = [
        name for name, value in found.items() if value.is_meta or value.layout != torch.strided or value.is_quantized
    ]
    if odd:
        return _refuse(f"its entry {odd[0][:80]!r} is no plain tensor")
    try:
        save_file(
            {name: value.detach().clone().contiguous() for name, value in found.items()}, target, {"format": "pt"}
        )
    except (RuntimeError, ValueError, KeyError, MemoryError, OSError) as problem:
        return _refuse(f"its tensors cannot be written as safetensors ({_reason(problem)})")
    return 0


def _limit() -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limits; the caller's time limit holds there too
        return
    for kind, most in (
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (allowed, allowed))


def _reason(problem: BaseException) -> str:
    """The line that names what is not allowed; torch puts advice before and after it that would undo the safety."""
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    named = next((line for line in lines if "WeightsUnpickler error" in line or "Unsupported" in line), None)
    short = (named or (lines[0] if lines else type(problem).__name__)).split("WeightsUnpickler error: ")[-1]
    return short.split(". ")[0][:160].rstrip(".")


def _refuse(why: str) -> int:
    sys.stderr.write(why + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(str(Path(sys.argv[1])), str(Path(sys.argv[2]))))
