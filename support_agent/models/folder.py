"""Model files out of a folder of this machine, and where every mirror puts what it brings."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from support_agent.models.records import MirrorError, ModelFile, NotThereError, Report


@dataclass(frozen=True)
class FolderMirror:
    """A folder of this machine that holds the files, or a folder called like the model with the files in it."""

    path: Path
    name: str

    @property
    def label(self) -> str:
        """See Mirror."""
        return f"folder {self.path}"

    def fetch(self, file: ModelFile, scratch: Path, report: Report) -> Path:
        """Copy the file; see Mirror."""
        places = [self.path / self.name / file.path, self.path / file.path]
        found = next((place for place in places if place.is_file()), None)
        if found is None:
            raise NotThereError(f"neither {places[0]} nor {places[1]} is a file")
        try:
            reader = found.open("rb")
        except OSError as problem:
            raise MirrorError(f"{found} cannot be read ({problem.strerror})") from problem
        target = place_for(file, scratch / "folder")
        with reader, target.open("wb") as writer:
            shutil.copyfileobj(reader, writer, 1 << 20)
        report(file.path, target.stat().st_size, file.size_bytes)
        return target


def place_for(file: ModelFile, scratch: Path) -> Path:
    """Where a mirror puts a file; each kind has a ``scratch`` of its own, so that none continues another's file."""
    target = scratch / file.path
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


def size_of(path: Path) -> int:
    """Size in bytes; 0 for what is not there, or no longer."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
