"""The seams that several rooms share, each a protocol with what is needed and no more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from support_agent.records import Passage, Reply, Ticket

if TYPE_CHECKING:
    from support_agent.retrieval.embedders import Embedder
    from support_agent.retrieval.subject import Subject


class Answerer(Protocol):
    """What a batch or an evaluation needs of an agent."""

    @property
    def versions(self) -> Mapping[str, str]:
        """Hashes of everything that makes a reply."""
        ...

    def ask_many(self, tickets: Iterable[Ticket | str]) -> Iterator[Reply]:
        """One reply for each ticket, in order, without reading far ahead and without raising for a ticket."""
        ...


class Retriever(Protocol):
    """What an agent needs of an index."""

    version: str
    """Changes with anything in it."""
    passages: tuple[Passage, ...]
    embedder: Embedder
    subject: Subject

    def search(self, texts: Sequence[str], k: int) -> list[list[Passage]]:
        """The ``k`` best passages for each text, best first."""
        ...
