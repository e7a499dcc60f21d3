"""Draft and passages → what of it may be sent, and how well it is carried. Costs no model: 3 ms.

Less sure: sentences that nothing carries (high), and carried ones that share few words with their passage (low).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from support_agent.gate.support import CheckedSentence, SupportChecker, carried_start
from support_agent.generation.endings import clean_draft
from support_agent.records import Draft, Passage, Signal
from support_agent.triage.readable import clean

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


def check_draft(question: str, draft: Draft, passages: Sequence[Passage]) -> CheckedDraft:
    """Clean a draft and hold each of its sentences against the passages."""
    cleaned = clean(clean_draft(draft.text, draft.finish))
    every = [sentence for sentence in SupportChecker(passages, question).check_all(cleaned) if sentence.text.strip()]
    return CheckedDraft(tuple(every), tuple(carried_start(every)))


def support_signals(checked: CheckedDraft) -> tuple[Signal, ...]:
    """How well the draft is carried.

    - ``empty_draft``: nothing is left of it; decides alone.
    - ``unsupported_share``: of its sentences, those that are not sent; decides alone above one half, or where no
      sentence that is left cites a passage.
    - ``mean_support``: share of a sent sentence's content words that its passage holds.
    """
    scores = [sentence.citation.score for sentence in checked.kept if sentence.citation]
    unsupported = checked.dropped / len(checked.every) if scores else float(bool(checked.every))
    return (
        Signal("empty_draft", float(not checked.every), 0.5, not checked.every),
        Signal("unsupported_share", round(unsupported, 4), _MIN_KEPT_SHARE, unsupported > _MIN_KEPT_SHARE),
        Signal("mean_support", round(sum(scores) / len(scores), 4) if scores else 0.0, None, False),
    )
