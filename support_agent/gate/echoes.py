"""Does an answer tell more than the customer wrote? "We handle sensitive data." does not, of the one who wrote it."""

from __future__ import annotations

from support_agent.gate.polarity import clauses, first_word, is_yes_no_question
from support_agent.sentences import split_sentences
from support_agent.wording import content_words, facts


def only_echoes(question: str, sent: str) -> bool:
    """Whether every word of what is sent stands in the question, and none of it answers "yes" or "no" to a part of it.

    "You can use it offline." answers "Can I use it offline?", in its own words; so does whatever denies.
    """
    words = frozenset(content_words(sent))
    if not words or first_word(sent) or facts(sent) - facts(question) or any(one.denied for one in clauses(sent)):
        return False
    return words <= frozenset(content_words(question)) and not _affirms(question, words)


def _affirms(question: str, words: frozenset[str]) -> bool:
    """Whether some "Do you …?" of the question holds most of the words."""
    asked = (frozenset(content_words(one)) for one in split_sentences(question) if is_yes_no_question(one))
    return any(2 * len(words & one) > len(words) for one in asked)
