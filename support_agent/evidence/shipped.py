"""The evidence that ships with an index → the owner's file, so that it can be renewed and added to.

``customers.jsonl`` in a shipped index holds a ticket a line, with what was offered for it and what readers said:

    {"text", "language", "drawn", "sent", "score", "signals", "passages", "verdicts": [{"verdict", "reader", "kind"}]}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from support_agent.errors import CalibrationError
from support_agent.evidence.calibration import read_calibration
from support_agent.evidence.opening import index_name, parts_version
from support_agent.evidence.store import Offer, Store, Verdict
from support_agent.jsonl import read_rows
from support_agent.records import Ticket
from support_agent.shelves import CALIBRATIONS, INDEXES

if TYPE_CHECKING:
    from support_agent.config import Config

CUSTOMERS = "customers.jsonl"


@dataclass(frozen=True)
class Customer:
    """A line of the file; ``drawn`` is false for tickets that the ranking was fitted on."""

    text: str
    sent: str
    language: str = "en"
    drawn: bool = True
    score: float = 0.0
    signals: Mapping[str, float] | None = None
    passages: Mapping[str, str] | None = None
    verdicts: tuple[dict[str, Any], ...] = ()


def seed(store: Store, config: Config) -> None:
    """Put the shipped evidence of this index into an owner's file that does not hold it yet.

    Raises:
        CalibrationError: a line of the shipped file is damaged.
    """
    name = index_name(config)
    file = INDEXES.shipped() / name / CUSTOMERS
    if store.fact("seeded") or not file.is_file():
        return
    customers = [row.read(Customer) for row in read_rows(file, CalibrationError)]
    made = [read_calibration(path) for path in sorted((CALIBRATIONS.shipped() / name).glob("*.json"))][:1]
    facts: dict[str, Any] = {"seeded": True}
    for drawn in (True, False):
        tickets = [(Ticket(one.text), one.language) for one in customers if one.drawn is drawn]
        store.add_tickets(tickets, drawn=drawn)
    if made:
        parts = parts_version(made[0].parts)
        store.add_offers(parts, [_offer(one) for one in customers if one.score])
        if store.fact("plan") is None:
            facts |= {"plan": asdict(made[0].plan), "parts": parts, "combiner": made[0].combiner.to_dict()}
            store.add_look(made[0].look)
    store.add_verdicts(
        Verdict(Ticket(one.text).words_key, one.sent, **said) for one in customers for said in one.verdicts
    )
    store.set_facts(facts)


def _offer(one: Customer) -> Offer:
    return Offer(Ticket(one.text).words_key, one.sent, one.score, one.signals or {}, one.passages or {})
