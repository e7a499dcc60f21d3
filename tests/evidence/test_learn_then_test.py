"""The walk down a ladder of thresholds, held against sums of exact binomial probabilities."""

import math
import random

import numpy as np
import pytest

from support_agent.evidence.learn_then_test import (
    SECOND_START,
    SPARE_ERRORS,
    counts_at,
    first_count,
    grid_of,
    labels_needed,
    lowest_valid,
)


def p_value(wrong: int, answered: int, max_error: float) -> float:
    """P(at most so many wrong) where exactly ``max_error`` are: the sum of the binomial's first terms."""
    return math.fsum(
        math.comb(answered, k) * max_error**k * (1 - max_error) ** (answered - k) for k in range(wrong + 1)
    )


def walked(scores: list[float], right: list[bool], max_error: float, delta: float) -> float | None:
    """Fixed-sequence testing in words: from two starts on, each at half delta, up to the first that is not rejected."""
    grid = [float(step) for step in grid_of(np.array(scores))]
    answered = [sum(score >= step for score in scores) for step in grid]
    starts = {0, next(at for at, count in enumerate(answered) if count >= SECOND_START * len(scores))}
    valid = []
    for start in starts:
        for step, count in list(zip(grid, answered, strict=True))[start:]:
            wrong = sum(score >= step and not good for score, good in zip(scores, right, strict=True))
            if p_value(wrong, count, max_error) > delta / 2:
                break
            valid.append(step)
    return min(valid, default=None)


@pytest.mark.parametrize("seed", range(40))
def test_the_walk_is_that_of_exact_binomial_tests(seed: int) -> None:
    draw = random.Random(seed)
    count = draw.choice([60, 150, 400])
    scores = [round(draw.random(), draw.choice([1, 2])) for _ in range(count)]
    right = [draw.random() < 0.75 + 0.25 * score for score in scores]
    max_error, delta = draw.choice([0.1, 0.15, 0.3]), draw.choice([0.05, 0.2])
    found = lowest_valid(np.array(scores), np.array(right), grid_of(np.array(scores)), max_error, delta)
    assert found == walked(scores, right, max_error, delta)


@pytest.mark.parametrize("rows", [150, 600])
def test_the_chance_of_a_threshold_that_breaks_the_promise_is_delta_at_most(rows: int) -> None:
    # Every threshold is wrong a little more often than promised: any threshold at all breaks it. 400 tries with a
    # chance of 0.1 each give more than 59 in 0.1 % of cases; the seeds are fixed.
    broken = 0
    for seed in range(400):
        draw = np.random.default_rng(seed)
        scores, right = draw.random(rows).round(2), draw.random(rows) < 0.799
        broken += lowest_valid(scores, right, grid_of(scores), 0.2, 0.1) is not None
    assert broken <= 59


def test_nothing_to_test_is_nothing_found() -> None:
    scores = np.array([0.5, 0.6])
    assert lowest_valid(scores, np.array([True, True]), np.array([]), 0.1, 0.05) is None


def test_a_gap_in_the_walk_ends_it() -> None:
    scores = np.array([0.9] * 100 + [0.8] * 100 + [0.7] * 4000)
    right = np.array([True] * 100 + [False] * 100 + [True] * 4000)
    # All 4,200 rows together pass by the second start; the strictest one's own sequence ends at 0.8.
    assert lowest_valid(scores[:200], right[:200], np.array([0.9, 0.8]), 0.1, 0.05) == 0.9
    assert lowest_valid(scores, right, np.array([0.9, 0.8, 0.7]), 0.1, 0.05) == 0.7


@pytest.mark.parametrize(("max_error", "delta"), [(0.1, 0.05), (0.05, 0.05), (0.2, 0.1), (0.3, 0.2)])
def test_the_fewest_answers_pass_with_the_spare_errors_and_hardly_fewer_would(max_error: float, delta: float) -> None:
    count = first_count(max_error, delta)
    assert p_value(SPARE_ERRORS, count, max_error) <= delta / 2
    assert p_value(SPARE_ERRORS, count - 1 - count // 100, max_error) > delta / 2


def test_ties_stand_on_one_side_together() -> None:
    scores, right = np.array([0.5, 0.5, 0.5, 0.9]), np.array([True, False, False, True])
    answered, wrong = counts_at(scores, right, np.array([0.9, 0.5]))
    assert (answered.tolist(), wrong.tolist()) == ([1, 4], [0, 2])


def test_the_thresholds_rest_on_the_scores_alone_strictest_first() -> None:
    steps = grid_of(np.array([0.1 * place for place in range(1, 200)]))
    assert len(steps) == 40
    assert steps.tolist() == sorted(steps.tolist(), reverse=True)
    assert steps[-1] == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("rate", "cover", "known"), [(0.02, 0.5, True), (0.0999999, 1.0, False), (0.2, 1.0, False)],
    ids=["low enough", "more than anybody collects", "too many wrong"],
)  # fmt: skip
def test_the_labels_it_would_take_are_known_where_there_are_any(rate: float, cover: float, known: bool) -> None:
    needed = labels_needed(np.array([rate]), np.array([cover]), 0.1, 0.05)
    assert (needed is not None) is known
