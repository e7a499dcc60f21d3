"""Watches live scores and withdraws the certificate when traffic looks worse than the labelled rows.

Each live score becomes a conformal p-value: its rank among the labelled scores and the live ones before it, ties broken
at random. While live and labelled scores are exchangeable these are independent and uniform, and a bet against that is
a fair game: its wealth reaches 1 / false_alarm with probability false_alarm at most, however long the watch (Ville's
inequality; Vovk, Gammerman and Shafer 2005, section 7.1). The bets are 1 + e · (u − ½) for several e < 0, where u is
the p-value: they win when scores move down. Two games share the capital, one over all scores and one over those that
are answered, where a crowd just above the threshold is what raises the error rate. Scores that move up are left alone:
customers who ask what the knowledge base holds word for word are surer than the labelled rows, and wrong less often.
Each ticket t begins a game of its own with 1 / (t · (t + 1)) of the capital, so that earlier losses hide no later
drift; the mixture of all games is fair too. Tickets are exchangeable if their score does not depend on how often they
are
asked: where rare ones score clearly lower, the watch may take ever rarer new texts for drift.
"""

from __future__ import annotations

import logging
import math
import random
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence

from support_agent.wording import content_words

# Scores are counted in this many equal bins of 0–1: memory stays the same for ever, and a rank is one short sum.
BINS = 1000
# How far the scores are thought to have moved down.
STAKES = (-1.8, -0.9, -0.4)
# Tickets of the same words are counted once among this many.
REMEMBERED = 10_000

_logger = logging.getLogger(__name__)


class DriftWatch:
    """Feed it every live score; ``withdrawn`` turns true once, and stays so.

    Args:
        reference_scores: scores of the labelled rows, 0–1.
        threshold: from which on a score is answered.
        false_alarm: highest probability of ever withdrawing while traffic looks like the labelled rows.
        seed: of the random order among equal scores.
    """

    def __init__(
        self,
        reference_scores: Sequence[float],
        threshold: float = 0.0,
        false_alarm: float = 0.001,
        *,
        seed: int = 0,
    ) -> None:
        self._threshold = threshold
        self._false_alarm = false_alarm
        source = random.Random(seed)
        self._all = _Game(reference_scores, source)
        self._answered = _Game([score for score in reference_scores if score >= threshold], source)
        self._reference_mean = math.fsum(reference_scores) / max(1, len(reference_scores))
        self._lock = threading.Lock()
        self._asked: OrderedDict[int, None] = OrderedDict()
        self._seen, self._sum, self._withdrawn = 0, 0.0, False

    @property
    def withdrawn(self) -> bool:
        """Whether the certificate no longer stands."""
        return self._withdrawn

    def see(self, score: float, text: str = "") -> None:
        """Take in the score of one live ticket; one that is not a number counts as 0, the least sure.

        Args:
            text: the ticket's; one whose content words were seen before counts for nothing.
        """
        with self._lock:
            if self._withdrawn or (text and self._repeats(text)):
                return
            score = max(0.0, min(1.0, score)) if math.isfinite(score) else 0.0
            self._seen += 1
            self._sum += score
            self._all.play(score)
            if score >= self._threshold:
                self._answered.play(score)
            wealth = (self._all.wealth + self._answered.wealth) / 2
            self._withdrawn = wealth >= 1 / self._false_alarm
        if self._withdrawn:
            _logger.warning("%s", self.in_words())

    def in_words(self) -> str:
        """One sentence for the log, the CLI or the page."""
        with self._lock:
            live = self._sum / max(1, self._seen)
        if not self._withdrawn:
            return f"Traffic looks no worse than the labelled tickets so far ({self._seen:,} seen)."
        return (
            f"The certificate was withdrawn after {self._seen:,} different tickets: their scores (mean {live:.2f}) "
            f"look worse than those of the labelled ones (mean {self._reference_mean:.2f}). Every ticket goes "
            "to a human until the agent is started anew; calibrate again where traffic stays as it is."
        )

    def _repeats(self, text: str) -> bool:
        words = hash(frozenset(content_words(text)))
        known = words in self._asked
        self._asked[words] = None
        self._asked.move_to_end(words)
        if len(self._asked) > REMEMBERED:
            self._asked.popitem(last=False)
        return known


class _Game:
    """A fair game against the claim that live scores are like the labelled ones; ``wealth`` begins at 1."""

    def __init__(self, reference_scores: Iterable[float], source: random.Random) -> None:
        self._counts = [0] * BINS
        for score in reference_scores:
            self._counts[_bin(score)] += 1
        self._known = sum(self._counts)
        self._random = source
        self._rounds = 0
        self._won = [0.0] * len(STAKES)

    @property
    def wealth(self) -> float:
        """What all bets have made of 1, and what is not bet yet."""
        return sum(self._won) + 1 / (self._rounds + 1)

    def play(self, score: float) -> None:
        """Bet on one score."""
        self._rounds += 1
        p_value = self._p_value(_bin(score))
        dealt = 1 / (self._rounds * (self._rounds + 1)) / len(STAKES)
        self._won = [
            (own + dealt) * (1 + stake * (p_value - 0.5)) for own, stake in zip(self._won, STAKES, strict=True)
        ]

    def _p_value(self, place: int) -> float:
        """Rank of a score among all known ones and itself, 0–1 (low = lower than most); then it is known too."""
        below, equal = sum(self._counts[:place]), self._counts[place] + 1
        self._counts[place] += 1
        self._known += 1
        return (below + self._random.random() * equal) / self._known


def _bin(score: float) -> int:
    if not math.isfinite(score):
        return 0
    return min(BINS - 1, int(max(0.0, min(1.0, score)) * BINS))
