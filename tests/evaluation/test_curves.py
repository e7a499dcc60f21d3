from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_agent.evaluation.curves import (
    augrc_of,
    coverage_at,
    risk_coverage_curve,
)
from support_agent.evaluation.resampling import Estimate, draw_counts, estimate, interval, mean_of

# One tie, at 0.8: its two tickets count half a loss each, in either order.
CONFIDENCE = np.array([0.9, 0.8, 0.8, 0.5, 0.1])
LOSS = np.array([0.0, 1.0, 0.0, 1.0, 1.0])

TICKETS = st.lists(st.tuples(st.integers(0, 6).map(lambda n: n / 6), st.booleans()), min_size=1, max_size=40)


def of_all(statistic: Callable[[np.ndarray], np.ndarray], n: int) -> float:
    return float(statistic(np.ones((1, n)))[0])


def split(tickets: list[tuple[float, bool]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([c for c, _ in tickets]), np.array([float(wrong) for _, wrong in tickets])


def test_augrc_of_five_tickets_by_hand() -> None:
    assert of_all(augrc_of(CONFIDENCE, LOSS), 5) == pytest.approx((0 + 0.25 + 0.75 + 1.5 + 2.5) / 25)


@pytest.mark.parametrize(("risk", "coverage"), [(0.0, 0.2), (0.3, 0.2), (0.34, 0.6), (0.5, 0.8), (1.0, 1.0)], ids=str)
def test_coverage_at_a_risk_takes_tied_tickets_together(risk: float, coverage: float) -> None:
    assert of_all(coverage_at(risk, CONFIDENCE, LOSS), 5) == pytest.approx(coverage)


def test_curve_has_one_point_for_each_confidence() -> None:
    assert risk_coverage_curve(CONFIDENCE, LOSS) == [
        (0.9, 0.2, 0.0),
        (0.8, 0.6, pytest.approx(1 / 3)),
        (0.5, 0.8, 0.5),
        (0.1, 1.0, 0.6),
    ]


@given(TICKETS)
def test_the_area_stays_in_its_range(tickets: list[tuple[float, bool]]) -> None:
    confidence, loss = split(tickets)
    assert -1e-9 <= of_all(augrc_of(confidence, loss), len(loss)) <= 0.5 + 1e-9


@given(TICKETS)
def test_perfect_order_gives_the_smallest_area(tickets: list[tuple[float, bool]]) -> None:
    confidence, loss = split(tickets)
    perfect = -np.arange(len(loss))[np.argsort(np.argsort(loss, kind="stable"), kind="stable")].astype(float)
    assert of_all(augrc_of(perfect, loss), len(loss)) <= of_all(augrc_of(confidence, loss), len(loss)) + 1e-9


@given(TICKETS)
def test_augrc_is_what_the_paper_says_of_auroc_and_accuracy(tickets: list[tuple[float, bool]]) -> None:
    confidence, loss = split(tickets)
    right, wrong = confidence[loss == 0], confidence[loss == 1]
    accuracy = len(right) / len(loss)
    gaps = right[:, None] - wrong[None, :]
    auroc = float(((gaps > 0) + 0.5 * (gaps == 0)).mean()) if gaps.size else 0.0
    expected = (1 - auroc) * accuracy * (1 - accuracy) + (1 - accuracy) ** 2 / 2
    assert of_all(augrc_of(confidence, loss), len(loss)) == pytest.approx(expected)


@given(TICKETS, st.randoms())
def test_the_order_of_the_file_changes_nothing(tickets: list[tuple[float, bool]], source: object) -> None:
    shuffled = sorted(tickets, key=lambda _: source.random())  # type: ignore[attr-defined]
    for make in (augrc_of, lambda c, loss: coverage_at(0.1, c, loss)):
        first, second = (of_all(make(*split(order)), len(tickets)) for order in (tickets, shuffled))
        assert first == pytest.approx(second)


@given(TICKETS, st.integers(0, 1000))
def test_a_resample_counts_as_the_tickets_written_out(tickets: list[tuple[float, bool]], seed: int) -> None:
    confidence, loss = split(tickets)
    counts = draw_counts(len(loss), seed, resamples=1)
    written_out = np.repeat(confidence, counts[0].astype(int)), np.repeat(loss, counts[0].astype(int))
    for make in (augrc_of, lambda c, loss: coverage_at(0.2, c, loss)):
        assert make(confidence, loss)(counts)[0] == pytest.approx(of_all(make(*written_out), len(loss)))


@pytest.mark.parametrize(("n", "has_interval"), [(1, False), (4, False), (5, True)], ids=["one", "four", "five"])
def test_fewer_than_five_tickets_have_no_interval(n: int, has_interval: bool) -> None:
    found = estimate(mean_of(np.linspace(0, 1, n)), draw_counts(n), n)
    assert (found.low is not None, found.high is not None) == (has_interval, has_interval)
    assert found.n == n


def test_the_mean_leaves_out_what_does_not_apply() -> None:
    found = estimate(mean_of(np.array([1.0, np.nan, 0.0, 1.0] * 2)), draw_counts(8), 6)
    assert found.value == pytest.approx(2 / 3)
    assert found.low < found.value < found.high


def test_a_score_that_applies_to_nothing_has_no_value() -> None:
    found = estimate(mean_of(np.array([np.nan])), draw_counts(1), 0)
    assert found == Estimate(None, None, None, 0)


def test_the_same_seed_gives_the_same_interval() -> None:
    values = np.random.default_rng(0).random(50)
    first, second = (interval(mean_of(values)(draw_counts(50, 7))) for _ in range(2))
    assert first == second


def test_the_interval_holds_the_true_mean_about_as_often_as_it_says() -> None:
    draws = np.random.default_rng(1).random((300, 60)) < 0.3
    found = [interval(mean_of(draw.astype(float))(draw_counts(60, seed, 500))) for seed, draw in enumerate(draws)]
    assert 0.90 <= sum(low <= 0.3 <= high for low, high in found) / len(found) <= 0.985
