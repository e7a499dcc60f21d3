import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support_agent.errors import CalibrationError
from support_agent.evidence.certificate import certify, one_of_each
from support_agent.evidence.group_table import group_table
from support_agent.evidence.learn_then_test import counts_at, grid_of
from support_agent.intervals import upper_bound

ROWS = st.lists(st.tuples(st.floats(0, 1).map(lambda score: round(score, 1)), st.booleans()), min_size=1, max_size=120)


def falling(rows: int, seed: int) -> tuple[list[float], list[bool]]:
    """Tied scores, each the true chance that its answer is right."""
    source = random.Random(seed)
    scores = [round(source.uniform(0.5, 1), 2) for _ in range(rows)]
    return scores, [source.random() < score for score in scores]


def test_a_threshold_that_keeps_the_promise_is_found() -> None:
    scores, right = falling(2000, seed=1)
    certificate = certify(scores, right, range(2000), max_error=0.15, delta=0.05)
    assert certificate.threshold is not None
    assert certificate.upper is not None
    assert certificate.upper <= 0.15
    assert certificate.coverage > 0.3


def test_answers_without_a_mistake_are_all_certified() -> None:
    certificate = certify([0.9] * 80, [True] * 80, range(80), max_error=0.1, delta=0.05)
    assert (certificate.threshold, certificate.coverage, certificate.wrong) == (0.9, 1.0, 0)


@pytest.mark.parametrize(
    ("copies", "threshold"), [(range(300), 0.8), ([0] * 300, None)], ids=["300 labels", "300 copies of one label"]
)
def test_copies_of_a_label_are_no_further_evidence(copies: list[int], threshold: float | None) -> None:
    assert certify([0.8] * 300, [True] * 300, copies, max_error=0.1, delta=0.05).threshold == threshold


@settings(max_examples=60, deadline=None)
@given(ROWS, st.integers(0, 9))
def test_the_order_of_the_rows_does_not_matter(rows: list[tuple[float, bool]], seed: int) -> None:
    mixed = random.Random(seed).sample(rows, len(rows))
    one, other = ([*zip(*some, strict=True)] for some in (rows, mixed))
    places = range(len(rows))
    assert certify(*one, places, max_error=0.3, delta=0.2) == certify(*other, places, max_error=0.3, delta=0.2)


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_a_lower_threshold_answers_more(rows: list[tuple[float, bool]]) -> None:
    scores, right = zip(*rows, strict=True)
    grid = grid_of(np.array(scores))
    answered, wrong = counts_at(np.array(scores), np.array(right), grid)
    assert grid.tolist() == sorted(set(grid.tolist()), reverse=True)
    assert answered.tolist() == sorted(set(answered.tolist()))
    assert wrong.tolist() == sorted(wrong.tolist())


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_what_is_certified_has_a_bound_within_the_promise(rows: list[tuple[float, bool]]) -> None:
    scores, right = zip(*rows, strict=True)
    certificate = certify(scores, right, range(len(rows)), max_error=0.3, delta=0.2)
    assert certificate.upper is None or certificate.upper <= 0.3


@pytest.mark.parametrize("rows", [300, 900], ids=["300 labels", "900 labels"])
def test_the_promise_is_broken_no_more_often_than_delta(rows: int) -> None:
    # With scores that say nothing and 10.5 % wrong, every threshold breaks a promise of 10 %. 200 tries with a chance
    # of 0.05 each give more than 20 in 0.1 % of cases; the seeds are fixed.
    broken = 0
    for seed in range(200):
        source = random.Random(seed)
        scores = [round(source.random(), 2) for _ in range(rows)]
        right = [source.random() < 0.895 for _ in range(rows)]
        broken += certify(scores, right, range(rows), max_error=0.1, delta=0.05, seed=seed).threshold is not None
    assert broken <= 20


def test_too_few_labels_say_how_many_it_would_take() -> None:
    scores, right = falling(140, seed=2)
    certificate = certify(scores, right, range(140), max_error=0.1, delta=0.05)
    assert certificate.threshold is None
    assert certificate.labels_needed is not None
    assert certificate.labels_needed > 140
    assert f"about {certificate.labels_needed:,} labels would do" in certificate.in_words()


def test_the_labels_it_would_take_are_enough_when_they_come() -> None:
    scores, right = falling(140, seed=2)
    needed = certify(scores, right, range(140), max_error=0.1, delta=0.05).labels_needed
    assert needed is not None
    # Planned for 80 % of cases; of 20 with that chance each fewer than 12 succeed in 1 % of cases; the seeds are fixed.
    found = [certify(*falling(needed, seed), range(needed), max_error=0.1, delta=0.05) for seed in range(20)]
    assert sum(certificate.threshold is not None for certificate in found) >= 12


def test_where_the_surest_answers_are_the_wrong_ones_that_is_said() -> None:
    scores = [1 - place / 1000 for place in range(400)]
    certificate = certify(scores, [place > 40 for place in range(400)], range(400), max_error=0.2, delta=0.05)
    assert (certificate.threshold, certificate.labels_needed) == (None, None)
    assert "The surest answers are wrong more often than some that are less sure" in certificate.in_words()


def test_a_score_of_0_is_never_answered() -> None:
    certificate = certify([0.9] * 80 + [0.0] * 80, [True] * 160, range(160), max_error=0.3, delta=0.05)
    assert (certificate.threshold, certificate.coverage) == (0.9, 0.5)


def test_answers_that_are_too_bad_are_said_to_be_so() -> None:
    certificate = certify([0.5, 0.6] * 200, [True, False] * 200, range(400), max_error=0.1, delta=0.05)
    assert certificate.labels_needed is None
    assert "the answers must get better, or the promise weaker" in certificate.in_words()


def test_a_handful_of_labels_says_what_the_fewest_would_be() -> None:
    certificate = certify([0.9, 0.8, 0.7], [True] * 3, range(3), max_error=0.1, delta=0.05)
    assert "It takes 70 at the very least" in certificate.in_words()


@pytest.mark.parametrize(("labels", "certified"), [(69, False), (70, True)], ids=["one too few", "enough"])
def test_the_fewest_labels_are_enough_with_two_wrong_among_them(labels: int, certified: bool) -> None:
    certificate = certify([0.9] * labels, [True] * (labels - 2) + [False] * 2, range(labels), max_error=0.1, delta=0.05)
    assert (certificate.threshold is not None) == certified


@pytest.mark.parametrize(("label", "threshold"), [(True, 0.9), (False, None)], ids=["all right", "all wrong"])
def test_labels_of_one_kind_are_an_ordinary_outcome(label: bool, threshold: float | None) -> None:
    assert certify([0.9] * 300, [label] * 300, range(300), max_error=0.1, delta=0.05).threshold == threshold


def test_a_kept_promise_says_what_it_rests_on() -> None:
    words = certify([0.9] * 80, [True] * 80, range(80), max_error=0.1, delta=0.05).in_words()
    assert words == (
        "While tickets look like the labelled ones: at most 10 % of the answers wrong, with 95 % confidence. Of 80 "
        "independent labels 80 (100 %) are answered at threshold 0.900, 0 of them wrongly (upper bound 3.68 %)."
    )


@pytest.mark.parametrize(
    ("scores", "right", "max_error", "words"),
    [
        ([], [], 0.1, "a score, a label and a group"),
        ([0.5], [True, False], 0.1, "a score, a label and a group"),
        ([1.5], [True], 0.1, "scores between 0 and 1"),
        ([float("nan")], [True], 0.1, "scores between 0 and 1"),
    ],
    ids=["no rows", "one label too many", "score above 1", "no number"],
)
def test_what_cannot_be_certified_is_refused(
    scores: list[float], right: list[bool], max_error: float, words: str
) -> None:
    with pytest.raises(CalibrationError, match=words):
        certify(scores, right, range(len(scores)), max_error=max_error, delta=0.05)


def test_one_row_of_each_group_counts() -> None:
    assert [place // 3 for place in one_of_each([0, 0, 0, 1, 1, 1, 2, 2, 2], seed=5)] == [0, 1, 2]


@pytest.mark.parametrize(
    ("wrong", "answered", "bound"), [(0, 29, 0.0981), (3, 100, 0.0757), (5, 5, 1.0)], ids=["none", "some", "all"]
)
def test_the_upper_bound_is_the_tabulated_one(wrong: int, answered: int, bound: float) -> None:
    assert upper_bound(wrong, answered, 0.05) == pytest.approx(bound, abs=5e-4)


def test_a_group_for_which_the_promise_is_broken_is_flagged() -> None:
    rows = group_table(["de"] * 20 + ["en"] * 50, [0.9] * 70, [False] * 12 + [True] * 58, 0.5, max_error=0.1)
    assert [(row.group, row.wrong, row.broken) for row in rows] == [("en", 0, False), ("de", 12, True)]


def test_a_group_with_nothing_answered_has_no_risk() -> None:
    (row,) = group_table(["de", "de"], [0.1, 0.2], [True, False], 0.5, max_error=0.1)
    assert (row.answered, row.risk, row.low, row.high, row.broken) == (0, None, 0.0, 1.0, False)


def test_without_a_threshold_no_group_is_answered() -> None:
    assert group_table(["de"], [0.9], [True], None, max_error=0.1)[0].coverage == 0
