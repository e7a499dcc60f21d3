import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_agent.errors import CalibrationError
from support_agent.gate.combiner import Combiner, cross_fit, fit

TWO = Combiner(("score", "gap"), (0.5, 0.1), (0.2, 0.05), (1.5, -0.7), 0.3)
ANY = st.floats(allow_nan=True, allow_infinity=True)


def labelled(rows: int, seed: int = 0) -> tuple[list[dict[str, float]], list[bool]]:
    """Rows whose "score" tells right from wrong; "flat" is constant and "noise" says nothing."""
    source = random.Random(seed)
    signals = [{"score": source.gauss(0, 1), "noise": source.gauss(0, 1), "flat": 0.1} for _ in range(rows)]
    return signals, [source.random() < 1 / (1 + math.exp(-2 * row["score"])) for row in signals]


@given(st.dictionaries(st.sampled_from(["score", "gap", "other"]), ANY))
def test_a_probability_lies_between_0_and_1_whatever_the_signals(signals: dict[str, float]) -> None:
    assert 0 <= TWO.probability(signals) <= 1


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_a_signal_that_speaks_for_answering_never_lowers_the_probability(one: float, other: float) -> None:
    low, high = sorted([one, other])
    assert TWO.probability({"score": low}) <= TWO.probability({"score": high})


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, None], ids=["nan", "inf", "-inf", "missing"])
def test_a_signal_that_is_no_number_adds_nothing(value: float | None) -> None:
    signals = {"gap": 0.12} if value is None else {"gap": 0.12, "score": value}
    assert TWO.contributions(signals)["score"] == 0


def test_contributions_and_bias_add_up_to_the_log_odds() -> None:
    signals = {"score": 0.62, "gap": 0.02}
    log_odds = TWO.bias + sum(TWO.contributions(signals).values())
    assert TWO.probability(signals) == pytest.approx(1 / (1 + math.exp(-log_odds)), abs=1e-6)


def test_a_negative_contribution_speaks_against_answering() -> None:
    assert TWO.contributions({"score": 0.1})["score"] < 0


def test_one_broken_signal_counts_as_five_standard_deviations_at_most() -> None:
    assert TWO.contributions({"score": 1e300})["score"] == pytest.approx(7.5)


def test_the_fit_finds_the_telling_signal() -> None:
    rows, right = labelled(600)
    combiner = fit(rows, right, ["score", "noise", "flat"])
    weights = dict(zip(combiner.names, combiner.weights, strict=True))
    assert weights["score"] > 1
    assert abs(weights["noise"]) < 0.3


def test_a_constant_signal_gets_weight_0() -> None:
    rows, right = labelled(100)
    assert fit(rows, right, ["score", "flat"]).weights[1] == 0


def test_a_signal_that_is_always_missing_gets_weight_0() -> None:
    rows, right = labelled(100)
    assert fit(rows, right, ["score", "absent"]).weights[1] == 0


def test_without_a_telling_signal_the_probability_is_the_share_of_right_answers_with_one_more_of_each() -> None:
    rows = [{"flat": 1.0}] * 4
    assert fit(rows, [True, True, True, False], ["flat"]).probability({"flat": 1.0}) == 0.666667


def test_more_strength_draws_the_weights_towards_0() -> None:
    rows, right = labelled(200)
    assert fit(rows, right, ["score"], strength=100.0).weights[0] < fit(rows, right, ["score"], strength=0.1).weights[0]


@pytest.mark.parametrize(("label", "probability"), [(True, 0.8), (False, 0.2)], ids=["right", "wrong"])
def test_labels_of_one_kind_say_nothing_about_the_signals(label: bool, probability: float) -> None:
    combiner = fit([{"score": 1.0}, {"score": 2.0}, {"score": 3.0}], [label] * 3, ["score"])
    assert combiner.weights == (0.0,)
    assert combiner.probability({"score": 2.5}) == probability


def test_rows_are_scored_where_a_single_answer_was_wrong() -> None:
    rows, _ = labelled(60)
    scores = cross_fit(rows, [place != 7 for place in range(60)], range(60), ["score"])
    assert min(scores) > 0.5


def test_no_labels_are_refused() -> None:
    with pytest.raises(CalibrationError, match="no labels"):
        fit([], [], ["score"])


def test_rows_without_a_label_are_refused() -> None:
    with pytest.raises(CalibrationError, match="2 rows of signals came with 1 labels"):
        fit([{"score": 1.0}, {"score": 2.0}], [True], ["score"])


def test_a_row_is_never_scored_by_a_combiner_that_saw_its_copy() -> None:
    rows, right = labelled(60)
    # The copy's own signal is a giveaway of its label: with it in training the score would lie near the label.
    marked = [{**row, "mark": 1.0 if place < 2 else 0.0} for place, row in enumerate(rows)]
    groups = [0, 0, *range(1, 59)]
    first = cross_fit(marked, [True, True, *right[2:]], groups, ["score", "mark"])
    second = cross_fit(marked, [False, False, *right[2:]], groups, ["score", "mark"])
    assert first[:2] == second[:2]


def test_the_same_seed_gives_the_same_scores() -> None:
    rows, right = labelled(80)
    assert cross_fit(rows, right, range(80), ["score"], seed=3) == cross_fit(rows, right, range(80), ["score"], seed=3)


def test_fewer_groups_than_folds_are_refused() -> None:
    rows, right = labelled(20)
    with pytest.raises(CalibrationError, match="2 groups of labels cannot be cut into 5 folds"):
        cross_fit(rows, right, [0, 1] * 10, ["score"])


def test_a_combiner_survives_its_dictionary() -> None:
    assert Combiner.from_dict(TWO.to_dict()) == TWO


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"weights": [1.0]}, "one mean, scale and weight"),
        ({"names": ["score", "score"]}, "one mean, scale and weight"),
        ({"bias": math.nan}, "not finite"),
        ({"scales": [1.0, 0.0]}, "above 0"),
    ],
    ids=["too few weights", "name twice", "no number", "scale 0"],
)
def test_a_combiner_that_cannot_be_is_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(CalibrationError, match=words):
        Combiner.from_dict({**TWO.to_dict(), **change})


@given(st.floats(0, 1), st.floats(-3, 3), st.floats(-3, 3))
def test_no_value_of_an_open_signal_gives_more_than_the_highest(value: float, weight: float, known: float) -> None:
    combiner = Combiner(("known", "open"), (0.0, 0.5), (1.0, 0.3), (1.0, weight), 0.2)
    highest = combiner.highest({"known": known}, {"open": (0.0, 1.0)})
    assert combiner.probability({"known": known, "open": value}) <= highest


def test_an_open_signal_that_is_not_combined_changes_nothing() -> None:
    combiner = Combiner(("known",), (0.0,), (1.0,), (1.0,), 0.2)
    assert combiner.highest({"known": 1.0}, {"other": (0.0, 9.0)}) == combiner.probability({"known": 1.0})
