"""Typing errors in the text that a ticket is searched with, put right by the index's own words and a list of English.

"cant conect to the databse" should find what "can't connect to the database" finds. Only plain words that neither the
index nor the list knows are touched; identifiers, numbers, code, names and other languages stay as they are. What the
customer wrote stays beside, and is what every other signal reads.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, cached_property
from typing import TYPE_CHECKING

from support_agent.records import Passage, Signal, Triage

if TYPE_CHECKING:
    from symspellpy import SymSpell

# The list's 82,765 words are all known; what a wrong one may mean are those used so often, its first 22,000.
_COMMON, _LISTED = 1_000_000, 541_808_760_578
_LIST = "frequency_dictionary_en_82_765.txt"
# One letter swapped with its neighbour, left out, doubled or wrong. Two wrong ones are another word too often.
_DISTANCE = 1
# A shorter word has too many neighbours.
_SHORTEST = 4
# An error in the order or the doubling of letters is so much likelier than another.
_LIKELIER = 5.0
# Code in backticks is skipped whole. A word counts where nothing but punctuation stands around it, and with a capital
# only as the first of all: elsewhere it may be a name.
_CODE_OR_WORD = re.compile(
    r"```.*?(?:```|\Z)|`[^`\n]++`|(?:\A(?P<first>[A-Z][a-z]++)|(?<!\S)[(\[\"'“‘]{0,2}(?P<word>[a-z]++))"
    r"(?=[)\]\"'”’.,;:!?…]{0,4}(?!\S))",
    re.DOTALL,
)
_PLAIN_WORD = re.compile(r"[a-z]+(?:['’][a-z]+)?")
_ENDING = re.compile(r"(?:s|(?<!e)(?:ing|ed|er)s?|(?<=e)[dr])\Z")
_DOUBLED = re.compile(r"(.)\1")
_CONTRACTIONS = frozenset(
    "aint arent cant couldnt didnt doesnt dont hadnt hasnt havent isnt shouldnt theyre thats theres wasnt werent whats "
    "whos wont wouldnt youll youre youve ive".split()
)


class Spelling:
    """Knows the words of one index, its product's names and English; reads them with the first ticket."""

    def __init__(self, passages: Sequence[Passage], names: Sequence[str] = ()) -> None:
        self._passages = passages
        self._names = frozenset(names) | _CONTRACTIONS

    def corrected(self, triage: Triage) -> Triage:
        """The triage with its search text put right, and a signal that says how many words were changed.

        Only English is put right: of other languages' words there is no list.
        """
        english = triage.language in ("en", "und")
        text, changed = self.correct(triage.search_text) if english else (triage.search_text, 0)
        signal = Signal("spelling_corrections", float(changed), None, False)
        return replace(triage, search_text=text, signals=(*triage.signals, signal))

    def correct(self, text: str) -> tuple[str, int]:
        """The text with its typing errors put right, and how many words were changed.

        What is written twice is meant so.
        """
        written = Counter(word for match in _CODE_OR_WORD.finditer(text) if (word := _word_of(match)))
        meant = {word: found for word, times in written.items() if times == 1 and (found := self._meant(word)) != word}
        return _CODE_OR_WORD.sub(lambda match: _put(match, meant), text), len(meant)

    def _meant(self, written: str) -> str:
        word = written.lower()
        if len(word) < _SHORTEST or any(map(self._is_known, _forms(word))):
            return written
        # With a capital it may be a name after all, unless the index has the word.
        found = _near(self._own, word) + (_near(_english(), word) if word == written else [])
        best = max(sorted(found), key=lambda one: self._share(one) * _likelihood(word, one), default=word)
        if not _starts_alike(word, best):
            return written
        return best if word == written else best.capitalize()

    def _is_known(self, word: str) -> bool:
        lists = (self._names, self._counts, _english().words, _english().below_threshold_words)
        return any(word in one for one in lists)

    def _share(self, word: str) -> float:
        """How often the word is used, by the index and by English alike."""
        listed: int = _english().words.get(word, 0)
        return self._counts[word] / self._total + listed / _LISTED

    @cached_property
    def _counts(self) -> Counter[str]:
        counts: Counter[str] = Counter()
        for passage in self._passages:
            counts.update(_PLAIN_WORD.findall(f"{passage.title}\n{passage.text}".casefold()))
        return counts

    @cached_property
    def _total(self) -> int:
        return max(1, self._counts.total())

    @cached_property
    def _own(self) -> SymSpell:
        """The index's words, without those that may be typing errors of its own."""
        from symspellpy import SymSpell

        own = SymSpell(_DISTANCE)
        for word, times in self._counts.items():
            if times > 1 or word in _english().words:
                own.create_dictionary_entry(word, times)
        return own


@cache
def _english() -> SymSpell:
    from importlib.resources import as_file, files

    from symspellpy import SymSpell

    english = SymSpell(_DISTANCE, count_threshold=_COMMON)
    with as_file(files("symspellpy") / _LIST) as path:
        english.load_dictionary(path, 0, 1, encoding="utf-8-sig")
    return english


def _near(words: SymSpell, word: str) -> list[str]:
    from symspellpy import Verbosity

    return [one.term for one in words.lookup(word, Verbosity.CLOSEST, _DISTANCE)]


def _forms(word: str) -> Iterator[str]:
    """The word, and without an ending: "tokenizes" is known where "tokenize" is."""
    yield word
    yield _ENDING.sub("", word)


def _starts_alike(word: str, other: str) -> bool:
    """Whether the first letter is the same, or swapped with the second: few mistype the first."""
    return word[0] == other[0] or word[:2] == other[1::-1]


def _likelihood(word: str, other: str) -> float:
    """How much likelier than others an error in the order or the doubling of letters is."""
    same = sorted(word) == sorted(other) or _DOUBLED.sub(r"\1", word) == _DOUBLED.sub(r"\1", other)
    return _LIKELIER if same else 1.0


def _word_of(match: re.Match[str]) -> str | None:
    return match["word"] or match["first"]


def _put(match: re.Match[str], meant: Mapping[str, str]) -> str:
    word = _word_of(match)
    return match.group()[: -len(word)] + meant[word] if word and word in meant else match.group()
