"""Does the certificate hold? Complete calibrations by simulation: labels -> cross-fit -> certify -> refit -> true risk.

    python tests/benchmarks/certificate_simulation.py [--calibrations 1000] [--law LAW] [--labels N] [--seed 0]

Signals and labels come from a known law; rows come in near-duplicate groups (same label, nearly the same signals);
signals and scores are rounded, so scores tie. The combiner that is served is fitted on all rows, the threshold comes
from out-of-fold scores, and the risk that counts is that of the served combiner on 50,000 fresh tickets. A calibration
is broken when that risk is above the promise. Beside it stand the same without regard to near-duplicates ("copies
count"), and the rule of thumb: the lowest threshold at which the labelled rows are wrong no more than promised.

The drift watch is tried too: on how many of 100 calibrations it withdraws the certificate within 2,000 tickets of the
same law, when its reference is the served combiner's own scores of the labelled rows, and when it is the out-of-fold
scores, whose law differs from that of the served ones.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from support_agent.evidence.certificate import certify, one_of_each
from support_agent.evidence.drift import DriftWatch
from support_agent.gate.combiner import FURTHEST, Combiner, cross_fit, fit
from support_agent.intervals import clopper_pearson

MAX_ERROR, DELTA = 0.10, 0.05
TICKETS = 50_000
# Rows of one group, on average; sizes are geometric.
GROUP = 1.5
WATCHED, WATCHED_TICKETS = 100, 2000


@dataclass(frozen=True)
class Law:
    """Log-odds of a right answer = ``base`` + ``strength`` · Σ ``telling`` signals / √telling; the others are noise."""

    base: float
    strength: float
    telling: int
    noise: int


LAWS: Mapping[str, Law] = {
    "telling signals": Law(1.5, 2.0, 6, 4),
    "few among many": Law(1.3, 1.2, 4, 16),
    # The hardest for a test: 10.7 % are wrong at every threshold, so that any threshold at all breaks the promise.
    "useless signals": Law(2.12, 0.0, 1, 9),
}


def main() -> None:
    """Print one block for each law and number of labels."""
    logging.disable(logging.WARNING)  # each withdrawal says so
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calibrations", type=int, default=1000)
    parser.add_argument("--law", choices=LAWS, action="append")
    parser.add_argument("--labels", type=int, action="append")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    print(f"Promise: at most {MAX_ERROR:.0%} wrong, delta {DELTA}; {given.calibrations:,} calibrations each")
    for name in given.law or LAWS:
        for labels in given.labels or (300, 1200):
            report(name, labels, given.calibrations, given.seed)


def report(name: str, labels: int, calibrations: int, seed: int) -> None:
    """Run one law with one number of labels and print its table."""
    source = np.random.default_rng([seed, labels, list(LAWS).index(name)])
    fresh, chance = draw(LAWS[name], TICKETS, source)
    outcomes: dict[str, list[tuple[float, float]]] = {"certificate": [], "copies count": [], "rule of thumb": []}
    withdrawn = np.zeros(2, dtype=int)
    for number in range(calibrations):
        rows, right, groups = labelled(LAWS[name], labels, source)
        names = tuple(rows[0])
        scores = [round(score, 2) for score in cross_fit(rows, right, groups, names, seed=number)]
        combiner = fit(rows, right, names)
        served = rounded(combiner, fresh)
        alone = list(range(labels))
        thresholds = {
            "certificate": certify(scores, right, groups, max_error=MAX_ERROR, delta=DELTA, seed=number).threshold,
            "copies count": certify(scores, right, alone, max_error=MAX_ERROR, delta=DELTA, seed=number).threshold,
            "rule of thumb": rule_of_thumb(np.array(scores), np.array(right)),
        }
        for way, threshold in thresholds.items():
            outcomes[way].append(truth(served, chance, threshold))
        if number < WATCHED:
            live = served[source.integers(TICKETS, size=WATCHED_TICKETS)]
            single = one_of_each(groups, number)
            own = [round(combiner.probability(rows[row]), 2) for row in single]
            withdrawn += [drifts(own, live), drifts([scores[row] for row in single], live)]
    print(f"\n{name}, {labels:,} labels, {1 - chance.mean():.1%} of all answers wrong; drift watch withdraws")
    print(f"  {withdrawn[0]} (own scores), {withdrawn[1]} (out-of-fold scores) of {min(WATCHED, calibrations)}")
    for way, pairs in outcomes.items():
        broken = sum(risk > MAX_ERROR for risk, _ in pairs)
        low, high = clopper_pearson(broken, calibrations)
        none = sum(coverage == 0 for _, coverage in pairs) / calibrations
        coverage = np.mean([coverage for _, coverage in pairs])
        print(
            f"  {way:14s} broken {broken / calibrations:.4f} [{low:.4f}, {high:.4f}]  "
            f"no threshold {none:.3f}  coverage {coverage:.3f}"
        )


def draw(law: Law, tickets: int, source: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Signals (tickets, signals) before rounding, and the chance that each answer is right."""
    signals = source.normal(size=(tickets, law.telling + law.noise))
    log_odds = law.base + law.strength * signals[:, : law.telling].sum(axis=1) / np.sqrt(law.telling)
    return signals, 1 / (1 + np.exp(-log_odds))


def labelled(
    law: Law, labels: int, source: np.random.Generator
) -> tuple[list[dict[str, float]], list[bool], list[int]]:
    """Rows in near-duplicate groups: one label each, signals that differ by little, one decimal."""
    groups = np.repeat(np.arange(labels), source.geometric(1 / GROUP, size=labels))[:labels]
    signals, chance = draw(law, int(groups[-1]) + 1, source)
    right = source.random(len(chance)) < chance
    copies = (signals[groups] + 0.1 * source.normal(size=(labels, signals.shape[1]))).round(1)
    names = [f"signal_{column}" for column in range(signals.shape[1])]
    return [dict(zip(names, row, strict=True)) for row in copies.tolist()], right[groups].tolist(), groups.tolist()


def rounded(combiner: Combiner, signals: np.ndarray) -> np.ndarray:
    """``combiner.probability`` of many tickets at once, in two decimals as the labelled scores."""
    standardised = (signals.round(1) - np.array(combiner.means)) / np.array(combiner.scales)
    log_odds = np.clip(standardised, -FURTHEST, FURTHEST) @ np.array(combiner.weights) + combiner.bias
    return (1 / (1 + np.exp(-log_odds))).round(2)


def rule_of_thumb(scores: np.ndarray, right: np.ndarray) -> float | None:
    """The lowest score at which the labelled rows answered are wrong no more often than promised."""
    kept = [score for score in np.unique(scores) if 1 - right[scores >= score].mean() <= MAX_ERROR]
    return float(min(kept)) if kept else None


def truth(scores: np.ndarray, chance: np.ndarray, threshold: float | None) -> tuple[float, float]:
    """True risk and coverage of the served combiner at a threshold."""
    if threshold is None or not (answered := scores >= threshold).any():
        return 0.0, 0.0
    return float(1 - chance[answered].mean()), float(answered.mean())


def drifts(reference: list[float], live: np.ndarray) -> bool:
    """Whether the watch withdraws the certificate on live scores of the same law."""
    watch = DriftWatch(reference)
    for score in live.tolist():
        watch.see(score)
    return watch.withdrawn


if __name__ == "__main__":
    main()
