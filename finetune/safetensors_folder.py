"""A Hugging Face folder's safetensors → where each tensor stands, and its values when they are asked for.

One file or several with an index. Knows no model. NumPy only; the safetensors package reads no bf16 without torch.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support_agent.errors import ModelFileError

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Stored:
    """One tensor of a safetensors file: where its bytes stand, and how they are to be read."""

    file: Path
    name: str
    kind: str
    shape: tuple[int, ...]
    start_bytes: int
    size_bytes: int

    def read(self) -> np.ndarray:
        """Its values in float32; only this tensor's part of the file is read."""
        import numpy as np

        raw = np.memmap(self.file, np.uint8, "r", self.start_bytes, (self.size_bytes,))
        return as_float32(raw, self.kind, self.shape, f"{self.file} holds {self.name}")


def read_tensors(folder: Path) -> dict[str, Stored]:
    """Every tensor of a folder by Hugging Face's name; no weights are read.

    Raises:
        ModelFileError: there are no safetensors, or a file is missing or damaged.
    """
    whole, index = folder / "model.safetensors", folder / "model.safetensors.index.json"
    try:
        listed = [] if whole.is_file() else json.loads(index.read_text("utf-8"))["weight_map"].values()
        files = [folder / name for name in sorted(set(listed))] or [whole]
    except FileNotFoundError:
        raise ModelFileError(f"{folder} has no {whole.name} and no {index.name}. Fetch the model again.") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        raise ModelFileError(f"{index} is no index of safetensors ({problem!r}). Fetch it again.") from problem
    return {tensor.name: tensor for file in files for tensor in _read_shard(file)}


def _read_shard(file: Path) -> list[Stored]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="np"):  # checks that the header describes this very file
            pass
        with file.open("rb") as reader:
            header_bytes = int.from_bytes(reader.read(8), "little")
            header = json.loads(reader.read(header_bytes))
    except (SafetensorError, OSError) as problem:
        raise ModelFileError(f"{file} cannot be read ({problem}). Fetch it again.") from problem
    header.pop("__metadata__", None)
    return [
        Stored(file, name, facts["dtype"], tuple(facts["shape"]), 8 + header_bytes + start, end - start)
        for name, facts in header.items()
        for start, end in [facts["data_offsets"]]
    ]


def as_float32(raw: Any, kind: str, shape: Sequence[int], where: str) -> np.ndarray:
    """A tensor's bytes in safetensors as a matrix.

    Args:
        kind: safetensors' name of the type, such as BF16.
        where: which file holds which tensor, the beginning of a message.

    Raises:
        ModelFileError: the type is another than BF16, F16, F32 and F64, or a value is no number.
    """
    import numpy as np

    if kind == "BF16":  # NumPy has no such type: it is the upper half of a float32
        bits = np.frombuffer(raw, "<u2").astype("<u4")
        bits <<= 16
        values = bits.view("<f4")
    elif kind in {"F16", "F32", "F64"}:
        values = np.frombuffer(raw, {"F16": "<f2", "F32": "<f4", "F64": "<f8"}[kind]).astype(np.float32, copy=False)
    else:
        raise ModelFileError(
            f"{where} as {kind}; only weights of the types BF16, F16, F32 and F64 can be merged. Use a copy in one of "
            "these."
        )
    if not np.isfinite(values).all():
        raise ModelFileError(f"{where} with values that are no numbers. Make or fetch it again.")
    return values.reshape(shape)
