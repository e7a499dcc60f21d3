"""Passages → how well retrieval knows the answer. Costs no model: 1 ms.

Low means less sure, in every one of them. All are reported, for the combiner; none decides alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from support_agent.records import Passage, Signal
from support_agent.wording import token_f1

# Two passages give "the same" answer above this token-F1.
_SAME_ANSWER_F1 = 0.6


def retrieval_signals(passages: Sequence[Passage]) -> tuple[Signal, ...]:
    """What the best passages are like, each 0–1 or a cosine.

    - ``retrieval_score``: cosine of the nearest passage.
    - ``retrieval_agreement``: 1 when meaning and words find the same passage first.
    """
    by_score = sorted(passages, key=lambda passage: -passage.score)
    values = {
        "retrieval_score": by_score[0].score if by_score else -1.0,
        "retrieval_agreement": _agreement(passages),
    }
    return tuple(Signal(name, round(value, 4), None, False) for name, value in values.items())


def margin(by_score: Sequence[Passage]) -> float:
    """Gap in cosine from the best passage to the first that says something else; 1 where none does."""
    if not by_score:
        return 0.0
    best = by_score[0]
    others = (p.score for p in by_score[1:] if token_f1(p.text, best.text) < _SAME_ANSWER_F1)
    return best.score - next(others, best.score - 1.0)


def _agreement(passages: Sequence[Passage]) -> float:
    """The best fused rank as a share of what a passage gets that is first by meaning and by words."""
    from support_agent.retrieval.index import RANK_CONSTANT

    return max((passage.rank_score for passage in passages), default=0.0) * (RANK_CONSTANT + 1) / 2
