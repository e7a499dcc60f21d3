"""The customers' tickets that ship with an index, and what readers said → the owner's evidence file.

``customers.jsonl`` in a shipped index holds a ticket a line; indexes/lamini_docs/LABELS.md says how they were made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from support_agent.errors import CalibrationError
from support_agent.evidence.opening import index_name
from support_agent.evidence.records import Verdict
from support_agent.evidence.store import Store
from support_agent.jsonl import read_rows
from support_agent.records import Ticket
from support_agent.shelves import INDEXES

if TYPE_CHECKING:
    from support_agent.config import Config

CUSTOMERS = "customers.jsonl"
_SEEDED = "seeded"


@dataclass(frozen=True)
class Said:
    """What one reader said of the text that was offered."""

    verdict: str
    reader: str
    kind: str
    said: str
    why: str = ""


@dataclass(frozen=True)
class Customer:
    """A line of the file: a ticket, the text that was offered for it, and what was said of that.

    Those that are not ``drawn`` the shipped ranking was fitted on, so that they prove nothing.
    """

    text: str
    language: str
    drawn: bool
    sent: str = ""
    verdicts: tuple[Said, ...] = ()


def seed(store: Store, config: Config) -> None:
    """Put what ships with this index into an owner's file that does not hold it yet.

    Raises:
        CalibrationError: a line of the shipped file is damaged.
    """
    file = INDEXES.shipped() / index_name(config) / CUSTOMERS
    if store.fact(_SEEDED) or not file.is_file():
        return
    drawn = [one for row in read_rows(file, CalibrationError) if (one := row.read(Customer)).drawn]
    store.add_tickets((Ticket(one.text), one.language) for one in drawn)
    store.add_verdicts(
        Verdict(Ticket(one.text).words_key, one.sent, said.verdict, "", said.why, said.reader, said.kind, said.said)
        for one in drawn
        for said in one.verdicts
    )
    store.set_facts({_SEEDED: True})
