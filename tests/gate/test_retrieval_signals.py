"""What is measured of the passages that were found, on the scale of their index."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_agent.gate.given import Found
from support_agent.gate.retrieval_signals import HIGHEST, LOWEST, lead, nearness, retrieval_score, word_rank
from support_agent.records import Passage
from support_agent.retrieval.subject import Nearness

SCALE = Nearness(far=0.4, edge=0.5, near=0.8)
NARROW = Nearness(far=0.4, edge=0.4, near=0.42)


def found(score: float = 0.6, lead: float = 0.1, word_score: float = 0.5, scale: Nearness = SCALE) -> Found:
    first = Passage("docs:1", "How?", "So.", "docs", score, lead, word_score)
    return Found("How?", [first, Passage("docs:2", "Why?", "Because.", "docs", score - 0.1, 1.0, 1.0)], scale)


@pytest.mark.parametrize(
    ("score", "value"),
    [(0.4, 0.0), (0.6, 0.5), (0.8, 1.0), (0.2, -0.5), (1.0, 1.5)],
    ids=["as far as anything", "half-way", "as near as its own", "further", "nearer"],
)
def test_nearness_is_the_place_of_the_best_passage_on_the_indexs_scale(score: float, value: float) -> None:
    assert nearness(found(score)).value == pytest.approx(value)


@pytest.mark.parametrize(("ahead", "value"), [(0.0, 0.0), (0.1, 0.25), (0.4, 1.0)])
def test_the_lead_of_the_best_passage_is_told_on_the_same_scale(ahead: float, value: float) -> None:
    assert lead(found(lead=ahead)).value == pytest.approx(value)


def test_the_word_rank_is_that_of_the_best_passage() -> None:
    assert word_rank(found(word_score=0.25)).value == 0.25


def test_a_scale_of_like_texts_makes_no_step_of_every_hundredth() -> None:
    assert nearness(found(0.45, scale=NARROW)).value == pytest.approx(0.5)
    assert lead(found(lead=0.05, scale=NARROW)).value == pytest.approx(0.5)


def test_where_nothing_was_found_nothing_is_near() -> None:
    nothing = Found("How?", [], SCALE)
    values = [measure(nothing).value for measure in (retrieval_score, nearness, lead, word_rank)]
    assert values == [-1.0, LOWEST, 0.0, 0.0]


@given(st.floats(-1, 1), st.floats(0, 2), st.floats(-1, 1), st.floats(-1, 1))
def test_no_signal_leaves_the_bounds_that_it_is_combined_within(
    score: float, ahead: float, far: float, near: float
) -> None:
    measured = found(score, ahead, scale=Nearness(far, far, near))
    assert LOWEST <= nearness(measured).value <= HIGHEST
    assert LOWEST <= lead(measured).value <= HIGHEST


@pytest.mark.parametrize("measure", [retrieval_score, nearness, lead, word_rank])
def test_none_of_them_decides_alone(measure) -> None:  # type: ignore[no-untyped-def]
    signal = measure(found(-1.0, 0.0, 0.0))
    assert (signal.threshold, signal.fired) == (None, False)
