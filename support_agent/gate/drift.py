"""Watches live scores and withdraws the certificate when traffic no longer looks like the labelled rows.

Comes in: the scores of the labelled rows, then the score of each live ticket. Goes out: whether the certificate still
stands, for as long as the process runs. Knows nothing of tickets, labels or thresholds.

Each live score becomes a conformal p-value: its rank among the labelled scores and the live ones before it, ties broken
at random. While live and labelled scores are exchangeable these are independent and uniform, and a bet against that is
a fair game: its wealth reaches 1 / false_alarm with probability false_alarm at most, however long the watch (Ville's
inequality; Vovk, Gammerman and Shafer 2005, section 7.1). The bets are 1 + e · (u − ½) for several e, where u is the
p-value (scores moved up or down) or its distance from the middle (scores spread or narrowed). Each ticket t begins a
game of its own with 1 / (t · (t + 1)) of the capital, so that what the games before have lost hides no later drift; the
mixture of all games is fair too.

mapie.exchangeability_testing.OnlineMartingaleTest is not used: it needs a fitted scikit-learn estimator and a label for
each ticket, keeps every score it saw, and its import brings scikit-learn and scipy into serving.
"""

from __future__ import annotations

import logging
import math
import random
import threading
from collections.abc import Sequence

# Scores are counted in this many equal bins of 0–1: memory stays the same for ever, and a rank is one short sum.
BINS = 1000
# Stakes: the sign says which way the scores are thought to have moved, the size how far.
MOVED = (-1.8, -0.9, -0.4, 0.4, 0.9, 1.8)
SPREAD = (-1.2, 1.2)

_logger = logging.getLogger(__name__)


class DriftWatch:
    """Feed it every live score; ``withdrawn`` turns true once, and stays so.

    Args:
        reference_scores: out-of-fold scores of the labelled rows, 0–1.
        false_alarm: highest probability of ever withdrawing while traffic looks like the labelled rows.
        seed: of the random order among equal scores.
    """

    def __init__(self, reference_scores: Sequence[float], false_alarm: float = 0.001, *, seed: int = 0) -> None:
        self._false_alarm = false_alarm
        self._counts = [0] * BINS
        for score in reference_scores:
            self._counts[_bin(score)] += 1
        self._known = len(reference_scores)
        self._reference_mean = math.fsum(reference_scores) / max(1, len(reference_scores))
        self._wealth = [0.0] * (len(MOVED) + len(SPREAD))
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._seen, self._sum, self._withdrawn = 0, 0.0, False

    @property
    def withdrawn(self) -> bool:
        """Whether the certificate no longer stands."""
        return self._withdrawn

    def see(self, score: float) -> None:
        """Take in the score of one live ticket; one that is not a number counts as 0, the least sure."""
        with self._lock:
            if self._withdrawn:
                return
            self._seen += 1
            self._sum += max(0.0, min(1.0, score)) if math.isfinite(score) else 0.0
            self._bet(self._p_value(_bin(score)))
            unspent = 1 / (self._seen + 1)
            self._withdrawn = sum(self._wealth) + unspent >= 1 / self._false_alarm
        if self._withdrawn:
            _logger.warning("%s", self.in_words())

    def in_words(self) -> str:
        """One sentence for the log, the CLI or the page."""
        with self._lock:
            live = self._sum / max(1, self._seen)
        if not self._withdrawn:
            return f"Traffic looks like the labelled tickets so far ({self._seen:,} seen)."
        return (
            f"The certificate was withdrawn after {self._seen:,} tickets: their scores (mean {live:.2f}) no longer "
            f"look like those of the labelled ones (mean {self._reference_mean:.2f}). Label recent answers and run "
            "`support-agent calibrate`."
        )

    def _p_value(self, place: int) -> float:
        """Rank of a score among all known ones and itself, 0–1 (low = lower than most); then it is known too."""
        below, equal = sum(self._counts[:place]), self._counts[place] + 1
        self._counts[place] += 1
        self._known += 1
        return (below + self._random.random() * equal) / self._known

    def _bet(self, p_value: float) -> None:
        dealt = 1 / (self._seen * (self._seen + 1)) / len(self._wealth)
        moved, spread = p_value - 0.5, abs(2 * p_value - 1) - 0.5
        gains = [*(1 + stake * moved for stake in MOVED), *(1 + stake * spread for stake in SPREAD)]
        self._wealth = [(own + dealt) * gain for own, gain in zip(self._wealth, gains, strict=True)]


def _bin(score: float) -> int:
    if not math.isfinite(score):
        return 0
    return min(BINS - 1, int(max(0.0, min(1.0, score)) * BINS))
