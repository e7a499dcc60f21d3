"""What is kept of tickets, offers, verdicts and tests, and what becomes of a file that cannot be used."""

import sqlite3
import threading
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support_agent.errors import CalibrationError
from support_agent.evidence.ladder import Look, Plan, Promise
from support_agent.evidence.records import Offer, Verdict
from support_agent.evidence.store import FILE, SCHEMA, Store, open_store
from support_agent.records import Route, Ticket, Turn

TICKETS = [Ticket(f"Where is the {thing}?", ticket_id=thing) for thing in ("key", "plan", "tab")]
KEY = TICKETS[0].words_key
OFFER = Offer(KEY, "In the API tab.", 0.9, {"nearness": 1.5}, {"docs:1": "00ff"})
SAID = Verdict(KEY, "In the API tab.", "right", "", "", "Ann", "person", "2026-01-02")
LOOK = Look(0, 2, 60, 1, 0.014, True, until=0.25, last=80)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path)


def add(store: Store, *tickets: Ticket, drawn: bool = True) -> None:
    store.add_tickets([(ticket, "en") for ticket in tickets], drawn=drawn)


PLAN = Plan(Promise(), (0.9, 0.5), 0)


def everything(store: Store) -> list[object]:
    return [store.tickets(), store.offers("p"), store.verdicts(), store.looks(), store.fact("other")]


def fill(store: Store) -> None:
    add(store, *TICKETS)
    store.add_offers("p", [OFFER])
    store.add_verdicts([SAID])
    store.add_look(LOOK, PLAN)
    store.set_facts({"other": {"rungs": [0.5]}})


class TestTickets:
    def test_they_are_kept_in_the_order_of_arrival(self, store: Store) -> None:
        add(store, *TICKETS[1:])
        add(store, TICKETS[0])
        assert [one.ticket.ticket_id for one in store.tickets()] == ["plan", "tab", "key"]

    def test_one_that_comes_again_keeps_its_place(self, store: Store) -> None:
        add(store, *TICKETS)
        add(store, TICKETS[0], Ticket("And this?"))
        assert [one.number for one in store.tickets()] == sorted(one.number for one in store.tickets())
        assert [one.ticket.text for one in store.tickets()][-1] == "And this?"
        assert len(store.tickets()) == 4

    def test_all_of_a_ticket_is_kept(self, store: Store) -> None:
        asked = Ticket("Where?\r\n\u2028", "The key ☃", "7", (Turn("Hello", "Which?", Route.CLARIFY),))
        store.add_tickets([(asked, "de")])
        (known,) = store.tickets()
        assert (known.ticket, known.language, known.drawn) == (asked, "de", True)
        assert (known.key, known.sample) == (asked.words_key, asked.sample)

    def test_one_that_was_picked_and_then_drawn_counts_as_drawn(self, store: Store) -> None:
        add(store, TICKETS[0], drawn=False)
        add(store, TICKETS[0])
        add(store, TICKETS[0], drawn=False)
        assert [one.drawn for one in store.tickets()] == [True]


class TestOffers:
    def test_each_state_of_the_agent_has_its_own(self, store: Store) -> None:
        store.add_offers("p", [OFFER])
        store.add_offers("q", [replace(OFFER, sent="Nowhere.")])
        assert store.offers("p") == {KEY: OFFER}
        assert store.offers("q")[KEY].sent == "Nowhere."
        assert store.offers("r") == {}

    def test_one_that_knows_its_signals_stays_before_one_that_does_not(self, store: Store) -> None:
        store.add_offers("p", [OFFER])
        store.add_offers("p", [replace(OFFER, score=0.1, signals={})])
        assert store.offers("p")[KEY] == OFFER

    def test_one_that_knows_its_signals_replaces_one_that_does_not(self, store: Store) -> None:
        store.add_offers("p", [replace(OFFER, score=0.1, signals={})])
        store.add_offers("p", [OFFER])
        assert store.offers("p")[KEY] == OFFER


class TestVerdicts:
    def test_the_new_ones_are_told_from_the_known(self, store: Store) -> None:
        assert store.add_verdicts([SAID]) == ([SAID], [])
        assert store.add_verdicts([SAID]) == ([], [])

    def test_white_space_does_not_make_another_text(self, store: Store) -> None:
        store.add_verdicts([SAID])
        assert store.add_verdicts([replace(SAID, sent="  In the\n API tab. ")]) == ([], [])
        assert len(store.verdicts()) == 1

    def test_one_that_a_reader_takes_back_is_replaced_and_told(self, store: Store) -> None:
        store.add_verdicts([SAID])
        other = replace(SAID, verdict="wrong", why="It moved.")
        assert store.add_verdicts([other]) == ([], [(SAID, other)])
        assert store.verdicts() == [other]

    @pytest.mark.parametrize(
        "other",
        [replace(SAID, reader="Bob"), replace(SAID, sent="Nowhere."), replace(SAID, key=TICKETS[1].words_key)],
        ids=["another reader", "another text", "another ticket"],
    )
    def test_what_is_said_of_something_else_stands_beside_it(self, store: Store, other: Verdict) -> None:
        store.add_verdicts([SAID])
        store.add_verdicts([other])
        assert store.verdicts() == [SAID, other]

    def test_those_of_one_reader_can_be_forgotten(self, store: Store) -> None:
        store.add_verdicts([SAID, replace(SAID, reader="Bob"), replace(SAID, key=TICKETS[1].words_key)])
        store.forget_verdicts([KEY], "Ann")
        assert [(one.reader, one.key == KEY) for one in store.verdicts()] == [("Bob", True), ("Ann", False)]


class TestPlan:
    def test_looks_are_kept_in_order(self, store: Store) -> None:
        store.add_look(LOOK, PLAN)
        store.add_look(replace(LOOK, rung=3), PLAN)
        assert store.looks() == [LOOK, replace(LOOK, rung=3)]

    def test_a_test_of_a_plan_that_another_process_has_replaced_is_not_kept(self, store: Store) -> None:
        store.begin_plan({"plan": asdict(PLAN)})
        store.add_look(LOOK, PLAN)
        store.begin_plan({"plan": asdict(replace(PLAN, earlier=1))})
        with pytest.raises(CalibrationError, match="Another process has begun a new plan meanwhile. Run the same"):
            store.add_look(LOOK, PLAN)
        assert store.looks() == []

    def test_facts_are_kept_by_name_and_unknown_ones_are_none(self, store: Store) -> None:
        store.set_facts({"a": [1, "ä"], "b": None})
        store.set_facts({"a": 2})
        assert [store.fact(name) for name in ("a", "b", "c")] == [2, None, None]

    def test_a_new_plan_forgets_the_looks_of_the_one_before(self, store: Store) -> None:
        fill(store)
        store.set_facts({"plan": 1})
        assert store.looks() == [LOOK]
        store.begin_plan({"plan": 2})
        assert store.looks() == []


def test_what_was_kept_is_there_when_the_file_is_opened_again(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    fill(store)
    before = everything(store)
    store.close()
    assert everything(open_store(tmp_path)) == before


def test_two_that_have_the_file_open_see_each_others_work(tmp_path: Path) -> None:
    one, other = open_store(tmp_path), open_store(tmp_path)
    fill(one)
    assert everything(other) == everything(one)


def test_nothing_is_kept_of_a_transaction_that_fails(store: Store) -> None:
    with pytest.raises(KeyError), store.transaction() as connection:
        connection.execute("INSERT INTO fact VALUES ('plan', '1')")
        raise KeyError
    assert store.fact("plan") is None


def test_many_threads_lose_nothing(store: Store) -> None:
    def work(name: str) -> None:
        for number in range(25):
            add(store, Ticket(f"{name} {number}"))

    threads = [threading.Thread(target=work, args=[name]) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.tickets()) == 100


class TestFileThatCannotBeUsed:
    def test_a_file_of_the_schema_before_is_read_on(self, tmp_path: Path) -> None:
        with closing(open_store(tmp_path)) as store:
            store.add_offers("p", [OFFER])
        with closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as old:
            old.execute("ALTER TABLE offer ADD COLUMN answered INTEGER NOT NULL DEFAULT 0")
            old.execute("PRAGMA user_version=1")
        with closing(open_store(tmp_path)) as store:
            assert store.offers("p") == {KEY: OFFER}
            store.add_offers("q", [OFFER])

    def test_another_schema_is_named_with_what_to_do(self, tmp_path: Path) -> None:
        with sqlite3.connect(tmp_path / FILE) as made:
            made.execute("PRAGMA user_version=7")
        made.close()
        with pytest.raises(
            CalibrationError, match=f"{FILE} has schema 7; this version reads {SCHEMA}. Use the version"
        ):
            open_store(tmp_path)

    @pytest.mark.parametrize(
        "data", [b"id,question\n1,Where?\n" * 500, b"SQLite format 3\0" + b"\xff" * 8000], ids=["a table", "garbage"]
    )
    def test_a_damaged_file_is_named_with_what_to_do(self, tmp_path: Path, data: bytes) -> None:
        (tmp_path / FILE).write_bytes(data)
        with pytest.raises(CalibrationError, match=f"{FILE} is damaged or not a file of this program .* Move it away"):
            open_store(tmp_path)

    def test_a_read_only_file_is_named(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        open_store(tmp_path).close()
        connect = sqlite3.connect
        read_only = lambda path, **more: connect(f"file:{path}?mode=ro", uri=True, **more)  # noqa: E731
        monkeypatch.setattr("support_agent.evidence.store.sqlite3.connect", read_only)
        with pytest.raises(CalibrationError, match=f"{FILE} cannot be used: attempt to write a readonly database"):
            fill(open_store(tmp_path))

    def test_a_folder_in_its_place_is_named(self, tmp_path: Path) -> None:
        (tmp_path / FILE).mkdir()
        with pytest.raises(CalibrationError, match=f"{FILE} cannot be used: unable to open database file"):
            open_store(tmp_path)

    def test_a_folder_that_cannot_be_made_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "shop").touch()
        with pytest.raises(CalibrationError, match=r"The folder .*shop cannot be made"):
            open_store(tmp_path / "shop")

    def test_a_file_that_another_process_holds_is_named(self, store: Store) -> None:
        store._connection.execute("PRAGMA busy_timeout=0")
        other = sqlite3.connect(store.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(CalibrationError, match=f"{FILE} cannot be used: database is locked"):
            fill(store)
        other.close()

    def test_a_full_disk_is_said_and_keeps_what_was_there(self, store: Store) -> None:
        fill(store)
        pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
        store._connection.execute(f"PRAGMA max_page_count={pages}")
        before = everything(store)
        with pytest.raises(CalibrationError, match="no space is left .* Nothing of this step was kept; run it again"):
            add(store, *(Ticket(f"{number} " * 500) for number in range(100)))
        assert everything(store) == before

    @settings(deadline=None, max_examples=200)
    @given(place=st.integers(0, 10**6), change=st.integers(1, 255))
    def test_a_changed_byte_is_found_or_does_no_harm(
        self, tmp_path_factory: pytest.TempPathFactory, place: int, change: int
    ) -> None:
        folder = tmp_path_factory.mktemp("changed")
        store = open_store(folder)
        fill(store)
        store.close()
        data = bytearray((folder / FILE).read_bytes())
        data[place % len(data)] ^= change
        (folder / FILE).write_bytes(data)
        read = opened_and_read(folder)
        assert read is None or isinstance(read, list)


def opened_and_read(folder: Path) -> list[object] | None:
    """All that the file holds, None where it is refused."""
    try:
        return everything(open_store(folder))
    except CalibrationError:
        return None


def test_an_offer_that_is_no_valid_unicode_stops_nothing(store: Store) -> None:
    store.add_offers("p", [replace(OFFER, sent="half a pair \ud83d")])
    assert store.offers("p")[KEY].score == OFFER.score
