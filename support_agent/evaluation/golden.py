"""A golden set: tickets with what should become of them, as JSONL, one ticket a line::

    {"id", "question", "answerable", "reference", "relevant_ids", "tags", "route", "history", "translation_of"}

Only the first three must be there. Every tag makes a slice; a ticket with three tags counts in three slices.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import ConfigDict, StrictBool

from support_agent.artefacts import sha256_bytes
from support_agent.errors import EvaluationError
from support_agent.jsonl import Row, read_rows
from support_agent.records import Route, Ticket, Turn

GOLDEN_FILE = "golden.jsonl"


@dataclass(frozen=True)
class GoldenTicket:
    """One ticket and what is right for it.

    ``answerable`` says whether the knowledge base holds the answer. ``route`` is the one route that is right; empty
    means "answer" for an answerable ticket and anything but that for another. ``relevant_ids`` are the passages that
    carry the answer, empty where nobody has looked. ``translation_of`` is the id of the same ticket in English.
    """

    id: str
    question: str
    answerable: StrictBool
    reference: str = ""
    relevant_ids: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    route: Literal["", "answer", "clarify", "human"] = ""
    history: tuple[Turn, ...] = ()
    translation_of: str = ""

    # A key that nobody would read is a misspelt one.
    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")

    @property
    def expected(self) -> str:
        """The route that is right: the stated one, else "answer" or "human"."""
        return self.route or (Route.ANSWER if self.answerable else Route.HUMAN)

    def ticket(self) -> Ticket:
        """What the agent is asked."""
        return Ticket(self.question, ticket_id=self.id, history=self.history)


@dataclass(frozen=True)
class GoldenSet:
    """A golden set's tickets in file order, its name, and the sha256 of the file."""

    name: str
    sha256: str
    tickets: tuple[GoldenTicket, ...]

    @property
    def slices(self) -> tuple[str, ...]:
        """Every tag, in order of first use."""
        return tuple(dict.fromkeys(tag for ticket in self.tickets for tag in ticket.tags))


def read_golden(path: Path) -> GoldenSet:
    """Read a golden set.

    Raises:
        EvaluationError: with file and line: a key is missing, unknown or of another type, an id stands twice, an
            id or tag cannot be written as UTF-8, an answerable ticket has nothing to hold the answer against, one
            that is not answerable is to be answered, or the file is empty.
    """
    tickets: dict[str, GoldenTicket] = {}
    for row in read_rows(path, EvaluationError):
        ticket = row.read(GoldenTicket)
        _check_ticket(row, ticket)
        if ticket.id in tickets:
            raise row.error(f"the id {ticket.id!r} stands there twice")
        tickets[ticket.id] = ticket
    if not tickets:
        raise EvaluationError(f"{path} holds no ticket. A golden set has one JSON object on each line.")
    for ticket in tickets.values():
        if ticket.translation_of and ticket.translation_of not in tickets:
            problem = f"{ticket.id!r} is a translation of {ticket.translation_of!r}, which is missing."
            raise EvaluationError(f"{path}: {problem}")
    return GoldenSet(path.stem, sha256_bytes(path.read_bytes()), tuple(tickets.values()))


def check_relevant(golden: GoldenSet, passages: Collection[str]) -> None:
    """Refuse relevant passages that the index does not hold: recall and citations would count them as missed.

    Args:
        passages: the ids of the index's passages.

    Raises:
        EvaluationError: with the first ticket that names one.
    """
    for ticket in golden.tickets:
        if unknown := [passage_id for passage_id in ticket.relevant_ids if passage_id not in passages]:
            raise EvaluationError(
                f"{golden.name}: ticket {ticket.id!r} has {unknown[0]!r} in relevant_ids, which is none of the "
                f"{len(passages):,} passages of the index. Give the set's own --index, or mend the row."
            )


def find_golden(name: str) -> Path:
    """The golden set that a path or an index's name means; an index folder may hold one as golden.jsonl.

    An own copy of a shipped index holds none, and is measured with the shipped one's.

    Raises:
        EvaluationError: there is none.
    """
    from support_agent.shelves import INDEXES

    if Path(name).is_file():
        return Path(name)
    folder = INDEXES.known().get(name, Path(name))
    folders = [folder, *([INDEXES.shipped() / folder.name] if INDEXES.hides_shipped(folder) else [])]
    for golden in (one / GOLDEN_FILE for one in folders):
        if golden.is_file():
            return golden
    raise EvaluationError(f"There is no golden set {name!r}: give a JSONL file, or an index with a {GOLDEN_FILE}.")


def _check_ticket(row: Row, ticket: GoldenTicket) -> None:
    if not ticket.id:
        raise row.error("the id is empty")
    for name in (ticket.id, *ticket.tags):
        if any("\ud800" <= letter <= "\udfff" for letter in name):
            raise row.error(f"{name!r} holds half a surrogate pair, which no result can name; write another id or tag")
    if ticket.route == "answer" and not ticket.answerable:
        raise row.error("'answerable' is false and the route is 'answer': one of the two is wrong")
    if ticket.expected == Route.ANSWER and not (ticket.reference or ticket.relevant_ids):
        raise row.error("a ticket to be answered needs a reference or relevant_ids to hold the answer against")
