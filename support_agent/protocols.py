"""The seams that several rooms share, each a protocol with what is needed and no more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from support_agent.records import Reply, Ticket


class Answerer(Protocol):
    """What a batch or an evaluation needs of an agent."""

    @property
    def versions(self) -> Mapping[str, str]:
        """Hashes of everything that makes a reply."""
        ...

    def ask_many(self, tickets: Iterable[Ticket | str]) -> Iterator[Reply]:
        """One reply for each ticket, in order, without reading far ahead and without raising for a ticket."""
        ...
