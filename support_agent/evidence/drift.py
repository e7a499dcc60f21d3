"""A bet that live scores are worse than those a promise was planned on.

Each live score becomes a conformal p-value: its rank among the reference scores and the live ones before it, ties
broken at random. While live and reference scores are exchangeable these are independent and uniform, and a bet against
that is a fair game: its wealth reaches 1 / false_alarm with probability false_alarm at most, however long the watch
(Ville's inequality; Vovk, Gammerman and Shafer 2005, section 7.1). The bets are 1 + e · (u − ½) for several e < 0,
where u is the p-value: they win when scores move down. Two games share the capital, one over all scores and one over
those that are answered, where a crowd just above the threshold is what raises the error rate. Scores that move up are
left alone: such customers ask what the knowledge base holds word for word. Each ticket t begins a game of its own with
1 / (t · (t + 1)) of the capital, so that earlier losses hide no later drift; the mixture of all games is fair too.
Tickets are exchangeable if their score does not depend on how often they are asked: where rare ones score clearly
lower, the bet may take ever rarer new texts for drift.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Scores are counted in this many equal bins of 0–1: memory stays the same for ever, and a rank is one short sum.
BINS = 500
# How far the scores are thought to have moved down.
STAKES = (-1.8, -0.9, -0.4)


@dataclass
class Drift:
    """The two games; ``seen`` tickets, the sum of their scores, and from which score on a ticket is answered."""

    every: Game
    answered: Game
    threshold: float
    seen: int = 0
    total: float = 0.0

    @classmethod
    def begin(cls, reference_scores: Sequence[float], threshold: float) -> Drift:
        """Before the first live ticket."""
        sure = [score for score in reference_scores if score >= threshold]
        return cls(Game.begin(reference_scores), Game.begin(sure), threshold)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Drift:
        """What ``dataclasses.asdict`` made plain."""
        games = {name: Game(**plain[name]) for name in ("every", "answered")}
        return cls(**{**plain, **games})

    @property
    def wealth(self) -> float:
        """What the capital of 1 has become."""
        return (self.every.wealth + self.answered.wealth) / 2

    @property
    def mean(self) -> float:
        """The mean of the live scores."""
        return self.total / max(1, self.seen)

    def play(self, score: float) -> None:
        """Take in one live score; one that is not a number counts as 0, the least sure."""
        score = max(0.0, min(1.0, score)) if math.isfinite(score) else 0.0
        self.seen += 1
        self.total += score
        self.every.play(score)
        if score >= self.threshold:
            self.answered.play(score)


@dataclass
class Game:
    """A fair game against the claim that live scores are like the reference; ``wealth`` begins at 1."""

    counts: list[int]
    rounds: int
    won: list[float]

    @classmethod
    def begin(cls, reference_scores: Iterable[float]) -> Game:
        """Before the first live score."""
        counts = [0] * BINS
        for score in reference_scores:
            counts[_bin(score)] += 1
        return cls(counts, 0, [0.0] * len(STAKES))

    @property
    def wealth(self) -> float:
        """What all bets have made of 1, and what is not bet yet."""
        return sum(self.won) + 1 / (self.rounds + 1)

    def play(self, score: float) -> None:
        """Bet on one score."""
        self.rounds += 1
        p_value = self._p_value(_bin(score))
        dealt = 1 / (self.rounds * (self.rounds + 1)) / len(STAKES)
        self.won = [(own + dealt) * (1 + stake * (p_value - 0.5)) for own, stake in zip(self.won, STAKES, strict=True)]

    def _p_value(self, place: int) -> float:
        """Rank of a score among all known ones and itself, 0–1 (low = lower than most); then it is known too."""
        below, equal = sum(self.counts[:place]), self.counts[place] + 1
        self.counts[place] += 1
        # Drawn by the round, so that the state is all there is to keep.
        drawn = random.Random(f"{self.rounds}:{place}:{below}").random()
        return (below + drawn * equal) / sum(self.counts)


def _bin(score: float) -> int:
    return min(BINS - 1, int(score * BINS))
