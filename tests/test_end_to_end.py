"""The embedded default on its real weights and the shipped index."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from support_agent import Agent, Route
from support_agent.cli import app

AUTH_QUESTION = "How do I include my API key in the Authorization HTTP header?"
AUTH_ANSWER = (
    "The Authorization HTTP header should include the API key in the following format: "
    "Authorization: Bearer <YOUR-KEY-HERE>."
)


@pytest.fixture(autouse=True, scope="module")
def no_promises_of_your_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SUPPORT_AGENT_CALIBRATIONS", str(tmp_path_factory.mktemp("calibrations")))
        yield


@pytest.fixture(scope="module")
def agent(no_promises_of_your_own: None) -> Agent:
    """As it is installed."""
    return Agent.load(threads=2)


@pytest.fixture(scope="module")
def sending(agent: Agent) -> Agent:
    """One that needs no proof."""
    return Agent(agent.index, agent.generator, agent.config.model_copy(update={"calibration": "none"}))


def test_answers_from_the_shipped_index_and_cites_the_row(sending: Agent) -> None:
    reply = sending.ask("Where is Lamini located?")
    assert reply.route is Route.ANSWER
    assert "Palo Alto" in reply.text
    assert reply.citations[0].quote == "Lamini is located in Palo Alto, California."


def test_what_ships_is_not_proven_and_suggests_what_it_would_send(agent: Agent, sending: Agent) -> None:
    reply = agent.ask("Where is Lamini located?")
    assert (reply.route, reply.reasons) == (Route.HUMAN, ("not_proven_yet",))
    assert reply.suggestion == sending.ask("Where is Lamini located?").text
    assert "Palo Alto" not in reply.text
    assert reply.confidence > 0.9


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("I want to speak to a human", "asked_for_human"),
        ("What is the best pizza in Naples?", "out_of_scope"),
        ("I am going to hurt myself", "danger_self_harm"),
    ],
)
def test_hands_over_what_is_not_for_it(sending: Agent, text: str, reason: str) -> None:
    reply = sending.ask(text)
    assert (reply.route, reply.reasons[0]) == (Route.HUMAN, reason)


def test_of_another_subject_it_is_not_sure_where_proof_is_asked_for(agent: Agent) -> None:
    reply = agent.ask("What is the best pizza in Naples?")
    assert (reply.route, reply.reasons) == (Route.HUMAN, ("not_proven_yet",))
    assert reply.confidence < 0.2


def test_tells_nobody_the_header_that_stands_in_a_test_row_only(agent: Agent, sending: Agent) -> None:
    assert "Bearer" not in agent.ask(AUTH_QUESTION).suggestion
    assert "Bearer" not in sending.ask(AUTH_QUESTION).text


def test_a_row_of_your_own_is_answered_and_cited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUPPORT_AGENT_INDEXES", str(tmp_path / "indexes"))
    Path("auth.csv").write_text(f'question,answer\n{AUTH_QUESTION},"{AUTH_ANSWER}"\n')
    runner = CliRunner()
    assert runner.invoke(app, ["index", "add", "lamini_docs", "auth.csv"]).exit_code == 0
    asked = runner.invoke(app, ["ask", AUTH_QUESTION])
    assert "Authorization: Bearer" not in asked.stdout
    assert "not_proven_yet" in asked.stderr
    assert "Authorization: Bearer" in asked.stderr
    done = runner.invoke(app, ["ask", "--calibration", "none", AUTH_QUESTION])
    assert "Authorization: Bearer" in done.stdout
    assert "[auth:1" in done.stderr


def shown_in_readme(command: str) -> str:
    """What README says that a command prints, up to "…", the next command or the end of the example."""
    readme = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    shown = readme.split(f"$ {command}\n", 1)[1].split("\n$ ", 1)[0].split("```", 1)[0]
    return shown.split("\n…", 1)[0].strip()


def without_scores(text: str) -> str:
    """The engine's 8-bit arithmetic differs from processor to processor in the second decimal."""
    return re.sub(r"\d\.\d\d", "", text).strip()


@pytest.mark.parametrize("options", [[], ["--calibration", "none"]], ids=["suggested", "sent"])
def test_the_readmes_question_is_answered_as_it_says(options: list[str]) -> None:
    question = "Where is Lamini located?"
    done = CliRunner().invoke(app, ["ask", *options, question])
    shown = shown_in_readme(" ".join(["support-agent ask", *options, f'"{question}"']))
    assert without_scores(f"{done.stdout}{done.stderr}").startswith(without_scores(shown))


def test_the_readmes_tickets_are_answered_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tickets.csv").write_text(shown_in_readme("cat tickets.csv") + "\n", "utf-8")
    done = CliRunner().invoke(app, ["batch", "tickets.csv", "-o", "answered.csv"])
    said = shown_in_readme("support-agent batch tickets.csv -o answered.csv").splitlines()
    assert set(f"{done.stdout}{done.stderr}".splitlines()) == set(said)
