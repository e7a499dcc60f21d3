"""From labels to a promise in force: asking, planning, testing, renewing, and beginning anew after a withdrawal."""

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from support_agent import Agent, Reason, Route
from support_agent.config import Config
from support_agent.errors import BatchError, CalibrationError
from support_agent.evidence.calibration import write_calibration
from support_agent.evidence.certifying import Certified, certify, renew
from support_agent.evidence.ladder import percent
from support_agent.evidence.learning import learn
from support_agent.evidence.ledger import last_promise
from support_agent.evidence.opening import evidence_folder, own_calibration, watch_over
from support_agent.evidence.records import Verdict
from support_agent.evidence.store import FILE, Store
from support_agent.evidence.watch import Watch
from support_agent.jobs import add_to_index
from support_agent.records import Ticket
from support_agent.shelves import Shelf

from .shop import (
    FORMS,
    LOOSE,
    MORE_QUESTIONS,
    QUESTIONS,
    ROWS,
    THINGS,
    Row,
    answer_batch,
    build_shop,
    fill_in,
    read_csv,
    write_csv,
    write_rows,
    write_tickets,
)

READ = Path("read.csv")
PAST = Path("past.csv")
Evidence = Callable[[], Store]


def routes(settings: Config) -> set[tuple[Route, tuple[Reason, ...]]]:
    """What becomes of the past tickets."""
    return {(reply.route, reply.reasons[:1]) for reply in Agent.load(settings).ask_many(QUESTIONS)}


def watch_of(settings: Config, store: Store) -> Watch:
    made = last_promise(settings)
    assert made is not None
    return watch_over(made, store)


def withdraw(settings: Config, store: Store) -> None:
    watch_of(settings, store).check([True] * 30)


def read_on(settings: Config, done: Certified) -> Certified:
    """Read what is to be read, all of it right, and certify again."""
    assert done.written is not None
    learn(fill_in(done.written), config=settings)
    return certify(config=settings)


class TestFirstTime:
    def test_each_past_ticket_is_asked_and_what_is_to_be_read_is_written(self, shop: Config) -> None:
        asked: list[tuple[int, int]] = []
        done = certify(
            config=shop,
            tickets=write_tickets(PAST),
            max_error=LOOSE,
            to_read=READ,
            on_asked=lambda count, of: asked.append((count, of)),
        )
        assert (done.asked, asked[-1]) == (60, (60, 60))
        assert (done.calibration, done.standing.look) == (None, None)
        assert done.written == READ
        read = read_csv(READ)
        assert [row["description"] for row in read] == [one.known.ticket.text for one in done.standing.to_read]
        assert len(read) == done.standing.plan.promise.looks[0] == 12

    def test_nothing_is_sent_before_anything_is_proven(self, asked: Config) -> None:
        assert routes(asked) == {(Route.HUMAN, (Reason.NOT_PROVEN_YET,))}

    def test_the_first_to_be_read_have_the_lowest_random_numbers_of_their_rung(
        self, asked: Config, evidence: Evidence
    ) -> None:
        read = [float(row["sa_sample"]) for row in read_csv(READ)]
        lowest = min(float(row["sa_score"]) for row in read_csv(READ))
        offers = evidence().offers(evidence().fact("parts"))
        inside = sorted(one.sample for one in evidence().tickets() if offers[one.key].score >= lowest)
        assert read == inside[: len(read)]

    def test_right_answers_are_proven_and_sent_and_the_promise_says_who_read(self, asked: Config) -> None:
        learn(fill_in(READ), config=asked)
        done = certify(config=asked)
        assert done.calibration is not None
        assert done.calibration.readers == ("person",)
        assert done.calibration.look.wrong == 0
        answered = [reply.route for reply in Agent.load(asked).ask_many(QUESTIONS)].count(Route.ANSWER)
        assert answered / 60 == done.standing.coverage == done.calibration.coverage > 0

    def test_it_is_for_the_languages_in_which_enough_were_read_as_right(
        self, asked: Config, evidence: Evidence
    ) -> None:
        keys = [Ticket(row["description"]).words_key for row in read_csv(READ)]
        languages = ["de"] * 4 + ["fr"] * 5 + ["und"] * 3
        evidence().set_languages(dict(zip(keys, languages, strict=True)))
        learn(fill_in(READ), config=asked)
        made = certify(config=asked).calibration
        assert made is not None
        assert made.languages == ("fr",)

    def test_wrong_answers_are_not_proven_and_more_are_to_be_read(self, asked: Config) -> None:
        learn(fill_in(READ, lambda row: "wrong"), config=asked)
        done = certify(config=asked, to_read="more.csv")
        assert done.calibration is None
        assert not own_calibration(asked).exists()
        assert done.standing.due is not None
        assert done.standing.due.labels == done.standing.plan.promise.looks[1]
        assert {row["id"] for row in read_csv(Path("more.csv"))}.isdisjoint(row["id"] for row in read_csv(READ))
        assert routes(asked) == {(Route.HUMAN, (Reason.NOT_PROVEN_YET,))}

    def test_an_unread_answer_keeps_the_test_from_being_taken(self, asked: Config, evidence: Evidence) -> None:
        fill_in(READ)
        first, *others = read_csv(READ)
        write_csv(READ, [{**first, "verdict": ""}, *others])
        learn(READ, config=asked)
        assert certify(config=asked).calibration is None
        assert evidence().looks() == []

    def test_a_test_that_was_taken_is_never_taken_again(self, asked: Config, evidence: Evidence) -> None:
        learn(fill_in(READ, lambda row: "wrong"), config=asked)
        certify(config=asked)
        taken = evidence().looks()
        learn(fill_in(READ), config=asked)
        done = certify(config=asked)
        assert evidence().looks() == taken
        assert done.calibration is None

    def test_tickets_that_came_with_a_batch_serve_as_well(self, shop: Config) -> None:
        learn(answer_batch(shop, Path("answered.csv")), config=shop)
        done = certify(config=shop, max_error=LOOSE, to_read=READ)
        assert done.asked == 0
        assert read_on(shop, done).calibration is not None

    def test_drafts_of_a_generator_that_takes_long_are_kept(self, shop: Config) -> None:
        settings = shop.model_copy(update={"generator": "scripted"})
        certify(config=settings, tickets=write_tickets(PAST), max_error=LOOSE)
        kept = own_calibration(settings).with_suffix(".drafts.jsonl")
        before = kept.read_bytes()
        certify(config=settings, tickets=PAST)
        assert kept.read_bytes() == before != b""


class TestSample:
    def test_tickets_that_somebody_picked_prove_nothing(self, asked: Config, evidence: Evidence) -> None:
        rows = read_csv(answer_batch(asked, Path("picked.csv"), MORE_QUESTIONS))
        picked = [
            {name: cell for name, cell in {**row, "verdict": "right"}.items() if name != "sa_sample"} for row in rows
        ]
        learn(write_csv(Path("picked.csv"), picked), config=asked)
        done = certify(config=asked)
        assert (done.standing.read, done.calibration) == (0, None)

    def test_tickets_that_somebody_picked_prove_nothing_after_a_renewal_either(
        self, certified: Config, evidence: Evidence
    ) -> None:
        rows = read_csv(answer_batch(certified, Path("picked.csv"), MORE_QUESTIONS[:5]))
        picked = [
            {name: cell for name, cell in {**row, "verdict": "right"}.items() if name != "sa_sample"} for row in rows
        ]
        learn(write_csv(Path("picked.csv"), picked), config=certified)
        assert [one.drawn for one in evidence().tickets()] == [True] * 60 + [False] * 5
        renew(config=certified)
        assert [one.drawn for one in evidence().tickets()] == [True] * 60 + [False] * 5

    def test_near_duplicates_are_read_once(self, shop: Config) -> None:
        copies = [f"Please, {question}" for question in QUESTIONS]
        done = certify(config=shop, tickets=write_tickets(PAST, [*QUESTIONS, *copies]), max_error=LOOSE, to_read=READ)
        assert done.asked == 120
        assert not any(row["description"].startswith("Please") for row in read_csv(READ))

    def test_what_was_read_is_tested_before_new_tickets_come_in(self, asked: Config, evidence: Evidence) -> None:
        read = [Verdict(Ticket(row["description"]).words_key, row["sa_suggestion"], "right") for row in read_csv(READ)]
        evidence().add_verdicts(read)
        certify(config=asked, tickets=write_tickets(Path("new.csv"), MORE_QUESTIONS))
        assert evidence().looks()[0].last == 60

    def test_tickets_that_come_later_do_not_make_anybody_read_twice(self, asked: Config) -> None:
        learn(fill_in(READ), config=asked)
        done = certify(config=asked, tickets=write_tickets(Path("new.csv"), MORE_QUESTIONS), to_read="more.csv")
        read = {row["description"] for row in read_csv(READ)}
        assert read.isdisjoint(one.known.ticket.text for one in done.standing.to_read)


class TestPlan:
    def test_it_stays_while_tickets_come_in(self, asked: Config, evidence: Evidence) -> None:
        before = evidence().fact("plan")
        certify(config=asked, tickets=write_tickets(Path("new.csv"), MORE_QUESTIONS))
        assert evidence().fact("plan") == before

    def test_another_promise_begins_another_one(self, certified: Config, evidence: Evidence) -> None:
        done = certify(config=certified, max_error=0.4)
        assert done.standing.plan.promise.max_error == 0.4
        assert evidence().fact("plan")["promise"] == {"max_error": 0.4, "delta": 0.05}

    def test_another_one_on_the_same_tickets_costs_half_of_delta_once_a_test_was_taken(self, asked: Config) -> None:
        assert certify(config=asked, max_error=0.4).standing.plan.earlier == 0
        learn(fill_in(READ), config=asked)
        more = certify(config=asked, to_read="more.csv")
        assert more.written is not None
        read_on(asked, more)
        assert certify(config=asked, max_error=LOOSE).standing.plan.earlier == 1

    def test_on_new_tickets_it_costs_nothing(self, certified: Config) -> None:
        new = write_tickets(Path("new.csv"), MORE_QUESTIONS)
        assert certify(config=certified, anew=True, tickets=new).standing.plan.earlier == 0

    def test_what_is_left_out_of_a_promise_is_as_before(self, asked: Config) -> None:
        promise = certify(config=asked, delta=0.1).standing.plan.promise
        assert (promise.max_error, promise.delta) == (LOOSE, 0.1)

    def test_begun_anew_only_new_tickets_count(self, certified: Config) -> None:
        with pytest.raises(CalibrationError, match="No new ticket has come since"):
            certify(config=certified, anew=True)
        new = write_tickets(Path("new.csv"), MORE_QUESTIONS)
        done = certify(config=certified, anew=True, tickets=new, max_error=LOOSE)
        assert {one.known.ticket.text for one in done.standing.to_read} <= set(MORE_QUESTIONS)
        assert (done.standing.read, done.calibration) == (0, None)

    def test_begun_anew_it_is_for_the_same_promise(self, certified: Config) -> None:
        new = write_tickets(Path("new.csv"), [*QUESTIONS, *MORE_QUESTIONS])
        assert certify(config=certified, anew=True, tickets=new).standing.plan.promise.max_error == LOOSE

    def test_after_a_change_it_waits_for_the_renewal(self, certified: Config) -> None:
        changed = certified.model_copy(update={"passages": 2})
        with pytest.raises(CalibrationError, match="Something has changed since the last reading: run `support"):
            certify(config=changed)


class TestInForce:
    def test_it_says_from_which_score_for_which_share_and_since_when(self, certified: Config) -> None:
        made = last_promise(certified)
        assert made is not None
        since = made.made[:16].replace("T", " ")
        assert certify(config=certified).in_force.in_words() == (
            f"In force since {since} UTC: answers that score {made.threshold:.3f} or more are sent, for "
            f"{percent(made.coverage)} of tickets."
        )

    def test_certified_again_as_it_was_it_has_been_in_force_since_before(self, certified: Config) -> None:
        made = last_promise(certified)
        assert made is not None
        write_calibration(own_calibration(certified), replace(made, made="2020-01-01T00:00:00+00:00"))
        assert certify(config=certified).in_force.in_words().startswith("In force since 2020-01-01 00:00 UTC: ")

    def test_where_nothing_is_proven_it_says_that(self, asked: Config) -> None:
        said = certify(config=asked).in_force
        assert said.calibration is None
        assert said.in_words() == "Nothing is in force: every ticket goes to a person, with a suggestion."

    def test_what_was_proven_before_is_in_force_while_another_promise_is_read_for(self, certified: Config) -> None:
        done = certify(config=certified, max_error=0.4)
        assert done.calibration is None
        assert done.in_force.in_words().startswith("In force since ")

    def test_what_was_withdrawn_is_not_in_force(self, certified: Config, evidence: Evidence) -> None:
        withdraw(certified, evidence())
        new = write_tickets(Path("new.csv"), MORE_QUESTIONS)
        said = certify(config=certified, tickets=new, max_error=LOOSE).in_force.in_words()
        assert said.startswith(
            "Nothing is in force: every ticket goes to a person, with a suggestion. The promise was w"
        )

    def test_that_no_promise_is_asked_for_is_said(self, asked: Config) -> None:
        settings = asked.model_copy(update={"calibration": "none"})
        assert "Answers go out without a promise" in certify(config=settings).in_force.in_words()


class TestTakenBack:
    def test_labels_that_no_longer_prove_it_take_a_promise_back(self, certified: Config) -> None:
        learn(fill_in(READ, lambda row: "wrong"), config=certified)
        assert certify(config=certified).calibration is None
        assert routes(certified) == {(Route.HUMAN, (Reason.PROMISE_WITHDRAWN,))}

    def test_mended_labels_bring_it_back(self, certified: Config) -> None:
        rows = read_csv(READ)
        learn(fill_in(READ, lambda row: "wrong"), config=certified)
        assert (Route.ANSWER, ()) not in routes(certified)
        learn(write_csv(READ, rows), config=certified)
        assert (Route.ANSWER, ()) in routes(certified)

    def test_labels_that_refute_it_end_it_though_another_plan_was_begun(self, certified: Config) -> None:
        certify(config=certified, max_error=0.4)
        learn(fill_in(READ, lambda row: "wrong"), config=certified)
        certify(config=certified)
        assert (Route.ANSWER, ()) not in routes(certified)

    def test_a_plan_proves_one_promise_that_of_the_settings_it_was_renewed_for(self, certified: Config) -> None:
        other = certified.model_copy(update={"generator": "scripted"})
        renew(config=other)
        assert last_promise(other) is not None
        assert last_promise(certified) is None

    def test_one_wrong_answer_of_a_dozen_is_told_and_does_not(self, certified: Config) -> None:
        first, *others = read_csv(READ)
        learn(write_csv(READ, [{**first, "verdict": "wrong"}, *others]), config=certified)
        made = certify(config=certified).calibration
        assert made is not None
        assert (made.look.wrong, made.look.labels) == (1, 12)


class TestNotPossible:
    def test_without_tickets_there_is_nothing_to_test(self, shop: Config) -> None:
        with pytest.raises(CalibrationError, match="No ticket is known .* Give past tickets .*--tickets past.csv"):
            certify(config=shop)

    def test_too_few_tickets_are_counted(self, shop: Config) -> None:
        with pytest.raises(CalibrationError, match="Too few tickets with a suggestion to plan on .10."):
            certify(config=shop, tickets=write_tickets(PAST, QUESTIONS[:10]), max_error=LOOSE)

    def test_what_became_of_the_others_is_counted_by_kind(self, shop: Config) -> None:
        same = [QUESTIONS[0], f"Please, {QUESTIONS[0]}"]
        others = [
            "I want to speak to a human",
            "Let me talk to a person, please",
            "Thanks!",
            "I am going to hurt myself",
        ]
        tickets = write_tickets(PAST, [*QUESTIONS[:10], *same, *others])
        with pytest.raises(CalibrationError) as caught:
            certify(config=shop, tickets=tickets, max_error=LOOSE)
        assert "takes at least 12 readings, 2 more. The others are nearly the same as another one, 2; " in str(
            caught.value
        )
        assert "without a suggestion, 3 (asked_for_human 2, danger_self_harm 1); " in str(caught.value)
        assert "decided by something else than a score, 1 (thanks 1). " in str(caught.value)
        assert str(caught.value).endswith("Let more tickets come in, or give more past ones with --tickets.")

    def test_a_file_that_is_no_table_of_tickets_is_named_before_anything_is_asked(
        self, shop: Config, evidence: Evidence
    ) -> None:
        PAST.write_text("a,b\n1,2\n")
        with pytest.raises(BatchError, match="past.csv, line 1: no column is known to hold the ticket's text"):
            certify(config=shop, tickets=PAST)
        assert evidence().tickets() == []

    def test_a_file_without_a_sound_row_is_named(self, shop: Config) -> None:
        PAST.write_text("text,inbound,tweet_id\nWe are sorry.,False,1\n")
        with pytest.raises(CalibrationError, match="past.csv holds no tickets"):
            certify(config=shop, tickets=PAST)

    def test_malformed_rows_are_left_out_and_said(self, shop: Config, caplog: pytest.LogCaptureFixture) -> None:
        write_tickets(PAST)
        PAST.write_text(f"{PAST.read_text('utf-8')}1,2,3\n", "utf-8")
        with caplog.at_level(logging.WARNING, "support_agent.evidence"):
            assert certify(config=shop, tickets=PAST, max_error=LOOSE).asked == 60
        assert "past.csv: left out as malformed: 1 row." in caplog.messages

    @pytest.mark.parametrize("job", [certify, renew])
    def test_a_file_that_may_hold_verdicts_is_not_written_over(self, asked: Config, job: Callable[..., object]) -> None:
        before = READ.read_bytes()
        with pytest.raises(CalibrationError, match="read.csv is there already, and may hold verdicts"):
            job(config=asked, to_read=READ)
        assert READ.read_bytes() == before

    def test_that_is_said_before_anything_is_asked(self, asked: Config, evidence: Evidence) -> None:
        with pytest.raises(CalibrationError, match="read.csv is there already"):
            certify(config=asked, tickets=write_tickets(Path("new.csv"), MORE_QUESTIONS), to_read=READ)
        assert len(evidence().tickets()) == 60


@pytest.fixture
def more() -> Path:
    """One more answer for the index."""
    return write_rows(Path("more.jsonl"), [{"question": "Is there a phone number?", "answer": "There is none."}])


class TestRenewal:
    def test_after_a_change_answers_are_suggestions_until_it_is_renewed(self, certified: Config, more: Path) -> None:
        assert (Route.ANSWER, ()) in routes(certified)
        add_to_index("shop", [more])
        assert routes(certified) == {(Route.HUMAN, (Reason.RENEWAL_DUE,))}
        renew(config=certified)
        assert (Route.ANSWER, ()) in routes(certified)

    def test_answers_that_come_out_the_same_keep_their_labels(self, certified: Config, more: Path) -> None:
        add_to_index("shop", [more])
        done = renew(config=certified)
        assert (done.labelled, done.kept) == (12, 12)
        assert (done.certified.standing.renewing, done.certified.standing.to_read) == (False, ())
        assert done.certified.calibration is not None

    def test_changed_answers_count_as_wrong_until_they_are_read(self, certified: Config) -> None:
        change_answers(Path("indexes"))
        done = renew(config=certified, to_read="again.csv")
        changed = [row for row in read_csv(Path("again.csv")) if "Now" in row["sa_suggestion"]]
        assert 1 < len(changed) <= done.labelled - done.kept
        told = sum(one.changed for one in done.certified.standing.to_read)
        assert told == len(changed)
        assert f"{told} with another text than the one that was read" in done.certified.standing.in_words()
        assert (done.certified.calibration, done.certified.standing.renewing) == (None, True)
        assert read_on(certified, done.certified).calibration is not None

    def test_a_ticket_that_was_read_as_wrong_stays_wrong_when_its_answer_is_mended(self, certified: Config) -> None:
        rows = read_csv(READ)
        wrong = [row for row in rows if "Open the" in row["sa_suggestion"]][:1]
        learn(write_csv(READ, [{**row, "verdict": "wrong"} for row in wrong]), config=certified)
        change_answers(Path("indexes"))
        done = read_on(certified, renew(config=certified, to_read="again.csv").certified)
        assert done.calibration is not None
        assert done.calibration.look.wrong == 1

    def test_what_the_watch_has_seen_outlives_it(self, certified: Config, evidence: Evidence, more: Path) -> None:
        watch_of(certified, evidence()).check([True, False, False])
        add_to_index("shop", [more])
        renew(config=certified)
        checks = watch_of(certified, evidence()).state.checks
        assert (checks.read, checks.wrong) == (3, 1)

    def test_nothing_that_was_promised_is_nothing_to_renew(self, shop: Config) -> None:
        with pytest.raises(CalibrationError, match="There is no promise for shop to renew. Make one: supp"):
            renew(config=shop)

    def test_what_is_renewed_is_not_asked_of_tickets_that_nobody_was_to_read(
        self, certified: Config, more: Path
    ) -> None:
        add_to_index("shop", [more])
        highest = max(float(row["sa_sample"]) for row in read_csv(READ))
        asked = sum(Ticket(question).sample <= highest for question in QUESTIONS)
        assert renew(config=certified).certified.asked == asked < 60


def change_answers(indexes: Path) -> None:
    """Build the index again, with other words where something is to be opened."""
    rows: list[Row] = [{**row, "answer": row["answer"].replace("Open the", "Now open the")} for row in ROWS]
    build_shop(indexes, rows)


class TestWithdrawn:
    def test_it_cannot_be_renewed(self, certified: Config, evidence: Evidence, more: Path) -> None:
        withdraw(certified, evidence())
        add_to_index("shop", [more])
        with pytest.raises(CalibrationError, match="The promise was withdrawn, so that its labels no longer"):
            renew(config=certified)

    def test_the_labels_that_proved_it_prove_nothing_any_more(self, certified: Config, evidence: Evidence) -> None:
        withdraw(certified, evidence())
        new = write_tickets(Path("new.csv"), [*QUESTIONS, *MORE_QUESTIONS])
        done = certify(config=certified, tickets=new, max_error=LOOSE)
        assert (done.calibration, done.standing.read) == (None, 0)
        assert {one.known.ticket.text for one in done.standing.to_read} <= set(MORE_QUESTIONS)

    def test_on_new_tickets_it_is_certified_and_watched_anew(self, certified: Config, evidence: Evidence) -> None:
        withdraw(certified, evidence())
        new = write_tickets(Path("new.csv"), MORE_QUESTIONS)
        done = read_on(certified, certify(config=certified, tickets=new, max_error=LOOSE, to_read="new-read.csv"))
        assert done.calibration is not None
        assert not watch_over(done.calibration, evidence()).withdrawn
        assert (Route.ANSWER, ()) in routes(certified)

    def test_near_copies_of_the_tickets_that_proved_it_are_no_new_ones(
        self, certified: Config, evidence: Evidence
    ) -> None:
        withdraw(certified, evidence())
        copies = write_tickets(Path("copies.csv"), [f"Please, {question}" for question in QUESTIONS])
        with pytest.raises(CalibrationError, match="Too few tickets with a suggestion to plan on .0."):
            certify(config=certified, tickets=copies, max_error=LOOSE)

    def test_new_tickets_that_came_in_portions_all_count(self, certified: Config, evidence: Evidence) -> None:
        withdraw(certified, evidence())
        portions = [MORE_QUESTIONS[:8], MORE_QUESTIONS[8:]]
        with pytest.raises(CalibrationError, match="Too few tickets with a suggestion to plan on .8."):
            certify(config=certified, tickets=write_tickets(Path("new.csv"), portions[0]), max_error=LOOSE)
        certify(config=certified, tickets=write_tickets(Path("more.csv"), portions[1]), max_error=LOOSE)
        since = evidence().fact("plan")["since"]
        assert sum(one.number > since for one in evidence().tickets()) == len(MORE_QUESTIONS)

    def test_new_tickets_of_a_batch_count_though_certify_was_run_in_vain_before(
        self, certified: Config, evidence: Evidence
    ) -> None:
        withdraw(certified, evidence())
        with pytest.raises(CalibrationError, match="No new ticket has come since"):
            certify(config=certified)
        learn(answer_batch(certified, Path("answered.csv"), MORE_QUESTIONS), config=certified)
        assert certify(config=certified, max_error=LOOSE, to_read="new-read.csv").written is not None

    def test_a_shipped_promise_that_was_withdrawn_is_certified_anew_on_new_tickets(
        self, certified: Config, evidence: Evidence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ship(certified, tmp_path / "shipped", monkeypatch)
        (evidence_folder(certified) / FILE).unlink()
        withdraw(certified, evidence())
        new = write_tickets(Path("new.csv"), MORE_QUESTIONS)
        done = certify(config=certified, tickets=new, max_error=LOOSE, to_read="new-read.csv")
        assert read_on(certified, done).calibration is not None


def ship(settings: Config, shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the promise in force one that ships with the package."""
    file = shipped / "calibrations" / "shop" / "extractive.json"
    file.parent.mkdir(parents=True)
    own_calibration(settings).rename(file)
    really = Shelf.shipped
    monkeypatch.setattr(
        Shelf, "shipped", lambda shelf: shipped / shelf.kind if shelf.kind == "calibrations" else really(shelf)
    )


def test_once_the_owner_has_a_plan_a_shipped_promise_is_not_in_force(
    certified: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ship(certified, tmp_path / "shipped", monkeypatch)
    (evidence_folder(certified) / FILE).unlink()
    assert (Route.ANSWER, ()) in routes(certified)
    assert certify(config=certified, tickets=write_tickets(Path("past.csv"))).calibration is None
    assert (Route.ANSWER, ()) not in routes(certified)


def test_the_questions_of_the_shop_are_told_apart() -> None:
    assert len({*QUESTIONS, *MORE_QUESTIONS}) == 2 * len(THINGS) * len(FORMS)
