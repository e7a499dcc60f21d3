"""What a signal is measured on: what was found for a ticket, or what was written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from support_agent.gate.support import CheckedDraft
from support_agent.records import Draft, Passage

if TYPE_CHECKING:
    from support_agent.retrieval.subject import Nearness


@dataclass(frozen=True)
class Found:
    """What retrieval found: the text that was searched with, the passages, and the scale of the index's cosines."""

    text: str
    passages: Sequence[Passage]
    nearness: Nearness


@dataclass(frozen=True)
class Written:
    """A draft, what its passages carry of it, the question that it answers, and the passages."""

    draft: Draft
    checked: CheckedDraft
    question: str = ""
    passages: Sequence[Passage] = ()

    @property
    def cited(self) -> list[Passage]:
        """The passages that what may be sent rests on, best first."""
        named = {sentence.citation.passage_id for sentence in self.checked.kept if sentence.citation}
        return [passage for passage in self.passages if passage.passage_id in named]
