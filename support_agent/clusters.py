"""Questions → groups that ask nearly the same.

Whatever is fitted on some questions and tried on others must not have one of a group on each side. Knows words alone.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from support_agent.wording import content_words

# Two questions belong together when they share this part of their content words (Jaccard): rows of lamini_docs that
# ask the same thing in other words would otherwise stand on both sides of a split.
SAME_QUESTION = 0.6


def clusters(questions: Sequence[str]) -> list[list[int]]:
    """Numbers of the questions, grouped: each shares most of its content words with another of its group."""
    words = [frozenset(content_words(question)) for question in questions]
    frequency = Counter(word for one in words for word in one)
    group_of = list(range(len(questions)))

    def first_of(number: int) -> int:
        while group_of[number] != number:
            group_of[number] = number = group_of[group_of[number]]
        return number

    asked_with: dict[str, list[int]] = {}
    for one, mine in enumerate(words):
        # Two sets this alike share one of the first's rarest words (prefix filter, Chaudhuri et al. 2006).
        rarest = sorted(mine, key=lambda word: (frequency[word], word))
        rarest = rarest[: len(mine) - math.ceil(SAME_QUESTION * len(mine)) + 1]
        for other in {number for word in rarest for number in asked_with.get(word, ())}:
            if len(mine & words[other]) >= SAME_QUESTION * len(mine | words[other]):
                group_of[first_of(one)] = first_of(other)
        for word in rarest:
            asked_with.setdefault(word, []).append(one)
    groups: dict[int, list[int]] = {}
    for number in range(len(questions)):
        groups.setdefault(first_of(number), []).append(number)
    return list(groups.values())


def group_numbers(questions: Sequence[str]) -> list[int]:
    """For each question the number of its group."""
    number_of = {place: number for number, group in enumerate(clusters(questions)) for place in group}
    return [number_of[place] for place in range(len(questions))]
