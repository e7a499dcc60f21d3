"""A Hugging Face folder's safetensors → where each tensor stands, and its values when they are asked for.

One file or several with an index. Knows no model. NumPy only; the safetensors package reads no bf16 without torch.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from support_agent.errors import ModelFileError
from support_agent.generation.gguf_adapter import as_float32

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
