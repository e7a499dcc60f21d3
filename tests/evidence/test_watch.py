"""The watch over a promise: one state for all processes, and what counts for it."""

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from support_agent.errors import CalibrationError
from support_agent.evidence.store import Store, open_store
from support_agent.evidence.watch import CALM_RATE, RAISE, RAISED_RATE, WITHDRAW, SpotChecks, Watch

REFERENCE = [place / 100 for place in range(50, 100)]


def watch_over(store: Store | None = None, promise: str = "abc", reference: list[float] = REFERENCE) -> Watch:
    return Watch(promise, reference, threshold=0.7, max_error=0.1, store=store)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path)


class TestScores:
    def test_a_ticket_that_comes_again_counts_once(self, store: Store) -> None:
        for watch in (watch_over(), watch_over(store)):
            for _ in range(10):
                watch.see(0.9, "How do I reset my queue?")
                watch.see(0.9, "how do I RESET my queue")
            assert watch.state.drift.seen == 1

    def test_a_ticket_without_a_text_counts_each_time(self) -> None:
        watch = watch_over()
        watch.see(0.9)
        watch.see(0.9)
        assert watch.state.drift.seen == 2

    def test_scores_that_move_down_withdraw_the_promise(self) -> None:
        watch = watch_over()
        for _ in range(300):
            watch.see(0.2)
        assert watch.withdrawn
        assert "tickets score 0.20 in the mean, worse than those it was planned on" in watch.in_words()

    def test_a_promise_that_was_withdrawn_stays_withdrawn(self) -> None:
        watch = watch_over()
        for _ in range(300):
            watch.see(0.2)
        words = watch.in_words()
        for _ in range(300):
            watch.see(0.99)
        assert watch.in_words() == words

    def test_withdrawal_and_a_raised_rate_are_each_said_once_in_the_log(self, caplog: pytest.LogCaptureFixture) -> None:
        watch = watch_over()
        for _ in range(300):
            watch.see(0.2)
        assert [record.message.split(":")[0].split(" (")[0] for record in caplog.records] == [
            "Something moves",
            "The promise was withdrawn",
        ]


class TestSpotChecks:
    def test_as_many_wrong_ones_as_promised_withdraw_nothing(self) -> None:
        watch = watch_over()
        watch.check([False] * 9 + [True])
        watch.check(([False] * 9 + [True]) * 30)
        assert (watch.withdrawn, watch.state.checks.read, watch.state.checks.wrong) == (False, 310, 31)

    def test_twice_as_many_withdraw_it(self) -> None:
        watch = watch_over()
        watch.check(([False] * 4 + [True]) * 60)
        assert watch.withdrawn
        assert "sent answers were found wrong" in watch.in_words()

    def test_the_bet_is_fair_at_the_very_rate_that_is_promised(self) -> None:
        before = SpotChecks(0.1)
        before.play(True)
        wealth = []
        for wrong in (False, True):
            after = SpotChecks(0.1, list(before.won))
            after.play(wrong)
            wealth.append(after.wealth)
        assert 0.9 * wealth[0] + 0.1 * wealth[1] == pytest.approx(before.wealth)

    def test_a_run_of_wrong_ones_raises_the_reading_rate_before_it_withdraws(self) -> None:
        watch = watch_over()
        assert watch.state.reading_rate == CALM_RATE
        watch.check([True] * 8)
        assert (watch.state.reading_rate, watch.withdrawn) == (RAISED_RATE, False)
        assert "read 50% of the answers that are sent" in watch.in_words()

    @pytest.mark.parametrize(
        "play",
        [lambda watch: watch.see(0.2), lambda watch: watch.check([True])],
        ids=["scores that move down", "wrong answers"],
    )
    def test_each_sign_has_half_of_the_false_alarms(self, play: Callable[[Watch], None]) -> None:
        watch, seen = watch_over(), []
        for _ in range(100):
            play(watch)
            wealth = max(watch.state.drift.wealth, watch.state.checks.wealth)
            seen.append((wealth, watch.state.raised, watch.withdrawn))
        assert [raised for _, raised, _ in seen] == [wealth >= 2 / RAISE for wealth, _, _ in seen]
        assert [withdrawn for _, _, withdrawn in seen] == [wealth >= 2 / WITHDRAW for wealth, _, _ in seen]
        assert watch.withdrawn


class TestOneStateForAll:
    def test_twenty_restarts_lose_nothing(self, store: Store) -> None:
        for number in range(20):
            watch = watch_over(open_store(store.path.parent))
            watch.see(0.9, f"ticket {number}")
            watch.check([number == 7])
        state = watch_over(store).state
        assert (state.drift.seen, state.checks.read, state.checks.wrong) == (20, 20, 1)

    def test_restarts_change_nothing_about_the_state(self, store: Store) -> None:
        whole = watch_over()
        for number in range(40):
            whole.see(number / 40)
            watch_over(store).see(number / 40)
        assert watch_over(store).state == whole.state

    def test_a_ticket_that_came_before_a_restart_counts_once(self, store: Store) -> None:
        watch_over(store).see(0.9, "Where is the key?")
        watch_over(store).see(0.9, "Where is the key?")
        assert watch_over(store).state.drift.seen == 1

    def test_threads_that_share_a_watch_lose_no_ticket(self, store: Store) -> None:
        shared = watch_over(store)
        work_in_threads([shared] * 4)
        assert watch_over(store).state.drift.seen == 100

    def test_watches_over_one_file_lose_no_ticket_of_each_other(self, store: Store) -> None:
        work_in_threads([watch_over(open_store(store.path.parent)) for _ in range(4)])
        assert watch_over(store).state.drift.seen == 100

    def test_two_processes_share_one_watch(self, store: Store) -> None:
        program = (
            "import sys; from pathlib import Path\n"
            "from support_agent.evidence.store import open_store\n"
            "from support_agent.evidence.watch import Watch\n"
            f"watch = Watch('abc', {REFERENCE!r}, 0.7, 0.1, open_store(Path({str(store.path.parent)!r})))\n"
            "for number in range(30): watch.see(0.9, f'word{number} {sys.argv[1]}')\n"
        )
        running = [subprocess.Popen([sys.executable, "-c", program, name]) for name in ("one", "other")]
        assert [process.wait() for process in running] == [0, 0]
        assert watch_over(store).state.drift.seen == 60

    def test_what_one_process_withdraws_another_knows_with_its_next_ticket(self, store: Store) -> None:
        waiting = watch_over(open_store(store.path.parent))
        watch_over(store).check([True] * 20)
        waiting.see(0.9, "Where is the key?")
        assert waiting.withdrawn

    def test_another_promise_begins_anew(self, store: Store) -> None:
        watch_over(store).check([True] * 20)
        other = watch_over(store, promise="def")
        assert (other.withdrawn, other.state.checks.read) == (False, 0)

    def test_a_promise_that_was_withdrawn_stays_so_while_another_one_is_watched_too(self, store: Store) -> None:
        watch_over(store).check([True] * 20)
        watch_over(store, promise="of another generator").see(0.9, "Where is the key?")
        assert watch_over(store).withdrawn

    def test_a_ticket_that_another_promise_has_seen_counts_for_this_one(self, store: Store) -> None:
        watch_over(store).see(0.9, "Where is the key?")
        other = watch_over(store, promise="def")
        other.see(0.9, "Where is the key?")
        assert other.state.drift.seen == 1


class TestFileThatCannotBeUsed:
    def test_a_ticket_is_seen_all_the_same_and_the_log_says_why(
        self, store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        watch = watch_over(store)
        watch.see(0.9, "Where is the key?")
        monkeypatch.setattr(Store, "transaction", refuse)
        watch.see(0.9, "Where is the plan?")
        watch.see(0.9, "Where is the plan?")
        assert watch.state.drift.seen == 2
        assert [record.message for record in caplog.records] == [
            "The watch over the promise cannot be kept: evidence.sqlite3 cannot be used: disk I/O error."
        ]

    @pytest.mark.parametrize("state", ["{", '{"promise": "abc"}'], ids=["cut", "half"])
    def test_a_damaged_state_is_one_sentence(self, store: Store, state: str) -> None:
        with store.transaction() as connection:
            connection.execute("INSERT INTO watch VALUES (?, ?)", ("abc", state))
        with pytest.raises(CalibrationError, match="evidence.sqlite3"):
            watch_over(store)


def work_in_threads(watches: list[Watch]) -> None:
    """25 tickets for each."""

    def work(name: str, watch: Watch) -> None:
        for number in range(25):
            watch.see(0.9, f"{name}{number}")

    threads = [threading.Thread(target=work, args=[f"t{place}x", watch]) for place, watch in enumerate(watches)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def refuse(store: Store) -> None:
    raise CalibrationError("evidence.sqlite3 cannot be used: disk I/O error.")
