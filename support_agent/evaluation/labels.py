"""A file of people's labels → what they said of an answer.

Comes in: a JSONL file of either format. Goes out: for a golden ticket and a text, right, wrong, or nothing said.
Does not know how texts are judged that nobody has read: judging.py does.

    {"id", "right", "text"}                          of a golden ticket; the text may be missing: whatever was sent
    {"id", "question", "sent", "supported", "agrees"}   what `support-agent calibrate --labels` reads

A label of the second format is about a question and the very text that was sent to it. It counts for the golden ticket
of that id or of that question, since an index and a golden set number the same rows differently.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from support_agent.artefacts import sha256_bytes
from support_agent.errors import EvaluationError
from support_agent.evaluation.golden import GoldenTicket
from support_agent.jsonl import Row, read_rows

if TYPE_CHECKING:
    from support_agent.gate.calibrating.judge import About


@dataclass(frozen=True)
class AnswerLabels:
    """People's labels: ``of_ticket`` on whatever was sent, ``of_text`` by (id or question, text) on one text only.

    ``read`` counts the labels; ``about`` is "supported" or "agrees" where the file has both kinds.
    """

    of_ticket: Mapping[str, bool] = field(default_factory=dict)
    of_text: Mapping[tuple[str, str], bool] = field(default_factory=dict)
    read: int = 0
    sha256: str = ""
    about: str = ""

    def on(self, ticket: GoldenTicket, text: str) -> bool | None:
        """Whether the text is right, as somebody said who read it; None where nobody did."""
        for name in (ticket.id, ticket.question):
            if (said := self.of_text.get(_key(name, text))) is not None:
                return said
        return self.of_ticket.get(ticket.id)

    def to_dict(self) -> dict[str, object]:
        """What two runs must share to be comparable."""
        about = {"about": self.about} if self.about else {}
        return {"verdicts": self.read, "verdicts_sha256": self.sha256, **about}


def read_labels(path: Path, about: About = "supported") -> AnswerLabels:
    """Read labels of either format; the first row says which it is.

    Args:
        about: which of a reader's two words counts, where a row has both.

    Raises:
        EvaluationError: with file and line: a key is missing or of another type, or an id stands twice.
        CalibrationError: a row of the second format is no verdict.
    """
    rows = list(read_rows(path, EvaluationError))
    if rows and "sent" in rows[0].values:
        return _of_readers(path, rows, about)
    return _of_golden_tickets(path, rows)


def _of_golden_tickets(path: Path, rows: Sequence[Row]) -> AnswerLabels:
    of_ticket: dict[str, bool] = {}
    of_text: dict[tuple[str, str], bool] = {}
    seen: set[str] = set()
    for row in rows:
        name = row.text("id")
        if name in seen:
            raise row.error(f"the id {name!r} stands there twice")
        seen.add(name)
        if "text" in row.values:
            of_text[_key(name, row.text("text"))] = row.flag("right")
        else:
            of_ticket[name] = row.flag("right")
    return AnswerLabels(of_ticket, of_text, len(rows), sha256_bytes(path.read_bytes()))


def _of_readers(path: Path, rows: Sequence[Row], about: About) -> AnswerLabels:
    from support_agent.gate.calibrating.verdicts import read_verdicts

    verdicts = read_verdicts(path)
    questions = {row.text("id"): row.text("question", "") for row in rows}
    said = [(one, right) for one in verdicts.by_answer.values() if (right := one.on(about)) is not None]
    by_id = {_key(one.row_id, one.sent): right for one, right in said}
    by_question = _agreed(
        (_key(questions[one.row_id], one.sent), right) for one, right in said if questions.get(one.row_id)
    )
    return AnswerLabels({}, {**by_question, **by_id}, len(said), verdicts.sha256, about)


def _agreed(said: Iterable[tuple[tuple[str, str], bool]]) -> dict[tuple[str, str], bool]:
    """Two rows may hold one question and one answer; where their readers differ, neither counts."""
    found: dict[tuple[str, str], set[bool]] = {}
    for key, right in said:
        found.setdefault(key, set()).add(right)
    return {key: rights.pop() for key, rights in found.items() if len(rights) == 1}


def _key(name: str, text: str) -> tuple[str, str]:
    return name, " ".join(text.split())
