"""The tickets that ship with an index, in an owner's evidence file."""

import json
from pathlib import Path

import pytest

from support_agent.config import Config
from support_agent.errors import CalibrationError
from support_agent.evidence.records import Verdict
from support_agent.evidence.shipped import CUSTOMERS, seed
from support_agent.evidence.store import Store, open_store
from support_agent.records import Ticket

READ = {
    "text": "where do I find my key",
    "language": "en",
    "drawn": True,
    "sent": "In the API tab.",
    "verdicts": [
        {"verdict": "right", "reader": "A", "kind": "model", "said": "2026-01-02"},
        {"verdict": "wrong", "reader": "B", "kind": "model", "said": "2026-01-02", "why": "It moved."},
    ],
}
FITTED_ON = {**READ, "text": "what does it cost", "drawn": False}
SETTINGS = Config(index="lamini_docs")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the tickets of a package that ships none are looked for."""
    monkeypatch.setattr("support_agent.shelves.Shelf.shipped", lambda shelf: tmp_path / shelf.kind)
    file = tmp_path / "indexes" / "lamini_docs" / CUSTOMERS
    file.parent.mkdir(parents=True)
    return file


def ship(file: Path, *lines: object) -> None:
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")


def test_tickets_and_what_readers_said_of_them_are_put_into_the_file(store: Store, file: Path) -> None:
    ship(file, READ)
    seed(store, SETTINGS)
    (known,) = store.tickets()
    assert (known.ticket, known.language, known.drawn) == (Ticket(READ["text"]), "en", True)
    assert store.verdicts() == [
        Verdict(known.key, "In the API tab.", "right", "", "", "A", "model", "2026-01-02"),
        Verdict(known.key, "In the API tab.", "wrong", "", "It moved.", "B", "model", "2026-01-02"),
    ]


def test_tickets_that_the_shipped_ranking_was_fitted_on_prove_nothing(store: Store, file: Path) -> None:
    ship(file, READ, FITTED_ON)
    seed(store, SETTINGS)
    assert [one.ticket.text for one in store.tickets() if one.drawn] == [READ["text"]]


def test_they_are_put_there_once(store: Store, file: Path) -> None:
    ship(file, READ)
    seed(store, SETTINGS)
    keys = [one.key for one in store.tickets()]
    store.forget_verdicts(keys, "B")
    seed(store, SETTINGS)
    assert [one.reader for one in store.verdicts()] == ["A"]


def test_what_an_owner_has_said_already_stands(store: Store, file: Path) -> None:
    own = Verdict(Ticket(READ["text"]).words_key, "In the API tab.", "wrong", reader="Ann")  # type: ignore[arg-type]
    store.add_verdicts([own])
    ship(file, READ)
    seed(store, SETTINGS)
    assert own in store.verdicts()


def test_an_index_that_ships_with_none_begins_empty(store: Store, file: Path) -> None:
    seed(store, SETTINGS)
    ship(file, READ)
    seed(store, Config(index="another"))
    assert store.tickets() == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ({**READ, "text": None}, "line 2: text: Field required"),
        ({**READ, "verdicts": [{"verdict": "right"}]}, "line 2: verdicts.0.reader: Field required"),
        ([], "line 2: not a JSON object"),
    ],
    ids=["no text", "no reader", "list"],
)
def test_a_damaged_line_is_named_and_nothing_is_put_into_the_file(
    store: Store, file: Path, line: object, words: str
) -> None:
    ship(file, READ, line)
    with pytest.raises(CalibrationError, match=f"{CUSTOMERS}, {words}"):
        seed(store, SETTINGS)
    assert store.tickets() == []


def test_the_shipped_tickets_of_lamini_docs_are_read_by_two_each(store: Store) -> None:
    seed(store, SETTINGS)
    drawn = {one.key for one in store.tickets() if one.drawn}
    said = [one for one in store.verdicts() if one.key in drawn]
    assert len(drawn) > 100
    assert {one.verdict for one in said} <= {"right", "partly", "wrong"}
    assert len(said) == 2 * len({one.key for one in said})
