"""Passages → topics, so that a promise can be looked at for each: k-means over their vectors, named by their own words.

A topic is only for the table that a person reads; nothing is decided by it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from support_agent.records import Passage
from support_agent.wording import content_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_TOPICS = 8
_NAME_WORDS = 3
_ROWS_A_TOPIC = 40


def topics(passages: Sequence[Passage], vectors: NDArray[np.float32], *, seed: int = 0) -> dict[str, str]:
    """Passage id → name of its topic, such as "api, key, token"; at most eight of them, fewer for a small index."""
    from sklearn.cluster import KMeans

    count = max(1, min(_TOPICS, len(passages) // _ROWS_A_TOPIC))
    of_passage = KMeans(count, n_init=4, random_state=seed).fit_predict(vectors).tolist()
    names = _names(passages, of_passage, count)
    return {passage.passage_id: names[topic] for passage, topic in zip(passages, of_passage, strict=True)}


def _names(passages: Sequence[Passage], of_passage: Sequence[int], count: int) -> list[str]:
    """The words that stand in more of a topic's titles than elsewhere."""
    inside: list[Counter[str]] = [Counter() for _ in range(count)]
    for passage, topic in zip(passages, of_passage, strict=True):
        inside[topic].update(set(content_words(passage.title)))
    sizes = Counter(of_passage)
    whole = sum(inside, Counter[str]())
    written = _as_written(passage.title for passage in passages)
    names = []
    for topic in range(count):
        excess = {
            word: found / sizes[topic] - (whole[word] - found) / max(1, len(passages) - sizes[topic])
            for word, found in inside[topic].items()
        }
        best = sorted(excess, key=lambda word, excess=excess: (-excess[word], word))  # type: ignore[misc]
        names.append(", ".join(written.get(stem, stem) for stem in best[:_NAME_WORDS]) or f"topic {topic}")
    return names


def _as_written(titles: Iterable[str]) -> dict[str, str]:
    """Stem → the commonest of the words it stands for."""
    words: dict[str, Counter[str]] = {}
    for word in re.findall(r"\w+", " ".join(titles).lower()):
        for stem in content_words(word):
            words.setdefault(stem, Counter())[word if len(word) > 1 else stem] += 1
    return {stem: min(found, key=lambda word: (-found[word], word)) for stem, found in words.items()}
