"""The bet on live scores: fair while nothing changes, won when they move down."""

import json
import math
import random
from collections.abc import Sequence
from dataclasses import asdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support_agent.evidence.drift import Drift

SURE = 1000.0
"""A wealth that is reached by chance once in a thousand watches at most."""


def scores(n: int, seed: int, shift: float = 0.0, spread: float = 1.0) -> list[float]:
    """Logistic of a normal variable, in one decimal: many ties."""
    source = random.Random(seed)
    return [round(1 / (1 + math.exp(-1 - 1.5 * (shift + spread * source.gauss(0, 1)))), 1) for _ in range(n)]


def highest(reference: Sequence[float], live: Sequence[float], threshold: float = 0.0) -> float:
    """The most that the bet was ever worth."""
    drift, most = Drift.begin(reference, threshold), 1.0
    for score in live:
        drift.play(score)
        most = max(most, drift.wealth)
    return most


def test_it_begins_with_a_wealth_of_one() -> None:
    assert Drift.begin([0.5, 0.6], 0.5).wealth == 1.0


def test_tickets_like_the_reference_win_nothing() -> None:
    assert all(highest(scores(500, seed), scores(1000, seed + 100)) < SURE for seed in range(20))


def test_false_alarms_are_no_more_frequent_than_promised() -> None:
    # 200 watches with a chance of 0.1 each give more than 34 in 0.1 % of cases; the seeds are fixed.
    alarms = sum(highest(scores(200, seed), scores(300, seed + 1000), 0.7) >= 10 for seed in range(200))
    assert alarms <= 34


@pytest.mark.parametrize(
    ("shift", "spread"),
    [(-0.5, 1.0), (-1.0, 1.0), (-0.3, 0.5)],
    ids=["lower", "much lower", "lower and narrower"],
)
def test_scores_that_move_down_are_seen(shift: float, spread: float) -> None:
    assert highest(scores(800, 1), scores(1000, 2, shift, spread)) >= SURE


def test_a_crowd_just_above_the_threshold_is_seen_though_the_mean_stays() -> None:
    crowd = [0.4, 0.7, 0.9] * 300
    assert highest(scores(800, 1), crowd, threshold=0.7) >= SURE
    assert highest(scores(800, 1), crowd, threshold=2.0) < SURE


def test_surer_tickets_are_left_alone() -> None:
    assert highest(scores(800, 1), scores(5000, 2, 1.0)) < SURE


def test_a_change_is_seen_after_a_long_quiet_time() -> None:
    quiet = scores(30_000, 2)
    assert highest(scores(800, 1), quiet) < SURE
    assert highest(scores(800, 1), [*quiet, *scores(1000, 3, -1.0)]) >= SURE


def test_without_reference_scores_nothing_is_seen() -> None:
    assert highest([], scores(300, 1)) < SURE


def test_it_counts_tickets_and_their_mean_score() -> None:
    drift = Drift.begin([0.5], 0.5)
    for score in (0.2, 0.4):
        drift.play(score)
    assert (drift.seen, drift.mean) == (2, pytest.approx(0.3))


@settings(deadline=None)
@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=30))
def test_any_number_is_taken_one_that_is_none_as_the_least_sure(live: list[float]) -> None:
    drift, plain = Drift.begin([0.5, 0.6], 0.5), Drift.begin([0.5, 0.6], 0.5)
    for score in live:
        drift.play(score)
        plain.play(max(0.0, min(1.0, score)) if math.isfinite(score) else 0.0)
    assert drift == plain
    assert math.isfinite(drift.wealth)


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.integers(0, 40))
def test_a_state_that_was_put_away_goes_on_as_if_it_had_not(live: list[float], stop: int) -> None:
    whole, halved = Drift.begin(scores(50, 1), 0.5), Drift.begin(scores(50, 1), 0.5)
    for score in live:
        whole.play(score)
    for score in live[:stop]:
        halved.play(score)
    halved = Drift.from_dict(json.loads(json.dumps(asdict(halved))))
    for score in live[stop:]:
        halved.play(score)
    assert halved == whole
