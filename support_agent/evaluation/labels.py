"""A file of readers' labels → what they said of an answer.

Comes in: a JSONL file of either format. Goes out: for a golden ticket and a text, right, wrong, or nothing said.
Does not know how texts are judged that nobody has read: judging.py does.

    {"id", "right", "text"}                          of a golden ticket; the text may be missing: whatever was sent
    {"id", "question", "sent", "supported", "agrees"}   what `support-agent calibrate --labels` reads

A label of the second format is about a question and the very text that was sent to it. It counts for the golden tickets
of that question, whatever their ids, since an index and a golden set number the same rows differently; where it names
no question, for the ticket of its id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from support_agent.artefacts import sha256_file
from support_agent.errors import EvaluationError
from support_agent.evaluation.golden import GoldenSet, GoldenTicket
from support_agent.jsonl import Row, read_rows

if TYPE_CHECKING:
    from support_agent.evidence.labels import About


@dataclass(frozen=True)
class AnswerLabels:
    """People's labels: ``of_ticket`` on whatever was sent, the others on one text only.

    ``of_text`` is by (id, text), ``of_question`` by (question, text), and by (id, question, text) for the ticket that
    is both, should several ids have one question. ``read`` counts the labels; ``ids`` and ``questions`` hold what each
    is of; ``about`` is "supported" or "agrees" where the file has both kinds.
    """

    of_ticket: Mapping[str, bool] = field(default_factory=dict)
    of_text: Mapping[tuple[str, str], bool] = field(default_factory=dict)
    of_question: Mapping[tuple[str, ...], bool] = field(default_factory=dict)
    read: int = 0
    sha256: str = ""
    about: str = ""
    ids: Sequence[str] = ()
    questions: Sequence[str] = ()

    def on(self, ticket: GoldenTicket, text: str) -> bool | None:
        """Whether the text is right, as somebody said who read it; None where nobody did."""
        asked, read = _words(ticket.question), _words(text)
        for key in ((ticket.id, asked, read), (asked, read)):
            if (said := self.of_question.get(key)) is not None:
                return said
        return self.of_text.get((ticket.id, read), self.of_ticket.get(ticket.id))

    def known(self, golden: GoldenSet) -> int:
        """How many of the labels are of a ticket of the set: of its question or, naming none, of its id."""
        ids = {ticket.id for ticket in golden.tickets}
        questions = {_words(ticket.question) for ticket in golden.tickets}
        return sum(name in ids for name in self.ids) + sum(name in questions for name in self.questions)

    def to_dict(self) -> dict[str, object]:
        """What two runs must share to be comparable."""
        about = {"about": self.about} if self.about else {}
        return {"verdicts": self.read, "verdicts_sha256": self.sha256, **about}


def read_labels(path: Path, about: About = "supported") -> AnswerLabels:
    """Read labels of either format; the first row says which it is.

    Args:
        about: which of a reader's two words counts, where a row has both.

    Raises:
        EvaluationError: with file and line: a key is missing or of another type, or two rows are about one text of one
            ticket (in the second format: and contradict each other).
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
    for row in rows:
        name = row.text("id")
        if "text" not in row.values:
            if name in of_ticket:
                raise row.error(f"the id {name!r} stands there twice. Keep the line that is right")
            of_ticket[name] = row.flag("right")
            continue
        key = name, _words(row.text("text"))
        if key in of_text:
            raise row.error(f"the id {name!r} stands there twice with one text. Keep the line that is right")
        of_text[key] = row.flag("right")
    ids = [*of_ticket, *(name for name, _ in of_text)]
    return AnswerLabels(of_ticket, of_text, read=len(rows), sha256=sha256_file(path), ids=ids)


def _of_readers(path: Path, rows: Sequence[Row], about: About) -> AnswerLabels:
    said: dict[tuple[str, str, str], bool] = {}
    for row in rows:
        key = row.text("id"), _question(row), _words(row.text("sent"))
        flags = {"supported": row.flag_if_said("supported"), "agrees": row.flag_if_said("agrees")}
        if (right := flags[about]) is not None and said.setdefault(key, right) != right:
            raise row.error(
                f"it contradicts a line above about the same answer of {key[0]!r}. Keep the one that is right"
            )
    # An empty question is no name: it would stand for every ticket without words.
    of_text = {(name, text): right for (name, asked, text), right in said.items() if not asked}
    of_id_and_question: dict[tuple[str, ...], bool] = {key: right for key, right in said.items() if key[1]}
    by_question = _agreed((key[1:], right) for key, right in of_id_and_question.items())
    return AnswerLabels(
        of_text=of_text,
        of_question={**by_question, **of_id_and_question},
        read=len(said),
        sha256=sha256_file(path),
        about=about,
        ids=[name for name, _ in of_text],
        questions=[key[1] for key in of_id_and_question],
    )


def _agreed(said: Iterable[tuple[tuple[str, ...], bool]]) -> dict[tuple[str, ...], bool]:
    """Two rows may hold one question and one answer; where their readers differ, neither counts."""
    found: dict[tuple[str, ...], set[bool]] = {}
    for key, right in said:
        found.setdefault(key, set()).add(right)
    return {key: rights.pop() for key, rights in found.items() if len(rights) == 1}


def _question(row: Row) -> str:
    """Empty where the row names none: the key is missing, null or blank."""
    return "" if row.values.get("question") is None else _words(row.text("question"))


def _words(text: str) -> str:
    return " ".join(text.split())
