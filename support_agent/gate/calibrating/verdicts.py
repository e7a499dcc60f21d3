"""Labels that were given by reading: a JSONL file in, a verdict for each answer out.

A verdict is about one text. Where the agent would now send another, the verdict no longer says anything.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support_agent.artefacts import sha256_file
from support_agent.errors import CalibrationError
from support_agent.gate.calibrating.judge import About
from support_agent.gate.calibrating.labels import Labels
from support_agent.gate.calibrating.measured_rows import MeasuredRow


@dataclass(frozen=True)
class Verdict:
    """What a reader said of one answer; None where the reader did not say."""

    row_id: str
    sent: str
    supported: bool | None
    agrees: bool | None

    def on(self, about: About) -> bool | None:
        """The verdict of this kind."""
        return self.supported if about == "supported" else self.agrees


@dataclass(frozen=True)
class Verdicts:
    """A file of them; ``sha256`` goes into the calibration."""

    by_answer: dict[tuple[str, str], Verdict]
    sha256: str

    def labels(self, rows: Sequence[MeasuredRow], about: About) -> Labels:
        """The labels of the rows whose very answer was read."""
        found = ((row.drafted.row_id, self.by_answer.get(_key(row.drafted.row_id, row.sent))) for row in rows)
        said = ((row_id, verdict.on(about)) for row_id, verdict in found if verdict)
        right = {row_id: label for row_id, label in said if label is not None}
        return Labels(right, {"source": "verdicts", "sha256": self.sha256, "read": len(self.by_answer)})


def read_verdicts(file: Path) -> Verdicts:
    """Read one JSON object a line: ``id``, ``sent`` (the answer that was read), ``supported`` and ``agrees``.

    Raises:
        CalibrationError: the file cannot be read, or a line is no verdict.
    """
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise CalibrationError(f"{file} cannot be read ({problem}). Name a JSONL file of verdicts.") from problem
    verdicts = [_verdict(file, number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    if not verdicts:
        raise CalibrationError(f"{file} holds no verdict. `support-agent calibrate --to-read` writes what to read.")
    return Verdicts({_key(one.row_id, one.sent): one for one in verdicts}, sha256_file(file))


def write_to_read(file: Path, rows: Sequence[MeasuredRow]) -> int:
    """Write every answer that would be sent, with what it is to be held against, ready for labels; how many."""
    waiting = [row for row in rows if not row.held]
    with file.open("w", encoding="utf-8") as lines:
        for row in waiting:
            lines.write(json.dumps(_to_read(row), ensure_ascii=False) + "\n")
    return len(waiting)


def _to_read(row: MeasuredRow) -> dict[str, Any]:
    return {
        "id": row.drafted.row_id,
        "question": row.drafted.question,
        "sent": row.sent,
        "passages": [{"title": passage.title, "text": passage.text} for passage in row.drafted.passages],
        "reference": row.drafted.reference,
        "supported": None,
        "agrees": None,
    }


def _verdict(file: Path, number: int, line: str) -> Verdict:
    try:
        plain = json.loads(line)
        verdict = Verdict(plain["id"], plain["sent"], plain.get("supported"), plain.get("agrees"))
        kinds = (verdict.row_id, str), (verdict.sent, str), (verdict.supported, bool), (verdict.agrees, bool)
        if any(not isinstance(value, kind) and (kind is str or value is not None) for value, kind in kinds):
            raise TypeError("a value is of the wrong kind")
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise CalibrationError(
            f"{file}, line {number}, is no verdict ({problem}). It needs id and sent as texts, supported and agrees as "
            "true, false or null."
        ) from problem
    return verdict


def _key(row_id: str, sent: str) -> tuple[str, str]:
    return row_id, " ".join(sent.split())
