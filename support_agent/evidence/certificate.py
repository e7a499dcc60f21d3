"""Scores and labels → the threshold above which answers keep a promise: "at most this share of them is wrong".

The threshold is found by Learn then Test (learn_then_test.py): with probability 1 − delta over the draw of the labels
the promise holds for tickets like the labelled ones. tests/benchmarks/certificate_simulation.py tries that.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from support_agent.errors import CalibrationError
from support_agent.evidence.learn_then_test import (
    counts_at,
    first_count,
    grid_of,
    labels_needed,
    lowest_valid,
)
from support_agent.intervals import upper_bound


@dataclass(frozen=True)
class Certificate:
    """The promise and what it rests on. Rates are 0–1.

    ``threshold`` is None when no threshold keeps the promise; then ``answered``, ``wrong`` and ``coverage`` are 0 and
    ``labels_needed`` says about how many labels would do (80 % chance), or None when no error rate seen is low enough.
    ``answered``, ``wrong``, and ``coverage`` count one row of each near-duplicate group, of which there are
    ``independent``. ``upper`` is the one-sided Clopper–Pearson bound of the risk at level 1 − delta. ``best_rate`` is
    the lowest error rate of any threshold, (wrong + 1) / (answered + 2).
    """

    max_error: float
    delta: float
    labels: int
    independent: int
    best_rate: float
    threshold: float | None = None
    answered: int = 0
    wrong: int = 0
    coverage: float = 0.0
    upper: float | None = None
    labels_needed: int | None = None

    def __post_init__(self) -> None:
        rates = (self.max_error, self.delta, self.coverage, self.threshold or 0.0, self.upper or 0.0)
        if not all(0 <= rate <= 1 for rate in rates) or not 0 <= self.wrong <= self.answered <= self.independent:
            raise CalibrationError("A certificate holds numbers that cannot be: run `support-agent calibrate` again.")

    def in_words(self) -> str:
        """What is promised and what it rests on, or why nothing can be promised."""
        promise = f"at most {_percent(self.max_error)} of the answers wrong, with {_percent(1 - self.delta)} confidence"
        if self.threshold is None or self.upper is None:
            few = (
                f"No threshold keeps this promise with this many labels ({self.independent:,} independent): {promise}."
            )
            return f"{few} {self._what_it_would_take()}"
        return (
            f"While tickets look like the labelled ones: {promise}. Of {self.independent:,} independent labels "
            f"{self.answered:,} ({_percent(self.coverage)}) are answered at threshold {self.threshold:.3f}, "
            f"{self.wrong:,} of them wrongly (upper bound {_percent(self.upper)})."
        )

    def _what_it_would_take(self) -> str:
        fewest = first_count(self.max_error, self.delta)
        if self.labels_needed is not None:
            return f"If the error rates seen hold, about {self.labels_needed:,} labels would do."
        if self.independent < fewest:
            return f"It takes {fewest:,} at the very least; there are too few labels to say how many more."
        if self.best_rate < self.max_error:
            return (
                "The surest answers are wrong more often than some that are less sure, so that more labels alone may "
                "not help: read what is wrong among them."
            )
        return (
            f"The lowest error rate at any threshold is about {_percent(self.best_rate)}, so more labels alone may not "
            "help: the answers must get better, or the promise weaker."
        )


def certify(
    scores: Sequence[float],
    right: Sequence[bool],
    groups: Sequence[int],
    *,
    max_error: float,
    delta: float,
    seed: int = 0,
) -> Certificate:
    """Find the lowest threshold at which the share of wrong answers is at most ``max_error``, with 1 − ``delta``.

    Args:
        scores: one for each row, 0–1, high = surer; made without the row's own label (``combiner.cross_fit``).
        right: whether the row's answer was right.
        groups: rows with the same number are near-duplicates; one of each group counts, drawn by ``seed``, since copies
            of one label are no further evidence. The promise is then about tickets drawn as the groups are.

    Raises:
        CalibrationError: no rows, columns of different length, or a score outside 0–1.
    """
    import numpy as np

    _check(scores, right, groups)
    chosen = one_of_each(groups, seed)
    kept = np.array([scores[row] for row in chosen], dtype=np.float64)
    correct = np.array([bool(right[row]) for row in chosen])
    grid = grid_of(kept)
    grid = grid[grid > 0]  # a score of 0 is never answered
    answered, wrong = counts_at(kept, correct, grid)
    enough = answered >= first_count(max_error, delta)
    threshold = lowest_valid(kept, correct, grid[enough], max_error, delta)
    coverages, rates = answered / len(chosen), (wrong + 1) / (answered + 2)
    nothing = Certificate(
        max_error=max_error,
        delta=delta,
        labels=len(scores),
        independent=len(chosen),
        best_rate=round(float(rates.min(initial=1.0)), 6),
    )
    if threshold is None:
        needed = labels_needed(rates, coverages, max_error, delta)
        if needed is None or needed <= len(chosen):
            return nothing
        return replace(nothing, labels_needed=math.ceil(needed * len(scores) / len(chosen)))
    at = grid.tolist().index(threshold)
    return replace(
        nothing,
        threshold=threshold,
        answered=int(answered[at]),
        wrong=int(wrong[at]),
        coverage=round(float(coverages[at]), 6),
        upper=round(upper_bound(int(wrong[at]), int(answered[at]), delta), 6),
    )


def one_of_each(groups: Sequence[int], seed: int) -> list[int]:
    """Places of one row of each group, drawn by ``seed``, in order."""
    order = list(range(len(groups)))
    random.Random(seed).shuffle(order)
    return sorted({groups[row]: row for row in order}.values())


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _check(scores: Sequence[float], right: Sequence[bool], groups: Sequence[int]) -> None:
    if not len(scores) == len(right) == len(groups) or not scores:
        raise CalibrationError(
            f"A certificate needs a score, a label and a group for each row; there are {len(scores)}, {len(right)} and "
            f"{len(groups)}."
        )
    if not all(0 <= score <= 1 for score in scores):
        raise CalibrationError("A certificate needs scores between 0 and 1: make them with `combiner.cross_fit`.")
