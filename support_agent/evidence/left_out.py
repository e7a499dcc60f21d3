"""The index's own questions as tickets, each asked as if its passage were not there, and measured to the end.

What is left out of the index for a row is its own passage and every copy of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from support_agent.errors import CalibrationError
from support_agent.gate.measure import Measured, early_reasons, values_of
from support_agent.records import Passage, Ticket

if TYPE_CHECKING:
    from support_agent.journey import Journey


@dataclass(frozen=True)
class LeftOutTicket:
    """A question of the index: ``without`` are the passages to be passed over, ``scope`` by a model without it."""

    ticket: Ticket
    without: tuple[str, ...] = ()
    scope: float | None = None


def left_out_tickets(
    rows: Sequence[Passage], scopes: Mapping[str, float], *, of: Sequence[Passage] | None = None
) -> list[LeftOutTicket]:
    """A ticket for each row, with its id; the row and its copies are passed over.

    Args:
        scopes: by passage id, of models that have not seen the row (``Subject.left_out``).
        of: of these of the rows alone.
    """
    copies: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        copies.setdefault((row.title, row.text), []).append(row.passage_id)
    return [
        LeftOutTicket(
            Ticket(row.title, ticket_id=row.passage_id),
            tuple(copies[row.title, row.text]),
            scopes.get(row.passage_id),
        )
        for row in (rows if of is None else of)
    ]


def measured(journey: Journey) -> Measured:
    """What was measured on a whole way.

    Raises:
        CalibrationError: a step failed on it, or the generator.
    """
    if journey.reply or journey.notes or journey.late is None:
        reasons = [*(journey.reply.reasons if journey.reply else ()), *journey.notes]
        raise CalibrationError(
            f"The question {journey.ticket.ticket_id!r} could not be measured: {reasons[0].staff if reasons else ''} "
            "What was drafted is kept; run the same command again."
        )
    best = journey.late.best
    early = (*journey.triaged.reasons, *early_reasons(journey.early))
    return Measured(
        ticket=journey.ticket,
        triage=journey.triaged,
        passages=tuple(journey.passages),
        draft=journey.written,
        early=values_of((*journey.triaged.signals, *journey.early)),
        values=values_of(journey.signals),
        sent=best.checked.sent,
        held=(*early, *best.held),
        held_early=bool(early),
    )
