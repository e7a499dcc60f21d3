"""Does a sentence tell of one thing what the passage tells of another? Only words decide.

"The battery has 24 months", where the device has them and the battery 12; "CSV and PDF", where PDF is what is denied.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from support_agent.gate.polarity import clauses
from support_agent.sentences import split_sentences
from support_agent.wording import content_words

_CLAUSE_ENDS = re.compile(r"[;|\n]|,\s|\s(?:and|but|while|whereas|und|aber|y|pero|et|mais)\s", re.IGNORECASE)
# A number and what it counts; a number inside a name, a version, a link counts nothing.
_COUNTED = re.compile(r"(?<![\w.,:/@#-])([$€£]?)(\d+(?:[.,]\d+)*)(%?)[\s-]?([^\W\d_]*)(?![\w@/])")

# What stands behind "and" or a comma, up to two words of it.
_LISTED = re.compile(
    r"(?:,|/|\b(?:and|or|plus|as well as|und|oder|y|o|et|ou)\b)\s*((?:[\w.+#-]+\s+)?[\w.+#-]+)", re.IGNORECASE
)


@dataclass(frozen=True)
class _Count:
    """A number, what it counts ("$", "%" or a stem), and the other content words of its clause."""

    number: str
    unit: str
    words: frozenset[str]


def moves_number(sentence: str, text: str) -> bool:
    """Whether a number is told of something of which the text tells another number of the same unit.

    Only where nothing that the sentence says of it stands beside that number in the text alone.
    """
    known = list(_counts(text))
    for ours in _counts(sentence):
        same = [one for one in known if one.unit == ours.unit]
        beside = [ours.words & one.words for one in same if one.number == ours.number]
        others = [ours.words & one.words for one in same if one.number != ours.number]
        if beside and any(all(here < there for here in beside) for there in others):
            return True
    return False


def _counts(text: str) -> Iterator[_Count]:
    for sentence in split_sentences(text):
        for clause in _CLAUSE_ENDS.split(sentence):
            found = list(_COUNTED.finditer(clause))
            words = frozenset(content_words(_COUNTED.sub(" ", clause)))
            for sign, number, percent, word in (one.groups() for one in found):
                unit = sign or percent or next(iter(content_words(word)), "")
                if unit:
                    yield _Count(number, unit, words)


def joins_denied(sentence: str, text: str) -> bool:
    """Whether it says again what a clause of the text affirms, and lists with it a word that only denying ones hold."""
    listed = frozenset(word for found in _LISTED.findall(sentence) for word in content_words(found))
    known = clauses(text)
    allowed = frozenset(word for one in known if not one.denied and not one.unknown for word in one.words)
    refused = listed & frozenset(word for one in known if one.denied for word in one.words) - allowed
    for clause in clauses(sentence):
        best = max(known, key=lambda one: len(one.words & clause.words), default=None)
        again = best and 2 * len(best.words & clause.words) >= len(clause.words)
        if best and again and not best.denied and not clause.denied and clause.words & refused:
            return True
    return False
