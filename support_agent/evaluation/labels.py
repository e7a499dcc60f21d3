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
from support_agent.evaluation.golden import GoldenSet, GoldenTicket
from support_agent.jsonl import Row, read_rows

if TYPE_CHECKING:
    from support_agent.gate.calibrating.judge import About


@dataclass(frozen=True)
class AnswerLabels:
    """People's labels: ``of_ticket`` on whatever was sent, ``of_text`` by (id or question, text) on one text only.

    ``read`` counts the labels; ``names`` holds for each the id, and the question, that it is of; ``about`` is
    "supported" or "agrees" where the file has both kinds.
    """

    of_ticket: Mapping[str, bool] = field(default_factory=dict)
    of_text: Mapping[tuple[str, str], bool] = field(default_factory=dict)
    read: int = 0
    sha256: str = ""
    about: str = ""
    names: Sequence[frozenset[str]] = ()

    def on(self, ticket: GoldenTicket, text: str) -> bool | None:
        """Whether the text is right, as somebody said who read it; None where nobody did."""
        for name in (ticket.id, ticket.question):
            if (said := self.of_text.get(_key(name, text))) is not None:
                return said
        return self.of_ticket.get(ticket.id)

    def known(self, golden: GoldenSet) -> int:
        """How many of the labels name a ticket of the set, by its id or its question."""
        tickets = {name for ticket in golden.tickets for name in (ticket.id, ticket.question)}
        return sum(not names.isdisjoint(tickets) for names in self.names)

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


def check_labels(path: Path, labels: AnswerLabels, golden: GoldenSet) -> str:
    """Refuse labels of which none is of a ticket of the set.

    Returns:
        A warning with the counts, where fewer than half are; else nothing.

    Raises:
        EvaluationError: none is.
    """
    known = labels.known(golden)
    if not labels.read:
        about = f" about {labels.about!r}" if labels.about else ""
        raise EvaluationError(f"{path} holds no label{about}. Leave --labels out, or fill them in.")
    if not known:
        raise EvaluationError(
            f"None of the {labels.read:,} labels of {path} is of a ticket of {golden.name}: no id or question of "
            "theirs stands in the set. Give the labels of this set."
        )
    if 2 * known >= labels.read:
        return ""
    return f"Only {known:,} of the {labels.read:,} labels of {path} are of a ticket of {golden.name}."


def check_labelled(path: Path, labels: AnswerLabels, labelled: int) -> None:
    """Refuse labels of which none is of a text of the run.

    Args:
        labelled: how many texts of the run have a label, as the scores say.

    Raises:
        EvaluationError: none has.
    """
    if not labelled:
        raise EvaluationError(
            f"None of the {labels.read:,} labels of {path} is of a text that this run sent or would have sent. "
            "Read the run's own texts, or score it without --labels."
        )


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
    names = [frozenset({name}) for name in seen]
    return AnswerLabels(of_ticket, of_text, len(rows), sha256_bytes(path.read_bytes()), names=names)


def _of_readers(path: Path, rows: Sequence[Row], about: About) -> AnswerLabels:
    from support_agent.gate.calibrating.verdicts import read_verdicts

    verdicts = read_verdicts(path)
    questions = {row.text("id"): row.text("question", "") for row in rows}
    said = [(one, right) for one in verdicts.by_answer.values() if (right := one.on(about)) is not None]
    by_id = {_key(one.row_id, one.sent): right for one, right in said}
    by_question = _agreed(
        (_key(questions[one.row_id], one.sent), right) for one, right in said if questions.get(one.row_id)
    )
    # An empty question is no name: it would stand for every ticket without words.
    names = [frozenset({one.row_id, questions.get(one.row_id) or one.row_id}) for one, _ in said]
    return AnswerLabels({}, {**by_question, **by_id}, len(said), verdicts.sha256, about, names)


def _agreed(said: Iterable[tuple[tuple[str, str], bool]]) -> dict[tuple[str, str], bool]:
    """Two rows may hold one question and one answer; where their readers differ, neither counts."""
    found: dict[tuple[str, str], set[bool]] = {}
    for key, right in said:
        found.setdefault(key, set()).add(right)
    return {key: rights.pop() for key, rights in found.items() if len(rights) == 1}


def _key(name: str, text: str) -> tuple[str, str]:
    return name, " ".join(text.split())
