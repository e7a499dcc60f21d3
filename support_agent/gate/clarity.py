"""Is the question too short to tell which answer is meant? Such a ticket is asked back, once. Costs no model."""

from __future__ import annotations

from support_agent.gate.given import Found
from support_agent.records import Signal
from support_agent.wording import content_words

# A question this short may mean either of two near passages with different answers.
SHORT_WORDS = 2
# Two passages are near each other when their cosines differ by less than this share of the index's scale.
_CLOSE_SHARE = 0.1


def ambiguous_words(found: Found) -> Signal:
    """How many content words the question has, where two near passages answer it differently.

    Fires at two or fewer, unless the question is the very title of a passage.
    """
    words = set(content_words(found.text))
    titled = any(words == set(content_words(passage.title)) for passage in found.passages)
    close = len(found.passages) > 1 and found.passages[0].lead < _CLOSE_SHARE * found.nearness.spread
    ambiguous = len(words) <= SHORT_WORDS and close and not titled
    return Signal("ambiguous_words", float(len(words)), float(SHORT_WORDS), ambiguous)
