"""Does the question leave open which of several answers is meant? Such a ticket is asked back, once. Costs no model."""

from __future__ import annotations

import re

from support_agent.gate.entities import names_another
from support_agent.gate.given import Found
from support_agent.records import Passage, Signal
from support_agent.wording import content_words

# A question this short may mean either of two near passages with different answers.
SHORT_WORDS = 2
# Two passages are near each other when their cosines differ by less than this share of the index's scale.
_CLOSE_SHARE = 0.1
# So much of what the titles share must stand in the question.
_REST_ASKED = 0.5
# "E1205", "3.0": one title that holds it is what is meant.
_IDENTIFIER = re.compile(r"(?=[\w.-]*\d)\w[\w.-]*\w")


def ambiguous_words(found: Found) -> Signal:
    """How many content words the question has, where two near passages answer it differently.

    Fires at two or fewer, unless the question is the very title of a passage or holds an identifier of one alone.
    """
    words = set(content_words(found.text))
    titled = any(words == set(content_words(passage.title)) for passage in found.passages)
    close = len(found.passages) > 1 and found.passages[0].lead < _CLOSE_SHARE * found.nearness.step
    ambiguous = len(words) <= SHORT_WORDS and close and not titled and not _is_identified(found)
    return Signal("ambiguous_words", float(len(words)), float(SHORT_WORDS), ambiguous)


def open_choices(found: Found) -> Signal:
    """How many of the passages differ from the first in one name or number only, where the question names none of them.

    "What is the maximum upload size?" where one title ends in "Acme 1.0" and the next in "Acme 2.0".
    """
    count = sum(_is_open(found.text, found.passages[0], other) for other in found.passages[1:])
    return Signal("open_choices", float(count), 1.0, count >= 1)


def _is_identified(found: Found) -> bool:
    """Whether the question holds an identifier that the first title alone holds too."""
    held = [{one.casefold() for one in _IDENTIFIER.findall(passage.title)} for passage in found.passages]
    asked = {one.casefold() for one in _IDENTIFIER.findall(found.text)}
    return any(one in held[0] and not any(one in other for other in held[1:]) for one in asked)


def _is_open(question: str, first: Passage, other: Passage) -> bool:
    """Whether the titles differ in one name or number, and the question, which has the rest, leaves that open."""
    ours, theirs = _difference(first.title, other.title)
    if not (ours and theirs) or not _is_choice(ours, theirs) or first.text == other.text:
        return False
    asked, rest = set(content_words(question)), set(content_words(first.title)) - set(content_words(ours))
    if not rest or len(rest & asked) < _REST_ASKED * len(rest):
        return False
    return not asked & set(content_words(f"{ours} {theirs}")) and not names_another(question, first.title, ours)


def _difference(one: str, other: str) -> tuple[str, str]:
    """What stands between the words that both titles begin and end with."""
    ours, theirs = one.split(), other.split()
    start = _shared(ours, theirs)
    end = _shared(ours[start:][::-1], theirs[start:][::-1])
    return " ".join(ours[start : len(ours) - end]), " ".join(theirs[start : len(theirs) - end])


def _shared(one: list[str], other: list[str]) -> int:
    pairs = zip(one, other, strict=False)
    return next((at for at, (ours, theirs) in enumerate(pairs) if ours != theirs), min(len(one), len(other)))


def _is_choice(one: str, other: str) -> bool:
    """Whether both are a name or a number of three words or fewer: of one kind, by their capitals and digits."""
    return all(
        len(words.split()) <= 3 and (words[0].isupper() or any(map(str.isdigit, words))) for words in (one, other)
    )
