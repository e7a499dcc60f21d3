import csv
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import support_agent
from support_agent import Reply, Route, Ticket
from support_agent.batch import Counts, Journal, Summary, count_distinct, plan_batch, run_batch
from support_agent.errors import BatchError
from support_agent.spreadsheet import defuse, read_evidence, read_number

Run = Callable[..., Summary]

cells = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
rows_of_cells = st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=12)


def write(path: Path, rows: Iterable[Iterable[str]], header: Iterable[str] = ("id", "text", "note")) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, strict=True))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    rows = [("007", "hello", "NA"), ("2", "a human please", "-5"), ("3", "", ""), ("4", "hello", "=1+1")]
    path = write(tmp_path / "in.csv", rows)
    path.write_bytes(path.read_bytes() + b"5,ragged\r\n")
    return path


@given(rows_of_cells)
@settings(max_examples=40, deadline=None)
def test_any_table_comes_through_untouched_and_its_counts_add_up(answer_file: Run, rows: list[tuple[str, ...]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        source, output = write(Path(name) / "in.csv", rows), Path(name) / "out.csv"
        summary = answer_file(source, output)
        written = read(output)
    assert [(row["id"], row["text"], row["note"]) for row in written] == [tuple(map(defuse, row)) for row in rows]
    assert Counter(row["sa_status"] for row in written) == +Counter(vars(summary.counts))
    assert summary.counts.rows == summary.rows == len(rows)


def test_every_row_gets_its_outcome(answer_file: Run, source: Path, tmp_path: Path) -> None:
    answer_file(source, tmp_path / "out.csv")
    rows = read(tmp_path / "out.csv")
    assert [row["sa_status"] for row in rows] == ["answered", "human", "clarify", "answered", "rejected"]
    assert [row["note"] for row in rows] == ["NA", "-5", "", "'=1+1", ""]
    assert rows[0]["id"] == "007"
    assert rows[1]["sa_reasons"] == "asked_for_human"
    assert rows[1]["sa_route"] == "human"
    assert rows[4]["sa_error"] == "Line 6 has 2 cells where the header has 3."


def test_the_summary_counts_rows_generated_tickets_and_defused_cells(
    answer_file: Run, source: Path, tmp_path: Path
) -> None:
    summary = answer_file(source, tmp_path / "out.csv")
    assert summary.counts == Counts(answered=2, clarify=1, human=1, rejected=1)
    assert (summary.rows, summary.generated, summary.defused) == (5, 3, 1)


@pytest.mark.parametrize("batch_size", [1, 3, 100])
def test_identical_tickets_are_asked_once(answer_file: Run, echo_agent: Any, tmp_path: Path, batch_size: int) -> None:
    rows = [(str(number), f"ticket {number % 4}", "") for number in range(40)]
    agent = echo_agent(batch_size)
    answer_file(write(tmp_path / "in.csv", rows), tmp_path / "out.csv", agent)
    assert agent.asked == ["ticket 0", "ticket 1", "ticket 2", "ticket 3"]
    assert [row["sa_answer"][-8:] for row in read(tmp_path / "out.csv")] == [f"ticket {n % 4}" for n in range(40)]


def test_a_subject_makes_another_ticket(answer_file: Run, echo_agent: Any, tmp_path: Path) -> None:
    agent = echo_agent()
    source = write(tmp_path / "in.csv", [("Bill", "Help"), ("Login", "Help")], ("Subject", "Description"))
    answer_file(source, tmp_path / "out.csv", agent)
    assert agent.asked == ["Bill\n\nHelp", "Login\n\nHelp"]


def test_delimiter_line_ends_and_byte_order_mark_stay(answer_file: Run, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes("\ufeffid;text\n1;é\n".encode())
    answer_file(tmp_path / "in.csv", tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_bytes().startswith("\ufeffid;text;sa_route;".encode())
    assert (tmp_path / "out.csv").read_bytes().splitlines(keepends=True)[1].startswith("1;é;answer;".encode())
    assert b"\r" not in (tmp_path / "out.csv").read_bytes()


def test_a_limit_takes_the_first_rows(answer_file: Run, source: Path, tmp_path: Path) -> None:
    summary = answer_file(source, tmp_path / "out.csv", limit=2)
    assert (summary.rows, len(read(tmp_path / "out.csv"))) == (2, 2)


def test_a_cell_of_a_hundred_thousand_characters_comes_through(answer_file: Run, tmp_path: Path) -> None:
    answer_file(write(tmp_path / "in.csv", [("1", "x" * 100_000, "y")]), tmp_path / "out.csv")
    csv.field_size_limit(1_000_000)
    assert [len(row["text"]) for row in read(tmp_path / "out.csv")] == [100_000]


REFUSED = {
    "header_only": (b"id,text\n", "has a header and no rows"),
    "ran_before": (b"text,sa_route\nhi,answer\n", "line 1: the column 'sa_route'"),
    "no_text_column": (b"a,b\n1,2\n", "with --map text=COLUMN"),
    "broken_far_below": (b"id,text\n" + b"1,fine\n" * 1000 + b'2,"open\n', "line 1002, column 3"),
}


@pytest.mark.parametrize(("content", "part"), REFUSED.values(), ids=REFUSED.keys())
def test_a_bad_file_is_refused_before_anything_is_asked_or_written(tmp_path: Path, content: bytes, part: str) -> None:
    (tmp_path / "in.csv").write_bytes(content)
    with pytest.raises(BatchError) as caught:
        plan_batch(tmp_path / "in.csv", tmp_path / "out.csv", {})
    assert part in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_refuses_to_write_over_its_input(source: Path, tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to(source)
    with pytest.raises(BatchError, match="is the input itself"):
        plan_batch(source, tmp_path / "link.csv", {})


def test_counts_different_tickets_without_asking(source: Path, tmp_path: Path) -> None:
    assert count_distinct(plan_batch(source, tmp_path / "out.csv", {})) == 3


class StoppingAgent:
    """Replies like another agent until it has replied ``after`` times, then raises."""

    def __init__(self, agent: Any, after: int, problem: BaseException) -> None:
        self.versions = agent.versions
        self._agent, self._after, self._problem = agent, after, problem

    def ask_many(self, tickets: Iterable[Ticket]) -> Iterator[Reply]:
        for number, reply in enumerate(self._agent.ask_many(tickets)):
            if number == self._after:
                raise self._problem
            yield reply


def test_a_stopped_run_goes_on_without_asking_again(
    answer_file: Run, echo_agent: Any, source: Path, tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        answer_file(source, tmp_path / "out.csv", StoppingAgent(echo_agent(1), 2, KeyboardInterrupt()))
    assert not (tmp_path / "out.csv").exists()
    agent = echo_agent(1)
    summary = answer_file(source, tmp_path / "out.csv", agent)
    assert (agent.asked, summary.generated, summary.counts.rows) == ([""], 1, 5)
    answer_file(source, tmp_path / "whole.csv")
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_a_changed_input_is_refused_while_a_run_is_unfinished(
    answer_file: Run, echo_agent: Any, source: Path, tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        answer_file(source, tmp_path / "out.csv", StoppingAgent(echo_agent(), 1, KeyboardInterrupt()))
    source.write_bytes(source.read_bytes() + b"6,more,\r\n")
    with pytest.raises(BatchError, match="began with another input file"):
        answer_file(source, tmp_path / "out.csv")


def test_other_versions_are_refused_while_a_run_is_unfinished(
    answer_file: Run, echo_agent: Any, source: Path, tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        answer_file(source, tmp_path / "out.csv", StoppingAgent(echo_agent(), 1, KeyboardInterrupt()))
    with pytest.raises(BatchError, match="began with another generator version"):
        answer_file(source, tmp_path / "out.csv", echo_agent(versions={"generator": "echo:2"}))


def test_an_input_that_changes_under_way_is_not_written(echo_agent: Any, source: Path, tmp_path: Path) -> None:
    (tmp_path / "out.csv").write_text("the last good output")
    plan = plan_batch(source, tmp_path / "out.csv", {})
    source.write_bytes(source.read_bytes().replace(b"007", b"008"))
    with pytest.raises(BatchError, match="changed while it was being answered"):
        run_batch(plan, echo_agent)
    assert (tmp_path / "out.csv").read_text() == "the last good output"


class FewerReplies:
    @property
    def versions(self) -> Mapping[str, str]:
        return {"generator": "lossy"}

    def ask_many(self, tickets: Iterable[Ticket]) -> Iterator[Reply]:
        yield from (Reply(ticket.ticket_id, Route.ANSWER, "x") for ticket in list(tickets)[:-1])


class RepliesTwice(FewerReplies):
    def ask_many(self, tickets: Iterable[Ticket]) -> Iterator[Reply]:
        for ticket in tickets:
            yield from [Reply(ticket.ticket_id, Route.ANSWER, "x")] * 2


@pytest.mark.parametrize(("agent", "says"), [(FewerReplies(), "without a reply"), (RepliesTwice(), "no reply is due")])
def test_replies_that_do_not_match_the_tickets_end_the_run(
    answer_file: Run, source: Path, tmp_path: Path, agent: Any, says: str
) -> None:
    with pytest.raises(BatchError, match=says):
        answer_file(source, tmp_path / "out.csv", agent)
    assert not (tmp_path / "out.csv").exists()


class LastFirst:
    """Draws every ticket, then replies from the last to the first."""

    def __init__(self, agent: Any) -> None:
        self.versions = agent.versions
        self._agent = agent

    def ask_many(self, tickets: Iterable[Ticket]) -> Iterator[Reply]:
        return reversed(list(self._agent.ask_many(tickets)))


def test_replies_may_come_back_in_any_order(answer_file: Run, echo_agent: Any, source: Path, tmp_path: Path) -> None:
    answer_file(source, tmp_path / "in_order.csv")
    answer_file(source, tmp_path / "out.csv", LastFirst(echo_agent()))
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "in_order.csv").read_bytes()


def test_rows_with_one_id_and_different_texts_get_each_its_own_reply(
    answer_file: Run, echo_agent: Any, tmp_path: Path
) -> None:
    source = write(tmp_path / "in.csv", [("7", "first", ""), ("7", "second", ""), ("8", "first", "")])
    answer_file(source, tmp_path / "out.csv", LastFirst(echo_agent()))
    assert [row["sa_answer"].split()[-1] for row in read(tmp_path / "out.csv")] == ["first", "second", "first"]


class DownAgent(LastFirst):
    def ask_many(self, tickets: Iterable[Ticket]) -> Iterator[Reply]:
        for reply in self._agent.ask_many(tickets):
            yield replace(reply, reasons=("generator_down",)) if reply.text.endswith("hello") else reply


def test_only_a_replys_own_reasons_say_that_the_generator_was_down(
    answer_file: Run, echo_agent: Any, tmp_path: Path
) -> None:
    source = write(tmp_path / "in.csv", [("1", "hello", ""), ("2", "is generator_down a reason?", "")])
    assert answer_file(source, tmp_path / "out.csv", DownAgent(echo_agent())).generator_down == 1


@contextmanager
def file_size_limit(limit_bytes: int) -> Iterator[None]:
    """No file of this process may grow further: the kernel then refuses a write as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_named_and_the_last_good_output_stays(answer_file: Run, tmp_path: Path) -> None:
    (tmp_path / "out.csv").write_text("the last good output")
    source = write(tmp_path / "in.csv", [(str(n), "same", "x" * 20_000) for n in range(100)])
    too_large = r"out.csv may not grow further: a file-size limit is reached"
    with file_size_limit(1_000_000), pytest.raises(BatchError, match=too_large):
        answer_file(source, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == "the last good output"
    assert not list(tmp_path.glob(".*"))


def test_a_run_killed_after_its_output_was_written_ends_well_the_next_time(
    answer_file: Run, echo_agent: Any, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Journal, "remove", interrupt)
        answer_file(source, tmp_path / "out.csv")
    written = (tmp_path / "out.csv").read_bytes()
    assert answer_file(source, tmp_path / "out.csv").generated == 0
    assert (tmp_path / "out.csv").read_bytes() == written


def test_what_a_run_killed_while_writing_left_is_cleared_away(answer_file: Run, source: Path, tmp_path: Path) -> None:
    (tmp_path / ".out.csv.k2x9.part").write_text("half")
    answer_file(source, tmp_path / "out.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


def interrupt(journal: Journal) -> None:
    raise KeyboardInterrupt


def test_killed_at_twenty_moments_and_resumed_gives_the_same_bytes(
    answer_file: Run, agent_program: Any, tmp_path: Path
) -> None:
    rows = [(str(n), f"ticket {n % 260}" + ", a human please" * (n % 7 == 0), "=x\r\ny") for n in range(300)]
    source, output = write(tmp_path / "in.csv", rows), tmp_path / "out.csv"
    chance = random.Random(20)
    moments = sorted(chance.sample(range(270), 20))
    kills = [run_and_kill(source, output, after_rows, chance.random() / 100) for after_rows in moments]
    assert kills == [-signal.SIGKILL] * 20
    assert not output.exists()
    summary = answer_file(source, output, agent_program.scripted_agent())
    answer_file(source, tmp_path / "whole.csv", agent_program.scripted_agent())
    assert output.read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert summary.generated < 50
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv", "whole.csv"]


def run_and_kill(source: Path, output: Path, after_rows: int, then_wait_s: float) -> int:
    """Start the batch as a program of its own and kill it when so many rows are done; gives its exit status."""
    program = Path(__file__).with_name("echo_agent.py")
    command = [sys.executable, str(program), str(source), str(output), str(after_rows)]
    environment = {**os.environ, "PYTHONPATH": str(Path(support_agent.__file__).parents[1])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        next(line for line in process.stdout if int(line) >= after_rows)
        time.sleep(then_wait_s)
        process.kill()
        return process.wait()


@pytest.mark.parametrize("name", ["in.csv", "newsub/../in.csv", "link.csv"])
def test_the_input_is_never_the_output_whatever_it_is_called(source: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "link.csv").symlink_to(source)
    with pytest.raises(BatchError, match="is the input itself"):
        plan_batch(source, tmp_path / name, {})


@pytest.mark.parametrize("name", ["/dev/null", "pipe"])
def test_refuses_an_output_that_is_no_plain_file(source: Path, tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BatchError, match="is a device or a pipe.*Name a plain file"):
        plan_batch(source, tmp_path / name, {})


def test_refuses_an_output_that_is_a_loop_of_links(source: Path, tmp_path: Path) -> None:
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    with pytest.raises(BatchError, match="cannot be used as the output"):
        plan_batch(source, tmp_path / "loop.csv", {})


def test_a_link_at_the_output_is_followed(source: Path, tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to(tmp_path / "real" / "out.csv")
    assert plan_batch(source, tmp_path / "link.csv", {}).output == tmp_path / "real" / "out.csv"


def test_a_limit_beyond_every_number_is_no_limit(answer_file: Run, source: Path, tmp_path: Path) -> None:
    assert answer_file(source, tmp_path / "out.csv", limit=10**30).rows == 5


def test_a_ticket_on_which_the_program_failed_is_asked_again(
    echo_agent: Any, answer_file: Run, source: Path, tmp_path: Path
) -> None:
    first, second = FailingAgent(echo_agent(1), tickets=2), echo_agent(1)
    with pytest.raises(KeyboardInterrupt):
        answer_file(source, tmp_path / "out.csv", first)
    answer_file(source, tmp_path / "out.csv", second)
    assert second.asked == ["hello", "a human please", ""]
    assert "internal_error" not in (tmp_path / "out.csv").read_text("utf-8")


def test_a_run_that_ends_writes_a_programs_failure_as_human(echo_agent: Any, answer_file: Run, tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", [("1", "hello", "")])
    answer_file(source, tmp_path / "out.csv", FailingAgent(echo_agent(1), tickets=2))
    assert [(row["sa_status"], row["sa_reasons"]) for row in read(tmp_path / "out.csv")] == [
        ("human", "internal_error")
    ]


class FailingAgent:
    """Fails on every ticket, and is stopped after so many."""

    def __init__(self, agent: Any, tickets: int) -> None:
        self.versions: Mapping[str, str] = agent.versions
        self._agent = agent
        self._tickets = tickets

    def ask_many(self, tickets: Iterable[Ticket]) -> Iterator[Reply]:
        for number, reply in enumerate(self._agent.ask_many(tickets), 1):
            yield replace(reply, route=Route.HUMAN, reasons=("internal_error",))
            if number == self._tickets:
                raise KeyboardInterrupt


QUOTE = "It is a ticket. It has a number."


@pytest.fixture
def unproven(agent_program: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The real agent over the scripted generator: nothing is proven for it."""
    monkeypatch.setenv("SUPPORT_AGENT_CALIBRATIONS", str(tmp_path / "calibrations"))
    return agent_program.scripted_agent()


def test_what_nobody_has_proven_is_suggested_in_a_column_of_its_own(
    answer_file: Run, unproven: Any, tmp_path: Path
) -> None:
    source = write(tmp_path / "in.csv", [("1", "What is this ticket?", "")])
    answer_file(source, tmp_path / "out.csv", unproven)
    [row] = read(tmp_path / "out.csv")
    assert (row["sa_route"], row["sa_reasons"], row["sa_suggestion"]) == ("human", "not_proven_yet", QUOTE)
    assert QUOTE not in row["sa_answer"]


def test_the_evidence_says_which_ticket_index_and_parts_a_row_is_of(
    answer_file: Run, unproven: Any, tmp_path: Path
) -> None:
    source = write(tmp_path / "in.csv", [("1", "What is this ticket?", "")])
    answer_file(source, tmp_path / "out.csv", unproven)
    found = read_evidence(read(tmp_path / "out.csv")[0]["sa_evidence"])
    assert found.ticket == Ticket("What is this ticket?").words_key
    assert (found.index, found.parts) == (unproven.versions["index"], unproven.versions["parts"])
    assert found.passages.keys() == {"docs:1"}


def test_a_row_carries_its_score_and_its_tickets_random_number(answer_file: Run, unproven: Any, tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", [("1", "What is this ticket?", "")])
    answer_file(source, tmp_path / "out.csv", unproven)
    [row] = read(tmp_path / "out.csv")
    assert read_number(row["sa_score"]) == unproven.ask("What is this ticket?").confidence
    assert read_number(row["sa_sample"]) == Ticket("What is this ticket?").sample


@pytest.mark.parametrize(
    ("text", "empty"),
    [
        ("I am going to hurt myself over this ticket", {"sa_suggestion", "sa_evidence", "sa_score"}),
        ("What is this ticket? A human please.", {"sa_score"}),
        ("", {"sa_suggestion", "sa_evidence", "sa_score"}),
    ],
    ids=["nothing to suggest", "nothing to score", "asked back"],
)
def test_where_nothing_can_be_offered_or_scored_the_cells_are_empty(
    answer_file: Run, unproven: Any, tmp_path: Path, text: str, empty: set[str]
) -> None:
    answer_file(write(tmp_path / "in.csv", [("1", text, "")]), tmp_path / "out.csv", unproven)
    [row] = read(tmp_path / "out.csv")
    assert {name for name in ("sa_suggestion", "sa_evidence", "sa_score", "sa_sample") if not row[name]} == empty


def test_the_summary_counts_the_rows_that_carry_a_suggestion(answer_file: Run, unproven: Any, tmp_path: Path) -> None:
    rows = [("1", "What is this ticket?", ""), ("2", "", ""), ("3", "What is this ticket?", "")]
    assert answer_file(write(tmp_path / "in.csv", rows), tmp_path / "out.csv", unproven).suggested == 2


def test_an_answer_has_evidence_and_a_score_and_no_suggestion(
    answer_file: Run, echo_agent: Any, tmp_path: Path
) -> None:
    answer_file(write(tmp_path / "in.csv", [("1", "hello", "")]), tmp_path / "out.csv")
    [row] = read(tmp_path / "out.csv")
    assert (row["sa_route"], row["sa_suggestion"], row["sa_score"]) == ("answer", "", "0.750000")
    assert read_evidence(row["sa_evidence"]).ticket == Ticket("hello").words_key


def test_without_a_promise_an_answer_has_no_score_for_its_confidence_is_another(
    answer_file: Run, echo_agent: Any, tmp_path: Path
) -> None:
    agent = echo_agent(versions={"calibration": "none"})
    answer_file(write(tmp_path / "in.csv", [("1", "hello", "")]), tmp_path / "out.csv", agent)
    [row] = read(tmp_path / "out.csv")
    assert (row["sa_route"], row["sa_confidence"], row["sa_score"]) == ("answer", "0.750", "")


def test_a_row_that_was_not_asked_has_none_of_the_cells(answer_file: Run, source: Path, tmp_path: Path) -> None:
    answer_file(source, tmp_path / "out.csv")
    rejected = read(tmp_path / "out.csv")[4]
    assert {rejected[name] for name in ("sa_suggestion", "sa_evidence", "sa_score", "sa_sample")} == {""}


def test_rows_of_one_ticket_have_one_random_number(answer_file: Run, source: Path, tmp_path: Path) -> None:
    answer_file(source, tmp_path / "out.csv")
    rows = read(tmp_path / "out.csv")
    assert rows[0]["sa_sample"] == rows[3]["sa_sample"] != rows[1]["sa_sample"]


def test_a_suggestion_that_a_spreadsheet_would_run_is_defused(
    answer_file: Run, echo_agent: Any, tmp_path: Path
) -> None:
    class Formula(LastFirst):
        def ask_many(self, tickets: Iterable[Ticket]) -> Iterator[Reply]:
            for reply in self._agent.ask_many(tickets):
                yield replace(reply, route=Route.HUMAN, suggestion="=1+1")

    answer_file(write(tmp_path / "in.csv", [("1", "hello", "")]), tmp_path / "out.csv", Formula(echo_agent()))
    assert read(tmp_path / "out.csv")[0]["sa_suggestion"] == "'=1+1"
