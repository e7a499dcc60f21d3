"""The embedded default on its real weights and the shipped index."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from support_agent import Agent, Route
from support_agent.cli import app
from support_agent.evidence.calibration import read_calibration
from support_agent.shelves import CALIBRATIONS

AUTH_QUESTION = "How do I include my API key in the Authorization HTTP header?"
AUTH_ANSWER = (
    "The Authorization HTTP header should include the API key in the following format: "
    "Authorization: Bearer <YOUR-KEY-HERE>."
)


@pytest.fixture(scope="module")
def agent() -> Agent:
    return Agent.load(threads=2)


def test_answers_from_the_shipped_index_and_cites_the_row(agent: Agent) -> None:
    reply = agent.ask("Where is Lamini located?")
    assert reply.route is Route.ANSWER
    assert "Palo Alto" in reply.text
    assert reply.citations[0].quote == "Lamini is located in Palo Alto, California."


def test_the_shipped_calibration_keeps_its_promise_on_paper(agent: Agent) -> None:
    [file] = (CALIBRATIONS.shipped() / "lamini_docs").glob("*.json")
    calibration = read_calibration(file)
    assert (calibration.about, calibration.certificate.max_error, calibration.certificate.delta) == (
        "supported",
        0.1,
        0.05,
    )
    assert calibration.certificate.upper is not None
    assert calibration.certificate.upper <= 0.1
    assert agent.ask("Where is Lamini located?").versions["calibration"] == calibration.version


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("I want to speak to a human", "asked_for_human"),
        ("What is the best pizza in Naples?", "out_of_scope"),
        ("I am going to hurt myself", "danger_self_harm"),
    ],
)
def test_hands_over_what_is_not_for_it(agent: Agent, text: str, reason: str) -> None:
    reply = agent.ask(text)
    assert (reply.route, reply.reasons) == (Route.HUMAN, (reason,))


def test_tells_nobody_the_header_that_stands_in_a_test_row_only(agent: Agent) -> None:
    assert "Bearer" not in agent.ask(AUTH_QUESTION).text


def test_a_row_of_your_own_is_answered_and_cited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUPPORT_AGENT_INDEXES", str(tmp_path / "indexes"))
    Path("auth.csv").write_text(f'question,answer\n{AUTH_QUESTION},"{AUTH_ANSWER}"\n')
    runner = CliRunner()
    assert runner.invoke(app, ["index", "add", "lamini_docs", "auth.csv"]).exit_code == 0
    asked = runner.invoke(app, ["ask", AUTH_QUESTION])
    assert "not_calibrated" in asked.stderr
    done = runner.invoke(app, ["ask", "--calibration", "none", AUTH_QUESTION])
    assert "Authorization: Bearer" in done.stdout
    assert "[auth:1" in done.stderr


def shown_in_readme(command: str) -> str:
    """What README says that a command prints, up to the next command or the end of the example."""
    readme = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    return readme.split(f"$ {command}\n", 1)[1].split("\n$ ", 1)[0].split("```", 1)[0].strip()


def test_the_readmes_question_is_answered_as_it_says() -> None:
    question = "Where is Lamini located?"
    done = CliRunner().invoke(app, ["ask", question])
    shown = shown_in_readme(f'support-agent ask "{question}"')
    # The engine's 8-bit arithmetic differs from processor to processor in the second decimal.
    assert re.sub(r"\d\.\d\d", "", f"{done.stdout}{done.stderr}".strip()) == re.sub(r"\d\.\d\d", "", shown)


def test_the_readmes_tickets_are_answered_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tickets.csv").write_text(shown_in_readme("cat tickets.csv") + "\n", "utf-8")
    done = CliRunner().invoke(app, ["batch", "tickets.csv", "-o", "answered.csv"])
    said = shown_in_readme("support-agent batch tickets.csv -o answered.csv").splitlines()
    assert set(f"{done.stdout}{done.stderr}".splitlines()) == set(said)
