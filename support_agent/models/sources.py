"""What a source of model files is, and the nearest of them: a local folder.

Comes in: one file of a model and a scratch folder. Goes out: the path of the file, complete but not yet trusted: the
cache holds it against its hash. Knows nothing of the cache's layout. The other sources: hub.py, wheel.py.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from support_agent.errors import ModelFileError

if TYPE_CHECKING:
    from support_agent.models.registry import ModelFile

Report = Callable[[str, int, int | None], None]
"""Called with the name of what is being fetched, its bytes so far, and its bytes in all (None where not known)."""

PIECE_BYTES = 1 << 20


class SourceError(ModelFileError):
    """A source cannot give what it was asked for; the message is a reason, without the source's name."""


class NotThereError(SourceError):
    """The source answers, but has no such file."""


class Source(Protocol):
    """One place to take files from."""

    @property
    def label(self) -> str:
        """Kind and address, as a person would name it."""
        ...

    def fetch(self, file: ModelFile, scratch: Path, report: Report) -> Path:
        """Bring the whole of ``file`` below ``scratch``, going on from what an interrupted fetch left there.

        Raises:
            SourceError: this source is to be passed over.
            OSError: ``scratch`` cannot be written to.
        """
        ...


@dataclass(frozen=True)
class FolderSource:
    """A folder of this machine that holds the files, or a folder called like the model with the files in it."""

    path: Path
    name: str

    @property
    def label(self) -> str:
        """See Source."""
        return f"folder {self.path}"

    def fetch(self, file: ModelFile, scratch: Path, report: Report) -> Path:
        """Copy the file; see Source."""
        places = [self.path / self.name / file.path, self.path / file.path]
        found = next((place for place in places if place.is_file()), None)
        if found is None:
            raise NotThereError(f"neither {places[0]} nor {places[1]} is a file")
        try:
            reader = found.open("rb")
        except OSError as problem:
            raise SourceError(f"{found} cannot be read ({problem.strerror})") from problem
        target = place(scratch, "folder", file)
        with reader, target.open("wb") as writer:
            shutil.copyfileobj(reader, writer, PIECE_BYTES)
        report(file.path, target.stat().st_size, file.size_bytes)
        return target


def place(scratch: Path, kind: str, file: ModelFile) -> Path:
    """Where a kind of source puts a file; one kind never goes on from what another has begun."""
    target = scratch / kind / file.path
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


def size_of(path: Path) -> int:
    """Size in bytes; 0 for what is not there, or no longer."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def check_size(size_bytes: int, file: ModelFile) -> None:
    """Raise unless the file has its pinned size; asked before its bytes are fetched, so that none fill the disk."""
    if file.size_bytes is not None and size_bytes != file.size_bytes:
        raise SourceError(f"its {file.path} has {size_bytes:,} bytes instead of {file.size_bytes:,}")
