"""One call does what the command does."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from support_agent import Agent
from support_agent.errors import EvaluationError
from support_agent.evaluation.compare import compare
from support_agent.evaluation.job import audit_agent, evaluate, rescore
from support_agent.evaluation.results import read_result
from support_agent.evidence.watch import Watch

from .conftest import PAIRS, write_rows


def test_one_call_asks_scores_and_writes_the_folder_and_the_page(shop: CliRunner) -> None:
    told: list[tuple[int, int]] = []
    result = evaluate(
        "golden.jsonl",
        Agent.load(),
        output=Path("out"),
        report=Path("out.html"),
        on_done=lambda done, all_of: told.append((done, all_of)),
    )
    assert result.scores["overall"]["scores"]["right"]["value"] == 1.0
    assert read_result(Path("out")) == result
    assert Path("out.html").is_file()
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_what_is_suggested_while_nothing_is_proven_is_kept_and_judged(shop: CliRunner) -> None:
    result = evaluate("golden.jsonl", lambda: Agent.load(calibration="auto"), output=Path("out"))
    assert {outcome.route for outcome in result.outcomes} == {"human"}
    assert [outcome.suggestion for outcome in result.outcomes[:2]] == [pair["answer"] for pair in PAIRS]
    assert [ticket["loss"] for ticket in result.scores["tickets"][:2]] == [0.0, 0.0]


def test_a_result_scored_again_as_it_was_is_the_same(shop: CliRunner) -> None:
    first = evaluate("golden.jsonl", Agent.load, output=Path("out"))
    again = rescore(Path("out"))
    assert again.scores == first.scores
    assert {difference.verdict for difference in compare(first, again).differences} == {"same"}


def test_labels_given_to_the_call_decide_what_is_right(shop: CliRunner) -> None:
    write_rows(Path("labels.jsonl"), [{"id": "key", "right": False}])
    result = evaluate("golden.jsonl", Agent.load, output=Path("out"), labels=Path("labels.jsonl"))
    assert result.scores["overall"]["scores"]["risk"]["value"] == 0.5
    assert result.scores["labelled"] == 1


@pytest.mark.parametrize("job", [evaluate, audit_agent])
def test_golden_tickets_are_no_traffic_and_the_agents_watch_is_put_back(
    shop: CliRunner, monkeypatch: pytest.MonkeyPatch, job: Callable[..., object]
) -> None:
    agent, watch = Agent.load(), Watch("a promise", [0.5], threshold=0.5, max_error=0.1)
    monkeypatch.setattr(agent.gate, "watch", watch)
    seen: list[object] = []
    on_words = agent.gate.on_words
    monkeypatch.setattr(agent.gate, "on_words", lambda triage: (seen.append(agent.gate.watch), on_words(triage))[1])
    job("golden.jsonl", agent)
    assert (set(seen), agent.gate.watch) == ({None}, watch)


def never() -> Agent:
    raise AssertionError("the agent was opened")


def test_no_agent_is_opened_for_what_is_refused_all_the_same(shop: CliRunner) -> None:
    Path("out").mkdir()
    Path("out/thesis.txt").touch()
    with pytest.raises(EvaluationError, match="and no result"):
        evaluate("golden.jsonl", never, output=Path("out"))
    with pytest.raises(EvaluationError, match="is a folder. Name a file"):
        audit_agent("golden.jsonl", never, report=Path("out"))


def test_an_audit_says_what_made_the_replies(shop: CliRunner) -> None:
    agent = Agent.load()
    assert audit_agent("golden.jsonl", agent, limit=1).to_dict()["versions"] == agent.versions
