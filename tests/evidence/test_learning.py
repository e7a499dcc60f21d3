"""A file of verdicts → labels: what is kept, what is told, and what cannot be used."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from support_agent.agent import Agent
from support_agent.config import Config
from support_agent.errors import CalibrationError
from support_agent.evidence.learning import Learned, learn
from support_agent.evidence.ledger import last_promise, watch_in_force
from support_agent.evidence.opening import evidence_folder, own_calibration, watch_over
from support_agent.evidence.records import Verdict
from support_agent.evidence.store import FILE, Store
from support_agent.evidence.watch import CALM_RATE, Watch
from support_agent.records import Route, Ticket

from .shop import MORE_QUESTIONS, QUESTIONS, Row, answer_batch, fill_in, read_csv, without, write_csv

READ = Path("read.csv")
Evidence = Callable[[], Store]


def change(row: int = 0, file: Path = READ, **cells: str) -> None:
    """Write something else into cells of a row."""
    rows = read_csv(file)
    rows[row].update(cells)
    write_csv(file, rows)


def counted_wrong(done: Learned) -> int:
    """Of the labels of the test that holds."""
    assert done.standing is not None
    assert done.standing.look is not None
    return done.standing.look.wrong


class TestKept:
    def test_labels_are_kept_and_it_says_where_the_promise_stands(self, asked: Config) -> None:
        done = learn(fill_in(READ), config=asked)
        assert (done.tickets, done.labels, done.known, done.problems, done.notes) == (12, 12, 0, (), ())
        assert done.standing is not None
        assert done.standing.look is not None
        assert (done.standing.look.labels, done.standing.look.wrong, done.standing.to_read) == (12, 0, ())

    def test_a_file_that_is_learned_again_brings_nothing_new(self, asked: Config) -> None:
        learn(fill_in(READ), config=asked)
        done = learn(READ, config=asked)
        assert (done.labels, done.known) == (0, 12)

    def test_rows_that_nobody_has_read_bring_no_label(self, asked: Config) -> None:
        fill_in(READ, lambda row: "")
        change(3, verdict="right")
        done = learn(READ, config=asked)
        assert (done.tickets, done.labels) == (12, 1)
        assert done.standing is not None
        assert len(done.standing.to_read) == 11

    def test_partly_right_counts_as_wrong(self, asked: Config) -> None:
        done = learn(fill_in(READ, lambda row: "partly"), config=asked)
        assert done.standing is not None
        assert done.standing.wrong == 12

    def test_what_a_reader_adds_is_kept(self, asked: Config, evidence: Evidence) -> None:
        fill_in(READ)
        change(0, verdict="w", why="It moved.", correct_answer="Under Keys.")
        learn(READ, config=asked, reader="Ann", kind="model")
        said = evidence().verdicts()[0]
        assert (said.verdict, said.why, said.correct_answer) == ("wrong", "It moved.", "Under Keys.")
        assert (said.reader, said.kind, said.said > "2020") == ("Ann", "model", True)

    def test_the_files_own_column_of_readers_goes_before_the_one_that_was_named(
        self, asked: Config, evidence: Evidence
    ) -> None:
        write_csv(READ, [{**row, "verdict": "right", "reader": "Bob"} for row in read_csv(READ)])
        learn(READ, config=asked, reader="Ann")
        assert {one.reader for one in evidence().verdicts()} == {"Bob"}

    def test_tickets_of_a_batch_are_planned_on_though_nobody_has_read_them(
        self, shop: Config, evidence: Evidence
    ) -> None:
        done = learn(answer_batch(shop, Path("answered.csv")), config=shop)
        assert (done.tickets, done.labels) == (60, 0)
        assert done.standing is not None
        assert len(done.standing.to_read) > 0
        assert sum(one.drawn for one in evidence().tickets()) == 60

    def test_while_too_few_tickets_are_known_it_stands_nowhere(self, shop: Config) -> None:
        done = learn(answer_batch(shop, Path("answered.csv"), QUESTIONS[:20]), config=shop)
        assert (done.tickets, done.standing) == (20, None)

    def test_the_scores_of_a_batch_are_those_of_its_signals(self, asked: Config, evidence: Evidence) -> None:
        before = evidence().offers(evidence().fact("parts"))
        file = fill_in(answer_batch(asked, Path("answered.csv")))
        assert learn(file, config=asked).notes == ()
        assert evidence().offers(evidence().fact("parts")) == before


class TestTwoVerdicts:
    @pytest.fixture
    def said_twice(self, asked: Config) -> list[Row]:
        """The first answer stands in the file twice, and is right and wrong."""
        first, *others = read_csv(fill_in(READ))
        rows = [first, *others, {**first, "verdict": "wrong"}]
        write_csv(READ, rows)
        return rows

    def test_both_are_told_and_it_counts_as_wrong(
        self, asked: Config, said_twice: list[Row], evidence: Evidence
    ) -> None:
        done = learn(READ, config=asked)
        assert done.notes == (
            "read.csv, line 2 says right and read.csv, line 14 wrong of the same answer: it counts as wrong until one "
            "of them is mended and the file is learned again.",
        )
        assert done.labels == 12
        assert done.standing is not None
        assert evidence().looks()[0].wrong == 1

    def test_the_mended_file_clears_it(self, asked: Config, said_twice: list[Row]) -> None:
        assert counted_wrong(learn(READ, config=asked)) == 1
        change(12, verdict="right")
        done = learn(READ, config=asked)
        assert done.notes == ()
        assert counted_wrong(done) == 0

    def test_the_file_without_one_of_them_clears_it(self, asked: Config, said_twice: list[Row]) -> None:
        assert counted_wrong(learn(READ, config=asked)) == 1
        write_csv(READ, said_twice[:-1])
        assert counted_wrong(learn(READ, config=asked)) == 0

    def test_two_readers_who_differ_are_both_kept_and_it_counts_as_wrong(
        self, asked: Config, said_twice: list[Row], evidence: Evidence
    ) -> None:
        write_csv(READ, [{**row, "reader": f"reader {row['verdict']}"} for row in said_twice])
        done = learn(READ, config=asked)
        assert done.notes == ()
        assert evidence().looks()[0].wrong == 1
        assert len(evidence().verdicts()) == 13

    def test_a_reader_who_takes_a_verdict_back_is_told_so_and_the_new_one_counts(self, asked: Config) -> None:
        learn(fill_in(READ, lambda row: "wrong"), config=asked)
        change(0, verdict="right")
        done = learn(READ, config=asked)
        key = Ticket(read_csv(READ)[0]["description"]).words_key
        assert done.notes == (f"Ticket {key[:12]}: wrong was taken back for right.",)
        assert done.standing is not None
        assert done.standing.wrong == 11


class TestNotes:
    def test_labels_that_came_without_a_random_number_count_for_the_ranking_alone(
        self, asked: Config, evidence: Evidence
    ) -> None:
        rows = read_csv(answer_batch(asked, Path("picked.csv"), MORE_QUESTIONS[:5]))
        write_csv(Path("picked.csv"), [{**without("sa_sample", row), "verdict": "right"} for row in rows])
        done = learn("picked.csv", config=asked)
        assert done.notes == (
            "Labels without a random number (sa_sample), as somebody picked them: 5. They count for the ranking, and "
            "prove nothing.",
        )
        assert done.labels == 5
        assert [one.drawn for one in evidence().tickets()] == [True] * 60 + [False] * 5

    def test_a_clock_that_went_back_is_said_and_changes_no_order(self, asked: Config, evidence: Evidence) -> None:
        later = Verdict("another ticket", "So.", "right", said="2999-01-02T03:04:05+00:00")
        evidence().add_verdicts([later])
        done = learn(fill_in(READ), config=asked)
        assert done.notes == (
            "This machine's clock went back: verdicts of 2999-01-02T03:04:05+00:00 are known. Order is by arrival all "
            "the same.",
        )
        assert evidence().verdicts()[0] == later

    def test_labels_of_answers_by_another_state_of_the_agent_wait_for_the_renewal(self, asked: Config) -> None:
        other = asked.model_copy(update={"passages": 2})
        done = learn(fill_in(answer_batch(other, Path("answered.csv"))), config=asked)
        assert done.notes == (
            "Labels of answers by another state of the agent than the promise is planned on: 60. `support-agent renew` "
            "asks their tickets again.",
        )


class TestNotUsed:
    def test_a_verdict_that_is_none_is_named_and_the_others_are_kept(self, asked: Config) -> None:
        fill_in(READ)
        change(1, verdict="maybe")
        done = learn(READ, config=asked)
        assert done.problems == (
            "read.csv, line 3: 'maybe' is no verdict, so that the answer counts as not read. Write right, wrong or "
            "partly, or r, w or p.",
        )
        assert done.labels == 11

    def test_a_ticket_that_is_not_known_and_whose_words_are_not_there_is_named(self, shop: Config) -> None:
        rows = read_csv(answer_batch(shop, Path("answered.csv"), QUESTIONS[:2]))
        write_csv(Path("answered.csv"), [{**without("question", row), "verdict": "right"} for row in rows])
        done = learn("answered.csv", config=shop)
        sentence = "its ticket is not known, and its words are not in the file. Name their column: --map text=COLUMN"
        assert done.problems == tuple(f"answered.csv, line {line}: {sentence}" for line in (2, 5))
        assert (done.tickets, done.labels) == (0, 0)

    def test_a_file_for_another_index_is_refused_whole(self, asked: Config, evidence: Evidence) -> None:
        rows = read_csv(fill_in(READ))
        write_csv(READ, [{**row, "sa_evidence": row["sa_evidence"].replace("shop:", "bakery:")} for row in rows])
        with pytest.raises(CalibrationError, match="for the index bakery, not for shop. Name that one's folder"):
            learn(READ, config=asked)
        assert evidence().verdicts() == []

    def test_a_file_that_batch_did_not_write_is_refused(self, asked: Config) -> None:
        write_csv(READ, [{"text": "Where is it?", "verdict": "right"}])
        with pytest.raises(CalibrationError, match="is not a file that `support-agent batch` or `support-ag"):
            learn(READ, config=asked)

    def test_a_damaged_evidence_file_is_named_and_left_as_it_is(self, asked: Config) -> None:
        file = evidence_folder(asked) / FILE
        file.write_bytes(b"no database" * 1000)
        file.with_name(f"{FILE}-wal").unlink(missing_ok=True)
        with pytest.raises(CalibrationError, match=f"{FILE} is damaged or not a file of this program"):
            learn(fill_in(READ), config=asked)
        assert file.read_bytes() == b"no database" * 1000

    def test_line_ends_that_excel_rewrites_cost_no_label(self, shop: Config) -> None:
        file = answer_batch(shop, Path("answered.csv"), ["How do I create a webhook?\r\nThank you."])
        change(0, file, question="How do I create a webhook?\nThank you.", verdict="right")
        done = learn(file, config=shop)
        assert (done.problems, done.labels) == ((), 1)


class TestSpotChecks:
    """Answers that were sent, and drawn by their random numbers, are what the watch bets on."""

    @pytest.fixture
    def sent(self, certified: Config) -> list[Row]:
        """What a batch has sent of which the random number says that it is to be read."""
        self.promise = last_promise(certified)
        answer_batch(certified, Path("sent.csv"))
        rows = [row for row in read_csv(Path("sent.csv")) if float(row["sa_sample"]) < CALM_RATE]
        return [row for row in rows if row["sa_route"] == "answer"]

    def watch(self, settings: Config, evidence: Evidence) -> Watch:
        made = self.promise  # what was in force when the answers were sent, whatever has become of it
        assert made is not None
        return watch_over(made, evidence())

    def counted(self, settings: Config, evidence: Evidence) -> tuple[int, int]:
        checks = self.watch(settings, evidence).state.checks
        return checks.read, checks.wrong

    def test_only_answers_that_were_sent_and_drawn_count(
        self, certified: Config, sent: list[Row], evidence: Evidence
    ) -> None:
        every = read_csv(Path("sent.csv"))
        assert 0 < len(sent) < sum(row["sa_route"] == "answer" for row in every) < len(every)
        write_csv(Path("sent.csv"), [{**row, "verdict": "right", "reader": "Ann"} for row in every])
        learn("sent.csv", config=certified)
        assert self.counted(certified, evidence) == (len(sent), 0)

    def test_wrong_and_partly_right_ones_count_against_the_promise(
        self, certified: Config, sent: list[Row], evidence: Evidence
    ) -> None:
        words = ["wrong", "partly", *["right"] * 60]
        rows = [{**row, "verdict": word, "reader": "Ann"} for row, word in zip(sent, words, strict=False)]
        learn(write_csv(Path("read-again.csv"), rows), config=certified)
        assert self.counted(certified, evidence) == (len(sent), 2)

    def test_a_file_that_is_learned_again_counts_nothing_twice(
        self, certified: Config, sent: list[Row], evidence: Evidence
    ) -> None:
        file = write_csv(Path("read-again.csv"), [{**row, "verdict": "right", "reader": "Ann"} for row in sent])
        learn(file, config=certified)
        learn(file, config=certified)
        assert self.counted(certified, evidence) == (len(sent), 0)

    def test_an_answer_that_two_readers_have_read_counts_once(
        self, certified: Config, sent: list[Row], evidence: Evidence
    ) -> None:
        rows = [{**row, "verdict": "right", "reader": name} for row in sent for name in ("Ann", "Bob")]
        learn(write_csv(Path("read-again.csv"), rows), config=certified)
        assert self.counted(certified, evidence) == (len(sent), 0)

    def test_an_answer_that_two_readers_have_read_in_turn_counts_once(
        self, certified: Config, sent: list[Row], evidence: Evidence
    ) -> None:
        for name in ("Ann", "Bob"):
            rows = [{**row, "verdict": "right", "reader": name} for row in sent]
            learn(write_csv(Path("read-again.csv"), rows), config=certified)
        assert self.counted(certified, evidence) == (len(sent), 0)

    def test_a_copy_of_the_row_that_nobody_filled_in_does_not_count_as_wrong(
        self, certified: Config, sent: list[Row], evidence: Evidence
    ) -> None:
        rows = [{**row, "reader": "Ann", "verdict": word} for row in sent for word in ("right", "")]
        learn(write_csv(Path("read-again.csv"), rows), config=certified)
        assert self.counted(certified, evidence) == (len(sent), 0)

    def test_answers_that_somebody_picked_do_not_count(
        self, certified: Config, sent: list[Row], evidence: Evidence
    ) -> None:
        rows = [{**without("sa_sample", row), "verdict": "wrong", "reader": "Ann"} for row in sent]
        learn(write_csv(Path("complaints.csv"), rows), config=certified)
        assert self.counted(certified, evidence) == (0, 0)

    def test_answers_by_another_state_of_the_agent_do_not_count(
        self, certified: Config, sent: list[Row], evidence: Evidence
    ) -> None:
        parts = evidence().fact("parts")
        rows = [
            {**row, "sa_evidence": row["sa_evidence"].replace(parts, "another"), "verdict": "wrong", "reader": "Ann"}
            for row in sent
        ]
        learn(write_csv(Path("before.csv"), rows), config=certified)
        assert self.counted(certified, evidence) == (0, 0)

    def test_many_wrong_ones_withdraw_the_promise(self, certified: Config, sent: list[Row], evidence: Evidence) -> None:
        watch = self.watch(certified, evidence)
        watch.check([True] * 17)
        assert not watch.withdrawn
        learn(
            write_csv(Path("read-again.csv"), [{**row, "verdict": "wrong", "reader": "Ann"} for row in sent]),
            config=certified,
        )
        assert self.watch(certified, evidence).withdrawn


def test_the_random_number_that_the_watch_goes_by_is_the_tickets_own(asked: Config) -> None:
    rows = read_csv(READ)
    assert [float(row["sa_sample"]) for row in rows] == [Ticket(row["description"]).sample for row in rows]
    assert replace(Ticket(rows[0]["description"]), ticket_id="another").sample == float(rows[0]["sa_sample"])


class TestFairSample:
    """What came back of an answered file proves something only if all of it did."""

    def test_a_verdict_that_cannot_be_read_does_not_take_its_ticket_out_of_the_sample(
        self, asked: Config, evidence: Evidence
    ) -> None:
        learn(fill_in(READ, lambda row: "misleading"), config=asked)
        assert evidence().looks() == []
        assert sum(one.drawn for one in evidence().tickets()) == 60

    def test_rows_that_were_deleted_make_the_rest_a_picked_one(self, shop: Config, evidence: Evidence) -> None:
        file = answer_batch(shop, Path("answered.csv"))
        rows = [{**row, "verdict": "right"} for row in read_csv(file)[:40]]
        done = learn(write_csv(file, rows), config=shop)
        assert [note.startswith("Missing from the answered file: 20 tickets.") for note in done.notes] == [True]
        assert not any(one.drawn for one in evidence().tickets())

    def test_rows_that_came_in_two_files_are_a_whole_one(self, shop: Config, evidence: Evidence) -> None:
        rows = read_csv(answer_batch(shop, Path("answered.csv")))
        learn(write_csv(Path("first.csv"), rows[:30]), config=shop)
        assert learn(write_csv(Path("all.csv"), rows), config=shop).notes == ()
        assert all(one.drawn for one in evidence().tickets())

    def test_a_part_of_a_file_that_was_learned_whole_is_fair_too(self, shop: Config, evidence: Evidence) -> None:
        rows = read_csv(answer_batch(shop, Path("answered.csv")))
        learn("answered.csv", config=shop)
        read = [{**row, "verdict": "right"} for row in rows[:10]]
        assert learn(write_csv(Path("part.csv"), read), config=shop).notes == ()
        assert all(one.drawn for one in evidence().tickets())

    def test_verdicts_that_refute_a_promise_end_it_at_once(self, certified: Config) -> None:
        done = learn(fill_in(READ, lambda row: "wrong"), config=certified)
        assert any(note.startswith("What was promised no longer stands") for note in done.notes)
        watch = watch_in_force(certified)
        assert watch is not None
        assert watch.state.refuted

    def test_a_named_promise_is_held_to_its_labels(self, certified: Config) -> None:
        own_calibration(certified).rename("mine.json")
        named = certified.model_copy(update={"calibration": "mine.json"})
        learn(fill_in(READ, lambda row: "wrong"), config=named)
        assert all(reply.route is Route.HUMAN for reply in Agent.load(named).ask_many(map(Ticket, QUESTIONS)))

    def test_verdicts_whose_evidence_was_cut_are_told_and_count_once_asked_again(self, asked: Config) -> None:
        for row in range(len(fill_in(READ) and read_csv(READ))):
            change(row, sa_evidence="{")
        done = learn(READ, config=asked)
        assert any(note.startswith("Verdicts without what wrote the answer") for note in done.notes)

    def test_two_readers_who_differ_are_named_with_what_to_do(self, asked: Config) -> None:
        rows = read_csv(READ)
        learn(write_csv(Path("anna.csv"), [{**row, "verdict": "wrong"} for row in rows]), config=asked)
        done = learn(write_csv(Path("mended.csv"), [{**row, "verdict": "right"} for row in rows]), config=asked)
        note = next(note for note in done.notes if note.startswith("Two readers differ on 12"))
        assert note.endswith("learn the file with --reader 'anna.csv'.")

    def test_files_of_two_readers_without_a_name_are_two_readers(self, asked: Config, evidence: Evidence) -> None:
        rows = read_csv(READ)
        for name, word in (("anna.csv", "wrong"), ("ben.csv", "right")):
            learn(write_csv(Path(name), [{**row, "verdict": word} for row in rows]), config=asked)
        assert {one.reader for one in evidence().verdicts()} == {"anna.csv", "ben.csv"}
        assert evidence().looks()[0].wrong == len(rows)
