"""Passages → may a draft be written at all? The gate's first half: costs no generator call.

First version: two thresholds. Knows nothing of drafts.
"""

from __future__ import annotations

from collections.abc import Sequence

from support_agent.config import Config
from support_agent.gate.decision import Decision
from support_agent.records import Passage, Route, Signal
from support_agent.wording import content_words, token_f1

# Two passages give "the same" answer above this token-F1.
_SAME_ANSWER_F1 = 0.6
# A question this short may mean either of two near passages with different answers: it is asked back.
_SHORT_WORDS = 2
_CLOSE_MARGIN = 0.03


def decide_before(text: str, passages: Sequence[Passage], config: Config) -> Decision:
    """Decide on what retrieval found.

    Signals: ``retrieval_score`` (cosine of the best passage, low = less sure) and ``retrieval_margin`` (cosine gap to
    the best passage with a different answer, low = less sure; it counts for questions of two content words or fewer).
    """
    by_score = sorted(passages, key=lambda passage: -passage.score)
    score = by_score[0].score if by_score else -1.0
    margin = _margin(by_score)
    ambiguous = margin < _CLOSE_MARGIN and _is_underspecified(text, by_score)
    signals = (
        Signal("retrieval_score", round(score, 4), config.min_retrieval_score, score < config.min_retrieval_score),
        Signal("retrieval_margin", round(margin, 4), _CLOSE_MARGIN, ambiguous),
    )
    if signals[0].fired:
        return Decision(Route.HUMAN, ("no_passage",), signals)
    if ambiguous:
        return Decision(Route.CLARIFY, ("ambiguous",), signals)
    return Decision(None, (), signals)


def _is_underspecified(text: str, by_score: Sequence[Passage]) -> bool:
    """A question of a word or two, unless it is the very title of a passage."""
    words = set(content_words(text))
    return len(words) <= _SHORT_WORDS and all(words != set(content_words(passage.title)) for passage in by_score)


def _margin(by_score: Sequence[Passage]) -> float:
    """Gap from the best passage to the first that says something else; 1 where none does."""
    if not by_score:
        return 0.0
    best = by_score[0]
    others = (p.score for p in by_score[1:] if token_f1(p.text, best.text) < _SAME_ANSWER_F1)
    return best.score - next(others, best.score - 1.0)
