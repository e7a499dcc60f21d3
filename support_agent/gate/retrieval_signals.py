"""Passages → how well retrieval knows the answer. Low means less sure. Costs no model: 1 ms."""

from __future__ import annotations

from collections.abc import Sequence

from support_agent.gate.given import Found
from support_agent.records import Passage, Signal
from support_agent.wording import token_f1

# Two passages give "the same" answer above this token-F1.
_SAME_ANSWER_F1 = 0.6


def retrieval_score(found: Found) -> Signal:
    """Cosine of the nearest passage."""
    best = max((passage.score for passage in found.passages), default=-1.0)
    return Signal("retrieval_score", round(best, 4), None, False)


def retrieval_agreement(found: Found) -> Signal:
    """1 when meaning and words find the same passage first: the best fused rank as a share of what such a one gets."""
    from support_agent.retrieval.index import RANK_CONSTANT

    best = max((passage.rank_score for passage in found.passages), default=0.0)
    return Signal("retrieval_agreement", round(best * (RANK_CONSTANT + 1) / 2, 4), None, False)


def margin(by_score: Sequence[Passage]) -> float:
    """Gap in cosine from the best passage to the first that says something else; 1 where none does."""
    if not by_score:
        return 0.0
    best = by_score[0]
    others = (p.score for p in by_score[1:] if token_f1(p.text, best.text) < _SAME_ANSWER_F1)
    return best.score - next(others, best.score - 1.0)
