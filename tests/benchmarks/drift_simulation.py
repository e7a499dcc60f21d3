"""How often the drift watch cries wolf, and how many tickets it takes to see a shift, by simulation.

    python tests/benchmarks/drift_simulation.py [--streams 2000] [--tickets 5000] [--labels 1200] [--seed 0]

Scores are the logistic of a normal variable, in two decimals (ties). Prints the share of same-law streams withdrawn,
with a 95 % Clopper–Pearson interval, and the 10th, 50th and 90th percentile of tickets until withdrawal after a shift.
"""

from __future__ import annotations

import argparse
import logging
import time

import numpy as np

from support_agent.evidence.drift import DriftWatch
from support_agent.intervals import clopper_pearson

SHIFTS = {"down 0.5 sd": (-0.5, 1.0), "down 1 sd": (-1.0, 1.0), "half the sd": (0.0, 0.5)}
# About half of the labelled rows are answered.
THRESHOLD = 0.73


def main() -> None:
    """Print false alarms, delays and the cost of one ticket."""
    logging.disable(logging.WARNING)  # each withdrawal says so
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--streams", type=int, default=2000)
    parser.add_argument("--tickets", type=int, default=5000)
    parser.add_argument("--labels", type=int, default=1200)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    source = np.random.default_rng(given.seed)
    began = time.perf_counter()
    ends = [tickets_until(source, given.labels, given.tickets, 0.0, 1.0) for _ in range(given.streams)]
    micros = 1e6 * (time.perf_counter() - began) / (given.streams * given.tickets)
    alarms = sum(end <= given.tickets for end in ends)
    low, high = clopper_pearson(alarms, given.streams)
    print(
        f"{given.labels:,} labelled rows; {given.streams:,} streams of {given.tickets:,} tickets; {micros:.1f} µs each"
    )
    print(
        f"same law     {alarms} withdrawn = {alarms / given.streams:.4f} [{low:.4f}, {high:.4f}], at most 0.001 wanted"
    )
    for name, (shift, spread) in SHIFTS.items():
        delays = [tickets_until(source, given.labels, given.tickets, shift, spread) for _ in range(200)]
        tenth, half, most = np.percentile(delays, [10, 50, 90])
        print(f"{name:12s} withdrawn after {half:.0f} tickets [{tenth:.0f}–{most:.0f}] (200 streams)")


def tickets_until(source: np.random.Generator, labels: int, tickets: int, shift: float, spread: float) -> int:
    """Tickets seen when the watch withdraws; ``tickets`` + 1 when it does not."""
    watch = DriftWatch(scores(source.normal(size=labels)), THRESHOLD, seed=int(source.integers(2**31)))
    for place, score in enumerate(scores(shift + spread * source.normal(size=tickets)), 1):
        watch.see(score)
        if watch.withdrawn:
            return place
    return tickets + 1


def scores(normal: np.ndarray) -> list[float]:
    """Scores 0–1 in two decimals."""
    return [round(float(score), 2) for score in 1 / (1 + np.exp(-1 - 1.5 * normal))]


if __name__ == "__main__":
    main()
