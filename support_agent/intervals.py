"""How far a rate of so many cases may lie from the true one."""

from __future__ import annotations

import math

_Z95 = 1.959964


def clopper_pearson(count: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Exact two-sided interval of the rate ``count / n`` (Clopper and Pearson 1934); 0 to 1 where ``n`` is 0."""
    tail = (1 - level) / 2
    return 1 - upper_bound(n - count, n, tail), upper_bound(count, n, tail)


def upper_bound(count: int, n: int, delta: float) -> float:
    """Exact one-sided upper bound of the rate ``count / n``, at level 1 − delta (Clopper and Pearson 1934)."""
    from scipy.stats import beta

    return 1.0 if count == n else float(beta.ppf(1 - delta, count + 1, n - count))


def wilson(count: float, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of the rate ``count / n`` (Wilson 1927; Brown, Cai and DasGupta 2001, eq. 4)."""
    rate, z2 = count / n, _Z95**2
    middle = (rate + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z95 / (1 + z2 / n) * math.sqrt(rate * (1 - rate) / n + z2 / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)
