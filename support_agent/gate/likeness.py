"""Ticket and passages → does one of them answer this very question, or only one like it?

Low means less sure, in every one. Costs one call of the embedder for the titles that it has not met lately. All are
reported, for the combiner; none decides alone.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from support_agent.records import Passage, Signal
from support_agent.wording import content_words

if TYPE_CHECKING:
    from support_agent.retrieval.embedders import Embedder


class Likeness:
    """Compares tickets with passages of one index; knows how rare each word is there. Threads may share it."""

    def __init__(self, embedder: Embedder, passages: Sequence[Passage]) -> None:
        self._embedder = embedder
        self._passages = len(passages)
        self._holding = Counter(word for passage in passages for word in _words(passage))

    def signals(self, text: str, passages: Sequence[Passage]) -> tuple[Signal, ...]:
        """What the passages lack of the question, and the question of their titles, each 0–1 or a cosine.

        - ``title_likeness``: cosine of the ticket with the likest title.
        - ``rare_words_covered``: share of the ticket's content words that the passages hold, a rare word counting for
          more (inverse document frequency, Spärck Jones 1972): "video" says more than "generate".
        - ``title_words_asked``: the same share of a title's words that the ticket holds, for the best title.
        """
        asked = frozenset(content_words(text))
        held = frozenset(word for passage in passages for word in _words(passage))
        titles = [frozenset(content_words(passage.title)) for passage in passages]
        vectors = self._embedder.encode([text, *(passage.title for passage in passages)])
        values = {
            "title_likeness": max((float(vectors[0] @ title) for title in vectors[1:]), default=0.0),
            "rare_words_covered": self._share(asked, held),
            "title_words_asked": max((self._share(title, asked) for title in titles), default=0.0),
        }
        return tuple(Signal(name, round(value, 4), None, False) for name, value in values.items())

    def _share(self, words: Iterable[str], held: Collection[str]) -> float:
        """How much of the words' weight is held; 1 where there are no words."""
        weights = {word: math.log((self._passages + 1) / (self._holding[word] + 0.5)) for word in words}
        whole = math.fsum(weights.values())
        return math.fsum(weight for word, weight in weights.items() if word in held) / whole if whole else 1.0


def _words(passage: Passage) -> frozenset[str]:
    return frozenset(content_words(f"{passage.title} {passage.text}"))
