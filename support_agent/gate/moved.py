"""Does a sentence tell of one thing what the passage tells of another? Only words decide.

"The battery has 24 months", where the device has them and the battery 12; "CSV and PDF", where PDF is what is denied.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from support_agent.gate.polarity import Clause, clauses
from support_agent.sentences import split_sentences
from support_agent.wording import content_words

_CLAUSE_ENDS = re.compile(r"[;\n]|,\s|\s(?:and|but|while|whereas|und|aber|y|pero|et|mais)\s", re.IGNORECASE)
# A number and what it counts; a number inside a name, a version, a link counts nothing.
_COUNTED = re.compile(r"(?<![\w.,:/@#-])([$€£]?)(\d+(?:[.,]\d+)*)(%?)[\s-]?([^\W\d_]*)(?![\w@])")
# So many numbers of a text are looked at.
_MOST = 100
_AND = r"(?:and|or|plus|as well as|und|oder|y|o|et|ou)\b"
# What stands behind "and" or a comma, up to two words of it.
_LISTED = re.compile(rf"(?:,|/|\b{_AND})\s*((?:(?!{_AND})[\w.+#-]+\s+(?!{_AND}))?(?!{_AND})[\w.+#-]+)", re.IGNORECASE)
_NOT_THESE = re.compile(
    r"\b(?:except|excluding|instead|rather|avoid\w*|apart|but not|unless|außer|salvo|sauf)\b", re.IGNORECASE
)


@dataclass(frozen=True)
class _Count:
    """A number, what it counts ("$", "%" or a stem), and the other content words of its clause."""

    number: str
    unit: str
    words: frozenset[str]


def moves_number(sentence: str, text: str) -> bool:
    """Whether a number is told of something of which the text tells another number of the same unit.

    Of the two clauses of the text the sentence then has all that only the other one says, and not all that only the
    number's own one says. A sentence with several numbers of a unit is not looked at.
    """
    ours, known = list(_counts(sentence)), list(_counts(text))
    for one in ours:
        if len({other.number for other in ours if other.unit == one.unit}) > 1:
            continue
        same = [other for other in known if other.unit == one.unit]
        beside = [other.words for other in same if other.number == one.number]
        apart = [other.words for other in same if other.number != one.number]
        if beside and any(all(_is_of(one.words, there, here) for here in beside) for there in apart):
            return True
    return False


def _is_of(words: frozenset[str], there: frozenset[str], here: frozenset[str]) -> bool:
    """Whether words speak of one clause and not of another, by what only one of these says."""
    return bool(there - here) and there - here <= words and not here - there <= words


def _counts(text: str) -> Iterator[_Count]:
    clauses_of = (clause for sentence in split_sentences(text) for clause in _CLAUSE_ENDS.split(sentence))
    return islice((count for clause in clauses_of for count in _counts_of(clause)), _MOST)


def _counts_of(clause: str) -> Iterator[_Count]:
    words = frozenset(content_words(_COUNTED.sub(" ", clause)))
    for sign, number, percent, word in _COUNTED.findall(clause):
        if unit := sign or percent or next(iter(content_words(word)), ""):
            yield _Count(number, unit, words)


def joins_denied(sentence: str, text: str) -> bool:
    """Whether it says again what a clause of the text affirms, and lists with it what only denying clauses hold."""
    if _NOT_THESE.search(sentence):
        return False
    known = clauses(text)
    allowed = frozenset(word for one in known if not one.denied and not one.unknown for word in one.words)
    refused = frozenset(word for one in known if one.denied for word in one.words) - allowed
    listed = [frozenset(content_words(found)) for found in _LISTED.findall(sentence)]
    denied = [thing for thing in listed if thing and thing <= refused]
    return any(
        _says_again(clause.words, thing, known) for thing in denied for clause in clauses(sentence) if not clause.denied
    )


def _says_again(words: frozenset[str], thing: frozenset[str], known: Sequence[Clause]) -> bool:
    """Whether a clause with the thing has half of its words from one that denies nothing."""
    best = max(known, key=lambda one: len(one.words & words), default=None)
    return best is not None and thing <= words and not best.denied and 2 * len(best.words & words) >= len(words)
