import math
import random
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support_agent.evidence.drift import DriftWatch


def scores(n: int, seed: int, shift: float = 0.0, spread: float = 1.0) -> list[float]:
    """Logistic of a normal variable, in one decimal: many ties."""
    source = random.Random(seed)
    return [round(1 / (1 + math.exp(-1 - 1.5 * (shift + spread * source.gauss(0, 1)))), 1) for _ in range(n)]


def watched(reference: list[float], live: list[float], false_alarm: float = 0.001) -> DriftWatch:
    watch = DriftWatch(reference, false_alarm=false_alarm)
    for score in live:
        watch.see(score)
    return watch


def test_traffic_like_the_labels_is_left_alone() -> None:
    assert not any(watched(scores(500, seed), scores(1000, seed + 100)).withdrawn for seed in range(20))


def test_false_alarms_are_no_more_frequent_than_promised() -> None:
    # 200 streams with a chance of 0.1 each give more than 34 in 0.1 % of cases; the seeds are fixed.
    alarms = sum(watched(scores(200, seed), scores(300, seed + 1000), false_alarm=0.1).withdrawn for seed in range(200))
    assert alarms <= 34


@pytest.mark.parametrize(
    ("shift", "spread"),
    [(-0.5, 1.0), (-1.0, 1.0), (-0.3, 0.5)],
    ids=["lower", "much lower", "lower and narrower"],
)
def test_drift_is_seen(shift: float, spread: float) -> None:
    assert watched(scores(800, 1), scores(1000, 2, shift, spread)).withdrawn


def test_a_crowd_just_above_the_threshold_is_seen() -> None:
    watch = DriftWatch(scores(800, 1), threshold=0.7)
    for score in [0.4, 0.7] * 300:
        watch.see(score)
    assert watch.withdrawn


def test_surer_tickets_are_left_alone() -> None:
    assert not watched(scores(800, 1), scores(5000, 2, 1.0)).withdrawn


def test_a_ticket_that_comes_again_and_again_counts_once() -> None:
    watch = DriftWatch(scores(800, 1))
    for _ in range(500):
        watch.see(0.2, "How do I reset my queue?")
        watch.see(0.2, "how do I RESET my queue")
    assert watch.in_words() == "Traffic looks no worse than the labelled tickets so far (1 seen)."


def test_drift_is_seen_after_a_long_quiet_time() -> None:
    watch = watched(scores(800, 1), scores(30_000, 2))
    assert not watch.withdrawn
    for score in scores(1000, 3, -1.0):
        watch.see(score)
    assert watch.withdrawn


def test_withdrawal_is_said_once_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    watched([0.9] * 500, [0.2] * 400)
    assert [record.message.split(" after ")[0] for record in caplog.records] == ["The certificate was withdrawn"]


def test_withdrawn_is_for_good() -> None:
    watch = watched(scores(800, 1), [0.0] * 100)
    for score in scores(500, 3):
        watch.see(score)
    assert watch.withdrawn


def test_it_says_when_and_why_it_was_withdrawn() -> None:
    words = watched([0.9] * 500, [0.2] * 200).in_words()
    assert words.startswith("The certificate was withdrawn after 1")
    assert "(mean 0.20) look worse than those of the labelled ones (mean 0.90)" in words


def test_it_says_that_all_is_well() -> None:
    assert (
        watched([0.9] * 50, [0.9] * 3).in_words() == "Traffic looks no worse than the labelled tickets so far (3 seen)."
    )


@settings(deadline=None)
@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=30))
def test_any_number_is_taken(live: list[float]) -> None:
    assert watched([0.5, 0.6], live).in_words()


def test_no_labelled_scores_are_no_reason_to_withdraw() -> None:
    assert not watched([], scores(300, 1)).withdrawn


def test_many_threads_lose_no_ticket() -> None:
    watch = DriftWatch(scores(200, 1))
    live = scores(400, 2)
    threads = [threading.Thread(target=lambda: [watch.see(score) for score in live]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "(1,600 seen)" in watch.in_words()
