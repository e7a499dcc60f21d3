"""Drafted rows → every signal of each, measured as the gate measures a live ticket.

Comes in: drafted rows. Goes out: signal values, what would be sent, and whether a signal that decides alone holds the
row back. Knows no label.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from support_agent.config import Config
from support_agent.gate.calibrating.drafted_rows import DraftedRow
from support_agent.gate.clarity import clarity_signal
from support_agent.gate.gate import deciding_reasons
from support_agent.gate.retrieval_signals import retrieval_signals
from support_agent.gate.sendable import own_text_or_quote
from support_agent.records import Signal, Ticket
from support_agent.triage import triage_ticket
from support_agent.triage.meaning import Meaning


@dataclass(frozen=True)
class MeasuredRow:
    """One row as the gate sees it.

    ``sent`` is what the customer would get; ``held`` are the reasons for which a signal alone forbids it, and
    ``held_early`` says that one is known before a draft is written. ``early`` are the values known then, ``values``
    all.
    """

    drafted: DraftedRow
    early: dict[str, float]
    values: dict[str, float]
    sent: str
    held: tuple[str, ...]
    language: str
    held_early: bool = False


def measure_rows(
    rows: Sequence[DraftedRow],
    meaning: Meaning,
    config: Config,
    scope_of: Mapping[str, Signal],
) -> list[MeasuredRow]:
    """Measure every row; the texts are embedded together.

    Args:
        scope_of: each row's scope signal by a model that was not fitted to it; the served model has seen the rows.
    """
    tickets = [Ticket(row.question, ticket_id=row.row_id) for row in rows]
    triages = [triage_ticket(ticket, config) for ticket in tickets]
    meant = [
        tuple(scope_of.get(row.row_id, signal) if signal.name == "scope" else signal for signal in signals)
        for row, signals in zip(rows, meaning.signals(list(zip(tickets, triages, strict=True))), strict=True)
    ]
    measured = []
    for row, triage, of_meaning in zip(rows, triages, meant, strict=True):
        found = own_text_or_quote(row.question, row.draft, row.passages)
        clarity = clarity_signal(triage.search_text, row.passages)
        found_for = (*retrieval_signals(row.passages), clarity)
        early = (*triage.signals, *of_meaning, *found_for)
        late = found.held if found.nothing else ()
        closed = (*triage.reasons, *deciding_reasons(of_meaning), *(["ambiguous"] if clarity.fired else []))
        values, sent = (_values(early), _values((*early, *found.signals))), found.checked.sent
        measured.append(MeasuredRow(row, *values, sent, (*closed, *late), triage.language, bool(closed)))
    return measured


def _values(signals: Sequence[Signal]) -> dict[str, float]:
    return {signal.name: signal.value for signal in signals}
