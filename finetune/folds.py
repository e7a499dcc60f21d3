"""Rows → parts by near-duplicate cluster, so that each row can be drafted by an adapter that has not seen it.

Comes in: rows and a number of folds. Goes out: the rows of each fold. Knows no recipe and no training.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from support_agent.clusters import clusters
from support_agent.records import Passage


def split_folds(rows: Sequence[Passage], folds: int, seed: int) -> list[list[Passage]]:
    """Part rows into ``folds`` of about the same size; rows that ask nearly the same stand in one fold."""
    groups = clusters([row.title for row in rows])
    random.Random(seed).shuffle(groups)
    groups.sort(key=len, reverse=True)  # stable: the large ones first, so that the folds come out even
    parts: list[list[int]] = [[] for _ in range(folds)]
    for group in groups:
        min(parts, key=len).extend(group)
    return [[rows[number] for number in sorted(part)] for part in parts]
