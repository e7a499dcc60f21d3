"""What the evidence file holds of tickets, as frozen records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from support_agent.records import Ticket


@dataclass(frozen=True)
class KnownTicket:
    """A ticket that has arrived.

    ``number`` is its place in the order of arrival, ``language`` ISO 639-1 or "und". ``drawn`` says that it came with
    its random number among all others; one that somebody picked is no fair sample and certifies nothing.
    """

    ticket: Ticket
    number: int
    language: str = "und"
    drawn: bool = True

    @property
    def key(self) -> str:
        """What offers and verdicts of it are kept by."""
        return self.ticket.words_key

    @property
    def sample(self) -> float:
        """Its permanent random number, 0–1."""
        return self.ticket.sample


@dataclass(frozen=True)
class Offer:
    """What a state of the agent offered for a ticket: the text that was sent or suggested, and its score (0–1).

    ``signals`` holds what the ranking combines, empty where only the score is known; ``passages`` the hash of each text
    it was written from, by id, best first. An empty text says that the ticket was asked, and nothing was offered.
    """

    key: str
    sent: str
    score: float
    signals: Mapping[str, float] = field(default_factory=dict)
    passages: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """What a reader said of a text: ``verdict`` is right, partly or wrong.

    ``kind`` of the reader is person or model; ``said`` is when, ISO 8601, "" for unknown.
    """

    key: str
    sent: str
    verdict: str
    correct_answer: str = ""
    why: str = ""
    reader: str = ""
    kind: str = "person"
    said: str = ""


@dataclass(frozen=True)
class Unoffered:
    """Why a ticket has no text that could prove something: something else ``decided``, or there is no suggestion."""

    decided: bool
    reason: str
