"""Draft and passages → what of the draft may be sent, and how well it is carried. Costs no model: 3 ms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from support_agent.gate.support import CheckedSentence, SupportChecker, carried_start
from support_agent.generation.endings import clean_draft
from support_agent.records import Draft, Passage, Signal
from support_agent.triage.readable import clean

if TYPE_CHECKING:
    from support_agent.gate.measure import Written

# A draft of which less than this share of sentences is carried was not written from the passages at all.
_MIN_KEPT_SHARE = 0.5


@dataclass(frozen=True)
class CheckedDraft:
    """Every sentence of a cleaned draft, and those of its start that may be sent."""

    every: tuple[CheckedSentence, ...]
    kept: tuple[CheckedSentence, ...]

    @property
    def sent(self) -> str:
        """What may be sent."""
        return "".join(sentence.text for sentence in self.kept).strip()

    @property
    def dropped(self) -> int:
        """How many sentences may not."""
        return len(self.every) - len(self.kept)

    @property
    def support(self) -> tuple[float, ...]:
        """Of each sentence that may be sent and cites a passage, the share of its content words found there."""
        return tuple(sentence.citation.score for sentence in self.kept if sentence.citation)


def check_draft(question: str, draft: Draft, passages: Sequence[Passage]) -> CheckedDraft:
    """Clean a draft and hold each of its sentences against the passages."""
    cleaned = clean(clean_draft(draft.text, draft.finish))
    every = [sentence for sentence in SupportChecker(passages, question).check_all(cleaned) if sentence.text.strip()]
    return CheckedDraft(tuple(every), tuple(carried_start(every)))


def empty_draft(written: Written) -> Signal:
    """1 where nothing is left of the draft."""
    empty = not written.checked.every
    return Signal("empty_draft", float(empty), 0.5, empty)


def unsupported_share(written: Written) -> Signal:
    """Of its sentences, those that are not sent; all of them where no sentence that is left cites a passage."""
    checked = written.checked
    share = checked.dropped / len(checked.every) if checked.support else float(bool(checked.every))
    return Signal("unsupported_share", round(share, 4), _MIN_KEPT_SHARE, share > _MIN_KEPT_SHARE)


def mean_support(written: Written) -> Signal:
    """Share of a sent sentence's content words that its passage holds, in the mean; low = less sure."""
    scores = written.checked.support
    return Signal("mean_support", round(sum(scores) / len(scores), 4) if scores else 0.0, None, False)
