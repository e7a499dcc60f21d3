"""Learn then Test: which thresholds keep an error rate, and how many labels it would take.

Each threshold is a hypothesis "more than max_error of the answered are wrong" with an exact binomial p-value. They are
tested in two sequences fixed beforehand, from the strictest and from the middle on to looser ones, each at half delta
and up to its first that is not rejected (fixed-sequence testing, Angelopoulos et al. 2021, arXiv 2110.01052, 3.3).
"""

from __future__ import annotations

import math
from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Thresholds tried, at even steps of coverage. Each is one more chance to stop too early; fewer leave coverage unused.
# 20, 40 and 80 gave coverage 0.458, 0.467 and 0.472 at 1,200 simulated labels, 0.120, 0.137 and 0.141 at 300.
STEPS = 40
# The first threshold tested may have this many wrong answers and still pass. With 0, one wrong answer among the surest
# 29 (for 10 % at 95 %) ends the sequence: no threshold in 10 % of calibrations with 1,200 labels, against 2 % with 2
# and 0.7 % with 4; with 300 labels 4 leave 85 % without a threshold and 2 leave 65 %.
SPARE_ERRORS = 2
# Where the surest answers are no surer than the next (a flat start), the strictest threshold fails on too few rows: a
# second sequence begins at this coverage, and each has half of delta.
SECOND_START = 0.4
SEQUENCES = 2
# Chance of success that `labels_needed` plans for: 80 % of a normal distribution lies below 0.84.
POWER_SD = 0.84
# Nobody collects more labels than this; beyond it the answer is None.
MOST_LABELS = 10_000_000


def grid_of(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Thresholds at even steps of coverage, strictest first. They rest on the scores alone, never on a label."""
    import numpy as np

    descending = np.sort(scores)[::-1]
    counts = np.unique(np.linspace(0, len(scores), STEPS + 1).round().astype(int)[1:])
    return np.unique(descending[counts[counts > 0] - 1])[::-1]


def counts_at(
    scores: NDArray[np.float64], correct: NDArray[np.bool_], grid: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How many rows each threshold answers, and how many of those are wrong; ties stand on one side together."""
    import numpy as np

    every, false = np.sort(scores), np.sort(scores[~correct])
    return len(every) - np.searchsorted(every, grid, "left"), len(false) - np.searchsorted(false, grid, "left")


def first_count(max_error: float, delta: float) -> int:
    """Fewest answered rows that pass with SPARE_ERRORS wrong ones, at the share of ``delta`` that a sequence has."""
    from scipy.stats import binom

    level = delta / SEQUENCES
    count = math.ceil(math.log(level) / math.log1p(-max_error))
    while binom.cdf(SPARE_ERRORS, count, max_error) > level:
        count += 1 + count // 100
    return count


def lowest_valid(
    scores: NDArray[np.float64],
    correct: NDArray[np.bool_],
    grid: NDArray[np.float64],
    max_error: float,
    delta: float,
) -> float | None:
    """The lowest threshold of ``grid`` (strictest first, each answering some row) that keeps ``max_error``, or None.

    From each start on to looser thresholds, up to the first at which the exact binomial test does not say so.
    """
    import numpy as np
    from scipy.stats import binom

    answered, wrong = counts_at(scores, correct, grid)
    # P(at most so many wrong of the answered), were exactly max_error of them wrong: the hypothesis' p-value.
    rejected = binom.cdf(wrong, answered, max_error) <= delta / SEQUENCES
    starts = sorted({0, int(np.searchsorted(answered, SECOND_START * len(scores)))} - {len(grid)})
    valid = [place for start in starts for place in takewhile(lambda place: rejected[place], range(start, len(grid)))]
    return float(min(grid[valid])) if valid else None


def labels_needed(
    rates: NDArray[np.float64], coverages: NDArray[np.float64], max_error: float, delta: float
) -> int | None:
    """Fewest independent labels with which one of the thresholds would be certified, in about 80 % of cases.

    Args:
        rates: error rate at each threshold, smoothed; coverages: share of labels that it answers.

    Returns:
        None when no rate is below ``max_error``, or it would take more than MOST_LABELS.
    """
    pairs = zip(rates.tolist(), coverages.tolist(), strict=True)
    level = delta / SEQUENCES
    needed = [math.ceil(_answers_needed(rate, max_error, level) / cover) for rate, cover in pairs if rate < max_error]
    return min((count for count in needed if count <= MOST_LABELS), default=None)


def _answers_needed(rate: float, max_error: float, delta: float) -> int:
    """Fewest answered labels at which an error rate of ``rate`` is certified to be below ``max_error``."""
    from scipy.special import betainc

    def passes(count: int) -> bool:
        wrong = min(count - 1.0, rate * count + POWER_SD * math.sqrt(rate * (1 - rate) * count))
        # P(Binomial(count, max_error) ≤ wrong), continued between whole numbers.
        return bool(betainc(count - wrong, wrong + 1, 1 - max_error) <= delta)

    low, high = 0, 1
    while not passes(high):
        low, high = high, high * 2
        if high > MOST_LABELS:
            return MOST_LABELS + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if passes(middle) else (middle, high)
    return high
