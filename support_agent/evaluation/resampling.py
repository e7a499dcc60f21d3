"""Bootstrap over tickets: how far a score could move with other tickets of the same kind.

A resample is a row of counts (how often each ticket was drawn), so that every score is a weighted one and all resamples
are computed at once; two runs are compared on the same counts. Percentile interval: Efron and Tibshirani 1993, section
13.3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from support_agent.evaluation.defaults import SEED

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    # Counts of shape (resamples, tickets) → one value for each resample, NaN where it is not defined.
    Statistic = Callable[[Floats], Floats]

RESAMPLES = 2000
LEVEL = 0.95
# Fewer tickets than this say nothing of others: one ticket's resamples are all the same, its "interval" a point.
FEWEST_FOR_INTERVAL = 5
# Where a score does not apply.
NAN = float("nan")


@dataclass(frozen=True)
class Estimate:
    """A score, its interval, and the number of tickets it rests on, rounded to be the same on every machine.

    The value is None where there is nothing to rest on, the interval where there are fewer than FEWEST_FOR_INTERVAL.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int


def draw_counts(n: int, seed: int = SEED, resamples: int = RESAMPLES) -> Floats:
    """How often each of ``n`` tickets is drawn in each resample, shape ``(resamples, n)``."""
    import numpy as np

    if n == 0:
        return np.zeros((resamples, 0))
    return np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=resamples).astype(np.float64)


def estimate(statistic: Statistic, counts: Floats, n: int) -> Estimate:
    """The statistic of the tickets as they are, and its percentile interval over the resamples.

    Args:
        n: the number of tickets that the statistic rests on; there is no interval where they are too few.
    """
    import numpy as np

    value = float(statistic(np.ones((1, counts.shape[1])))[0]) if n else NAN
    low, high = interval(statistic(counts)) if n >= FEWEST_FOR_INTERVAL else (NAN, NAN)
    return Estimate(plain(value), plain(low), plain(high), n)


def interval(drawn: Floats) -> tuple[float, float]:
    """Percentile interval of resampled values; resamples in which the score is not defined are left out."""
    import numpy as np

    defined = drawn[~np.isnan(drawn)]
    if not len(defined):
        return NAN, NAN
    tail = 50 * (1 - LEVEL)
    low, high = np.percentile(defined, [tail, 100 - tail])
    return float(low), float(high)


def mean_of(values: Floats) -> Statistic:
    """The weighted mean of the values that are not NaN."""
    import numpy as np

    applies = ~np.isnan(values)
    numbers, mask = np.where(applies, values, 0.0), applies.astype(np.float64)

    def mean(counts: Floats) -> Floats:
        with np.errstate(invalid="ignore", divide="ignore"):
            means: Floats = (counts @ numbers) / (counts @ mask)
        return means

    return mean


def plain(value: float) -> float | None:
    """Six decimals, None for NaN."""
    return None if value != value else round(float(value), 6) + 0.0
