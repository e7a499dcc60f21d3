import sqlite3
from pathlib import Path

import pytest

from support_agent.batch import open_journal
from support_agent.batch.journal import _translate
from support_agent.errors import BatchError

FACTS = {"input file": "abc", "column mapping": "text=text", "generator version": "1"}


def journal_of(output: Path) -> Path:
    return output.with_name(output.name + ".journal.sqlite3")


def begin(output: Path) -> None:
    """Leave an unfinished run behind."""
    with open_journal(output) as journal:
        journal.bind(FACTS)
        journal.record("key", "answered", {"text": "hello"})


def test_an_outcome_is_there_after_a_restart(tmp_path: Path) -> None:
    begin(tmp_path / "out.csv")
    with open_journal(tmp_path / "out.csv") as journal:
        journal.bind(FACTS)
        assert (journal.status("key"), journal.reply("key")) == ("answered", {"text": "hello"})
        assert (journal.status("other"), journal.reply("other")) == (None, None)


def test_writes_ahead_and_waits_for_the_disk(tmp_path: Path) -> None:
    with open_journal(tmp_path / "out.csv") as journal, journal._transaction() as execute:
        assert (execute("PRAGMA journal_mode")[0][0], execute("PRAGMA synchronous")[0][0]) == ("wal", 2)


def test_offers_are_counted_of_the_tickets_that_are_asked_for(tmp_path: Path) -> None:
    offer = {"confidence": 0.5, "suggestion": "In the API tab.", "signals": []}
    with open_journal(tmp_path / "out.csv") as journal:
        for key in ("first", "second", "third"):
            journal.record(key, "human", offer)
        journal.record("bare", "human", {**offer, "suggestion": ""})
        assert journal.offers(["first", "third", "first", "bare"]) == 2
        assert journal.offers(["second"]) == 1


@pytest.mark.parametrize("changed", list(FACTS))
def test_refuses_to_go_on_with_other_facts(tmp_path: Path, changed: str) -> None:
    begin(tmp_path / "out.csv")
    with (
        pytest.raises(BatchError, match=f"began with another {changed}. .*--fresh"),
        open_journal(tmp_path / "out.csv") as journal,
    ):
        journal.bind({**FACTS, changed: "new"})


def test_starting_over_forgets_everything(tmp_path: Path) -> None:
    begin(tmp_path / "out.csv")
    with open_journal(tmp_path / "out.csv") as journal:
        journal.clear()
        journal.bind({**FACTS, "input file": "new"})
        assert journal.status("key") is None


def test_the_second_run_is_told_who_holds_the_output(tmp_path: Path) -> None:
    with (
        open_journal(tmp_path / "out.csv"),
        pytest.raises(BatchError, match=r"out.csv is being written by process \d+ on .+ since \d{4}-"),
        open_journal(tmp_path / "out.csv"),
    ):
        pass


def test_the_next_run_may_begin_when_the_first_has_ended(tmp_path: Path) -> None:
    begin(tmp_path / "out.csv")
    begin_again = open_journal(tmp_path / "out.csv")
    with begin_again as journal:
        assert journal.status("key") == "answered"


def test_a_finished_journal_leaves_no_file_behind(tmp_path: Path) -> None:
    begin(tmp_path / "out.csv")
    with open_journal(tmp_path / "out.csv") as journal:
        journal.remove()
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_recorded_nothing_leaves_no_file_behind(tmp_path: Path) -> None:
    with open_journal(tmp_path / "out.csv") as journal:
        journal.bind(FACTS)
    assert list(tmp_path.iterdir()) == []


def test_refuses_a_file_that_is_no_journal_and_leaves_it(tmp_path: Path) -> None:
    path = journal_of(tmp_path / "out.csv")
    path.write_bytes(b"something else entirely" * 100)
    with (
        pytest.raises(BatchError, match=r"journal.sqlite3 is damaged or not a journal"),
        open_journal(tmp_path / "out.csv"),
    ):
        pass
    assert path.read_bytes().startswith(b"something else")


def test_refuses_another_programs_database(tmp_path: Path) -> None:
    database = sqlite3.connect(journal_of(tmp_path / "out.csv"))
    database.execute("CREATE TABLE fact (something INTEGER)")
    database.close()
    with pytest.raises(BatchError, match="damaged or not a journal"), open_journal(tmp_path / "out.csv"):
        pass


def test_a_full_disk_is_named_with_what_is_free(tmp_path: Path) -> None:
    with open_journal(tmp_path / "out.csv") as journal:
        with journal._transaction() as execute:
            execute("PRAGMA max_page_count = 10")
        with pytest.raises(
            BatchError, match=r"journal.sqlite3 cannot be written: no space is left \([\d,]+ bytes free\)"
        ):
            journal.record("key", "answered", {"text": "x" * 1_000_000})


def test_an_output_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(BatchError, match=r"out.csv.journal.sqlite3 cannot be written"),
        open_journal(tmp_path / "file" / "out.csv"),
    ):
        pass


def test_a_disk_that_fails_is_not_called_full(tmp_path: Path) -> None:
    failed = _translate(tmp_path / "out.csv", sqlite3.OperationalError("disk I/O error"))
    assert "file-size limit" in str(failed)
    assert "no space" not in str(failed)
