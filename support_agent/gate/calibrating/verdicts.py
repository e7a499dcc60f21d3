"""Labels that were given by reading: a JSONL file in, a verdict for each answer out.

A verdict is about one text. Where the agent would now send another, the verdict no longer says anything.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from support_agent.artefacts import sha256_file, write_bytes
from support_agent.errors import CalibrationError
from support_agent.gate.calibrating.judge import About
from support_agent.gate.calibrating.labels import Labels
from support_agent.gate.calibrating.measured_rows import MeasuredRow
from support_agent.jsonl import Row, read_rows

logger = logging.getLogger(__name__)

_TO_READ = "`support-agent calibrate --to-read` writes the answers of now."


@dataclass(frozen=True)
class Verdict:
    """What a reader said of one answer; None where the reader did not say.

    ``certify`` is false for an answer whose label was at hand when signals or settings were chosen.
    """

    row_id: str
    sent: str
    supported: bool | None
    agrees: bool | None
    where: str
    """File and line."""
    certify: bool = True

    def on(self, about: About) -> bool | None:
        """The verdict of this kind."""
        return self.supported if about == "supported" else self.agrees


@dataclass(frozen=True)
class Verdicts:
    """A file of them; ``sha256`` goes into the calibration."""

    by_answer: dict[tuple[str, str], Verdict]
    file: Path
    sha256: str

    def labels(self, rows: Sequence[MeasuredRow], about: About) -> Labels:
        """The labels of the rows whose very answer was read.

        Raises:
            CalibrationError: no answer of the rows has a label.
        """
        said = {key: label for key, one in self.by_answer.items() if (label := one.on(about)) is not None}
        if not said:
            raise CalibrationError(f"No line of {self.file} says {about!r}: fill it in with true or false.")
        found = ((row.drafted.row_id, said.get(_key(row.drafted.row_id, row.sent))) for row in rows)
        right = {row_id: label for row_id, label in found if label is not None}
        waiting = [row.drafted.row_id for row in rows if not row.held]
        missing = sum(row_id not in right for row_id in waiting)
        if waiting and missing == len(waiting):
            raise CalibrationError(
                f"None of the {len(said):,} labels in {self.file} is of an answer that would be sent now: the texts "
                f"have changed, or the labels are for another index or generator. {_TO_READ}"
            )
        if missing or len(right) < len(said):
            logger.warning(
                "%s of the %s labels in %s are of answers that would be sent now; %s of the %s such answers have none.",
                *(f"{len(right):,}", f"{len(said):,}", self.file, f"{missing:,}", f"{len(waiting):,}"),
            )
        aside = frozenset(one.row_id for one in self.by_answer.values() if not one.certify)
        return Labels(right, {"source": "verdicts", "sha256": self.sha256, "read": len(said)}, aside)


def read_verdicts(file: Path) -> Verdicts:
    """Read one JSON object a line: ``id``, ``sent`` (the answer that was read), ``supported`` and ``agrees``.

    ``certify`` may be false for answers that signals or settings were chosen by: they certify nothing.

    Raises:
        CalibrationError: the file cannot be read, a line is no verdict, or two lines contradict each other.
    """
    verdicts: dict[tuple[str, str], Verdict] = {}
    for row in read_rows(file, CalibrationError):
        verdict = _verdict(row)
        key = _key(verdict.row_id, verdict.sent)
        verdicts[key] = _both(verdicts[key], verdict) if key in verdicts else verdict
    if not verdicts:
        raise CalibrationError(f"{file} holds no verdict. {_TO_READ}")
    return Verdicts(verdicts, file, sha256_file(file))


def write_to_read(file: Path, rows: Sequence[MeasuredRow]) -> int:
    """Write every answer that would be sent, with what it is to be held against, ready for labels; how many."""
    waiting = [json.dumps(_to_read(row), ensure_ascii=False) for row in rows if not row.held]
    try:
        write_bytes(file, "".join(f"{line}\n" for line in waiting).encode())
    except OSError as problem:
        raise CalibrationError(f"The answers cannot be written to {file}: {problem.strerror}.") from problem
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


def _verdict(row: Row) -> Verdict:
    flags = row.flag_if_said("supported"), row.flag_if_said("agrees")
    return Verdict(row.text("id"), row.text("sent"), *flags, row.where, row.flag_if_said("certify") is not False)


def _both(first: Verdict, second: Verdict) -> Verdict:
    """What two lines about one answer say together."""
    said = (first.supported, second.supported), (first.agrees, second.agrees)
    if any({True, False} == set(pair) for pair in said):
        raise CalibrationError(
            f"{first.where}, and {second.where}, contradict each other about the same answer of {first.row_id}. Keep "
            "the line that is right."
        )
    supported, agrees = (one if one is not None else other for one, other in said)
    return replace(first, supported=supported, agrees=agrees, certify=first.certify and second.certify)


def _key(row_id: str, sent: str) -> tuple[str, str]:
    return row_id, " ".join(sent.split())
