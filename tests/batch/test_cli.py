import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from support_agent import Reply, Ticket
from support_agent.batch import open_journal
from support_agent.cli.agent_options import AgentOptions
from support_agent.cli.batch import batch

Invoke = Callable[..., Result]

app = typer.Typer()
app.command()(batch)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    path.write_text("Id,Subject,Description\n1,Bill,Too high\n2,,a human please\n3,,\n4,Bill,Too high\n", "utf-8")
    return path


@pytest.fixture
def invoke(source: Path, tmp_path: Path, echo_agent: Any, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """Run the command on ``source``; the agent it opens is ``agent`` or the echoing one."""

    def run(*options: str, agent: Any = None) -> Result:
        monkeypatch.setattr(AgentOptions, "load_agent", lambda _: agent or echo_agent())
        return CliRunner().invoke(app, [str(source), "-o", str(tmp_path / "out.csv"), *options])

    return run


class StoppedAgent:
    """Ctrl-C comes after two replies."""

    def __init__(self, agent: Any) -> None:
        self.versions = agent.versions
        self._agent = agent

    def ask_many(self, tickets: Iterable[Ticket]) -> Iterator[Reply]:
        replies = self._agent.ask_many(tickets)
        yield next(replies)
        yield next(replies)
        raise KeyboardInterrupt


def test_prints_mapping_first_and_summary_last(invoke: Invoke, tmp_path: Path) -> None:
    result = invoke()
    assert result.exit_code == 0
    assert "4 rows, read as Zendesk or Freshdesk" in result.stderr
    assert "text    ← Description" in result.stderr
    assert result.stdout == f"{tmp_path / 'out.csv'}: 4 rows = 2 answered · 1 clarify · 1 human · 0 rejected\n"


def test_json_is_one_object_on_stdout(invoke: Invoke, tmp_path: Path) -> None:
    expected = {"rows": 4, "answered": 2, "clarify": 1, "human": 1, "rejected": 0, "generated": 3, "defused_cells": 0}
    expected |= {"skipped": 0, "generator_down": 0, "suggested": 0}
    assert json.loads(invoke("--json").stdout) == {"output": str(tmp_path / "out.csv"), **expected}


def test_says_how_many_rows_carry_a_suggestion(invoke: Invoke, agent_program: Any) -> None:
    result = invoke(agent=agent_program.scripted_agent())
    assert "Rows with a suggestion for the person who takes over (sa_suggestion): 3." in result.stderr


def test_says_nothing_of_suggestions_where_there_are_none(invoke: Invoke) -> None:
    assert "suggestion" not in invoke().stderr


def test_ends_with_3_when_rows_are_rejected(invoke: Invoke, source: Path) -> None:
    source.write_bytes(source.read_bytes() + b"5,ragged\n")
    result = invoke()
    assert result.exit_code == 3
    assert "  1 row will be rejected; the output says why for each." in result.stderr
    assert "5 rows = 2 answered · 1 clarify · 1 human · 1 rejected" in result.stdout


def test_a_dry_run_writes_nothing(invoke: Invoke, tmp_path: Path) -> None:
    result = invoke("--dry-run")
    assert result.exit_code == 0
    assert "row 1 (line 2): 14 characters: Bill Too high" in result.stdout
    assert "3 different tickets; at most so many would be generated." in result.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_a_dry_run_needs_no_output(source: Path) -> None:
    done = CliRunner().invoke(app, [str(source), "--dry-run"])
    assert (done.exit_code, "Nothing was written." in done.stdout) == (0, True)
    assert [path.name for path in source.parent.iterdir()] == ["in.csv"]


def test_a_run_that_writes_needs_an_output(source: Path) -> None:
    done = CliRunner().invoke(app, [str(source)])
    assert done.exit_code == 2
    assert "name the file to write, such as -o answered.csv" in done.stderr


def test_a_dry_run_as_json(invoke: Invoke) -> None:
    assert json.loads(invoke("--dry-run", "--json").stdout) == {
        "format": "Zendesk or Freshdesk",
        "mapping": {"text": "Description", "subject": "Subject", "id": "Id"},
        "rows": 4,
        "rejected": 0,
        "distinct_tickets": 3,
    }


def test_a_limit_and_a_mapping_by_hand_are_shown(invoke: Invoke) -> None:
    result = invoke("--limit", "2", "--map", "text=subject")
    assert "2 of 4 rows, read as mapped by hand" in result.stderr
    assert "text    ← Subject" in result.stderr
    assert "2 rows = 1 answered · 1 clarify" in result.stdout


@pytest.mark.parametrize("options", [["--map", "body=x"], ["--limit", "0"]])
def test_wrong_usage_ends_with_2(invoke: Invoke, options: list[str]) -> None:
    assert invoke(*options).exit_code == 2


def test_ctrl_c_says_how_far_it_came_and_the_same_command_goes_on(
    invoke: Invoke, echo_agent: Any, tmp_path: Path
) -> None:
    result = invoke(agent=StoppedAgent(echo_agent(1)))
    assert result.exit_code == 130
    assert "Stopped after 2 of 4 rows; run the same command to go on." in result.stderr
    assert not (tmp_path / "out.csv").exists()
    assert json.loads(invoke("--json").stdout)["generated"] == 1


def test_fresh_throws_an_unfinished_run_away(invoke: Invoke, echo_agent: Any) -> None:
    invoke(agent=StoppedAgent(echo_agent(1)))
    assert json.loads(invoke("--json", "--fresh").stdout)["generated"] == 3


def test_a_second_run_is_told_before_it_loads_anything(invoke: Invoke, tmp_path: Path) -> None:
    with open_journal(tmp_path / "out.csv"):
        result = invoke(agent=NotImplemented)
    assert "is being written by process" in str(result.exception)
