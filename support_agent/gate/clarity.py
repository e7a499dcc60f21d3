"""Ticket and passages → is the question too short to tell which answer is meant? Costs no model.

Less sure: few content words and two near passages that say different things. Such a ticket is asked back, once.
"""

from __future__ import annotations

from collections.abc import Sequence

from support_agent.gate.retrieval_signals import margin
from support_agent.records import Passage, Signal
from support_agent.wording import content_words

# A question this short may mean either of two near passages with different answers.
SHORT_WORDS = 2
_CLOSE_MARGIN = 0.03


def clarity_signal(text: str, passages: Sequence[Passage]) -> Signal:
    """``ambiguous_words``: how many content words the question has, where two near passages answer it differently.

    Fires at two or fewer, unless the question is the very title of a passage.
    """
    by_score = sorted(passages, key=lambda passage: -passage.score)
    words = set(content_words(text))
    titled = any(words == set(content_words(passage.title)) for passage in passages)
    ambiguous = len(by_score) > 1 and len(words) <= SHORT_WORDS and margin(by_score) < _CLOSE_MARGIN and not titled
    return Signal("ambiguous_words", float(len(words)), float(SHORT_WORDS), ambiguous)
