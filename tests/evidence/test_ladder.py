"""The order of the tests, what each may spend, and that they are exact."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support_agent.errors import CalibrationError
from support_agent.evidence.ladder import (
    SHARES,
    Due,
    Look,
    Plan,
    Promise,
    allowed,
    holds,
    labels_needed,
    make_plan,
    next_looks,
    percent,
    proven,
    upper,
)

RUNGS = (0.9, 0.8, 0.7, 0.6, 0.5)
TENTH = Promise(0.10, 0.05)
SHARE = st.floats(0.01, 0.5)


def taken(due: Due, passed: bool) -> Look:
    return Look(due.climb, due.rung, due.labels, 0, 0.01, passed, until=0.5, last=100)


def next_look(plan: Plan, done: list[Look]) -> Due | None:
    """The test that is due on the first climb, or on the second where that has ended."""
    return next(iter(next_looks(plan, done)), None)


def looks(plan: Plan, *results: bool) -> list[Look]:
    """Tests with these results, each the one that was due."""
    done: list[Look] = []
    for passed in results:
        due = next_look(plan, done)
        assert due is not None
        done.append(taken(due, passed))
    return done


def p_value(wrong: int, labels: int, max_error: float) -> float:
    """P(at most so many wrong) where exactly ``max_error`` are: the sum of the binomial's first terms."""
    return math.fsum(math.comb(labels, k) * max_error**k * (1 - max_error) ** (labels - k) for k in range(wrong + 1))


class TestPromise:
    @pytest.mark.parametrize(
        ("max_error", "delta"),
        [(0.0, 0.05), (1.0, 0.05), (-0.1, 0.05), (0.1, 0.0), (0.1, 1.0), (math.nan, 0.05)],
        ids=["no error", "all wrong", "below nothing", "certain", "never sure", "no number"],
    )
    def test_what_no_labels_could_keep_is_refused(self, max_error: float, delta: float) -> None:
        with pytest.raises(CalibrationError, match=r"max_error \(.*\) and delta \(.*\) lie in 0–1"):
            Promise(max_error, delta)

    @pytest.mark.parametrize(
        ("max_error", "labels"),
        [(0.1, (60, 100, 200, 400)), (0.05, (120, 200, 400, 800)), (0.5, (12, 20, 40, 80))],
        ids=["10 %", "5 %", "50 %"],
    )
    def test_a_stricter_promise_takes_more_labels(self, max_error: float, labels: tuple[int, ...]) -> None:
        assert Promise(max_error).looks == labels

    def test_it_is_said_in_words(self) -> None:
        assert str(TENTH) == "at most 10 % of the answers wrong, with 95 % confidence"


class TestPlan:
    def test_its_rungs_answer_the_shares_of_the_tickets(self) -> None:
        scores = [place / 1000 for place in range(1, 1001)]
        plan = make_plan(scores, TENTH)
        assert [sum(score >= rung for score in scores) / 1000 for rung in plan.rungs] == list(SHARES)

    @settings(deadline=None)
    @given(st.lists(st.floats(0, 1), min_size=60, max_size=90), st.integers(0, 9))
    def test_the_order_of_the_tickets_does_not_matter(self, scores: list[float], seed: int) -> None:
        assert make_plan(random.Random(seed).sample(scores, len(scores)), TENTH) == make_plan(scores, TENTH)

    @settings(deadline=None)
    @given(st.lists(st.floats(0, 1), min_size=60, max_size=90))
    def test_its_rungs_fall_and_one_is_where_it_starts(self, scores: list[float]) -> None:
        plan = make_plan(scores, TENTH)
        assert list(plan.rungs) == sorted(set(plan.rungs), reverse=True)
        assert 0 <= plan.start < len(plan.rungs)

    def test_tied_scores_are_one_rung(self) -> None:
        assert make_plan([0.9] * 50 + [0.4] * 50, TENTH).rungs == (0.9, 0.4)

    @pytest.mark.parametrize(
        ("scores", "start"),
        [([0.99] * 40 + [0.96] * 60, 1), ([0.99] * 40 + [0.5] * 60, 0), ([0.2] * 40 + [0.1] * 60, 0)],
        ids=["all are sure", "the surest are sure", "none is sure"],
    )
    def test_it_starts_at_the_widest_rung_of_which_the_ranking_thinks_well(
        self, scores: list[float], start: int
    ) -> None:
        assert make_plan(scores, TENTH).start == start

    def test_fewer_tickets_than_labels_of_the_first_test_are_too_few(self) -> None:
        with pytest.raises(CalibrationError, match=r"Too few tickets .* to plan on .59.: .* at least 60 readings"):
            make_plan([0.9] * 59, TENTH)
        assert make_plan([0.9] * 60, TENTH).rungs == (0.9,)

    @given(SHARE, SHARE, st.integers(0, 4))
    def test_the_levels_of_all_tests_on_a_way_sum_to_delta_at_most(
        self, max_error: float, delta: float, start: int
    ) -> None:
        plan = Plan(Promise(max_error, delta), RUNGS, start)
        spent = [
            plan.level(climb, labels)
            for climb, rungs in enumerate(plan.climbs())
            if rungs
            for labels in plan.promise.looks
        ]
        assert 0.99 * delta < math.fsum(spent) <= delta * (1 + 1e-9)

    @pytest.mark.parametrize("start", [0, 2], ids=["one climb", "two climbs"])
    def test_all_plans_on_the_same_tickets_together_spend_twice_delta_at_most(self, start: int) -> None:
        levels = [Plan(TENTH, RUNGS, start, earlier=earlier).level(0, 60) for earlier in range(6)]
        assert levels[1:] == [level / 2 for level in levels[:-1]]

    def test_the_first_test_of_a_tenth_allows_one_wrong_answer(self) -> None:
        levels = [Plan(TENTH, RUNGS, start).level(0, 60) for start in range(5)]
        assert [allowed(60, 0.1, level) for level in levels] == [1] * 5


class TestNextLook:
    def test_the_climb_begins_where_the_plan_starts(self) -> None:
        assert next_look(Plan(TENTH, RUNGS, 2), []) == Due(0, 2, 60)

    def test_a_test_that_fails_is_followed_by_one_on_more_labels(self) -> None:
        plan = Plan(TENTH, RUNGS, 2)
        assert next_look(plan, looks(plan, False)) == Due(0, 2, 100)

    def test_a_rung_that_holds_is_followed_by_the_next_wider_one(self) -> None:
        plan = Plan(TENTH, RUNGS, 2)
        assert next_look(plan, looks(plan, False, True)) == Due(0, 3, 60)

    def test_a_rung_that_fails_ends_the_climb(self) -> None:
        plan = Plan(TENTH, RUNGS, 2)
        assert next_look(plan, looks(plan, True, False, False, False, False)) is None

    def test_where_the_first_rung_fails_a_second_climb_begins_at_the_strictest(self) -> None:
        plan = Plan(TENTH, RUNGS, 2)
        assert next_look(plan, looks(plan, False, False, False, False)) == Due(1, 0, 60)

    def test_the_second_climb_goes_beside_the_first(self) -> None:
        assert next_looks(Plan(TENTH, RUNGS, 2), []) == [Due(0, 2, 60), Due(1, 0, 60)]

    def test_once_the_first_climb_has_proven_a_rung_the_second_is_over(self) -> None:
        plan = Plan(TENTH, RUNGS, 2)
        assert next_looks(plan, looks(plan, True)) == [Due(0, 3, 60)]

    def test_the_second_climb_goes_on_as_the_first_does(self) -> None:
        plan = Plan(TENTH, RUNGS, 2)
        assert next_look(plan, looks(plan, False, False, False, False, True)) == Due(1, 1, 60)

    def test_the_second_climb_ends_below_where_the_first_one_failed(self) -> None:
        plan = Plan(TENTH, RUNGS, 1)
        assert next_look(plan, looks(plan, False, False, False, False, True)) is None

    def test_from_the_strictest_rung_there_is_no_second_climb(self) -> None:
        plan = Plan(TENTH, RUNGS, 0)
        assert next_look(plan, looks(plan, False, False, False, False)) is None

    def test_after_the_widest_rung_nothing_is_due(self) -> None:
        plan = Plan(TENTH, RUNGS, 4)
        assert next_look(plan, looks(plan, True)) is None

    @pytest.mark.parametrize("seed", range(60))
    def test_no_test_is_taken_twice_and_no_wider_rung_before_the_one_before_holds(self, seed: int) -> None:
        draw = random.Random(seed)
        plan = Plan(TENTH, RUNGS, draw.randrange(5))
        done: list[Look] = []
        while dues := next_looks(plan, done):
            due = draw.choice(dues)
            before = [look for look in done if look.climb == due.climb and look.rung == due.rung - 1]
            first = due.rung == plan.climbs()[due.climb][0]
            assert first or any(look.passed for look in before)
            mine = [look.labels for look in done if (look.climb, look.rung) == (due.climb, due.rung)]
            assert (*mine, due.labels) == TENTH.looks[: len(mine) + 1]
            assert due.climb == 0 or not any(look.passed for look in done if look.climb == 0)
            done.append(taken(due, draw.random() < 0.4))
        assert len({(look.climb, look.rung, look.labels) for look in done}) == len(done)


def test_what_holds_is_the_last_test_that_passed_at_the_widest_rung() -> None:
    plan = Plan(TENTH, RUNGS, 2)
    done = looks(plan, True, False, True, False, False)
    assert proven(done) == done[2]


def test_where_no_test_passed_nothing_holds() -> None:
    assert proven(looks(Plan(TENTH, RUNGS, 2), False, False)) is None


@settings(deadline=None)
@given(st.integers(1, 80), st.integers(0, 80), SHARE, SHARE)
def test_a_test_is_the_exact_binomial_one(labels: int, wrong: int, max_error: float, level: float) -> None:
    wrong = min(wrong, labels)
    chance = p_value(wrong, labels, max_error)
    assert holds(wrong, labels, max_error, level * 0.999) <= (chance <= level)
    assert holds(wrong, labels, max_error, level * 1.001) >= (chance <= level)


def test_no_labels_prove_nothing() -> None:
    assert not holds(0, 0, 0.1, 0.99)


@settings(deadline=None)
@given(st.integers(1, 200), SHARE, SHARE)
def test_one_more_wrong_than_allowed_does_not_pass(labels: int, max_error: float, level: float) -> None:
    most = allowed(labels, max_error, level)
    assert most < 0 or holds(most, labels, max_error, level)
    assert not holds(most + 1, labels, max_error, level)


@pytest.mark.parametrize(("rate", "about"), [(0.0, 41), (0.05, 150)], ids=["none wrong", "half as many"])
def test_how_many_labels_a_proof_takes_is_told_by_the_rate(rate: float, about: int) -> None:
    assert labels_needed(rate, 0.1, 0.014) == pytest.approx(about, rel=0.2)


@pytest.mark.parametrize("rate", [0.1, 0.3, 0.0999], ids=["as many", "more", "hardly fewer"])
def test_a_rate_that_takes_more_labels_than_anybody_reads_is_out_of_reach(rate: float) -> None:
    assert labels_needed(rate, 0.1, 0.01) is None


@settings(deadline=None)
@given(st.integers(1, 400), st.integers(0, 400), st.floats(0.001, 0.2))
def test_the_upper_bound_is_below_what_is_promised_just_where_the_test_passes(
    labels: int, wrong: int, level: float
) -> None:
    look = Look(0, 0, labels, min(wrong, labels), level, True, 0.5, 100)
    assert (upper(look) <= 0.1) == holds(look.wrong, labels, 0.1, level)


@pytest.mark.parametrize(("share", "words"), [(0.1, "10 %"), (0.001, "0.1 %"), (0.12345, "12.3 %")])
def test_a_share_is_said_in_three_digits(share: float, words: str) -> None:
    assert percent(share) == words
