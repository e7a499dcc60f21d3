"""A new signal is a function, a line in a table, and a row of golden measurements: nothing else has to be edited."""

import dataclasses
import json
import random

import pytest

from support_agent import Agent, Signal
from support_agent.evidence.fit import MeasuredRows, Promise, calibrate
from support_agent.evidence.labels import Label, Labels
from support_agent.evidence.left_out import LeftOutTicket
from support_agent.gate import measure
from support_agent.gate.given import Found, Written
from support_agent.gate.measure import Measure, Measured, combined, known_late
from support_agent.generation.scripted import ScriptedGenerator
from support_agent.records import Reason, Route, Ticket

from ..conftest import make_agent
from .golden_measurements import make_anew

KEY = "How do I get an API key?"


def question_marks(found: Found) -> Signal:
    """How many there are; more than two hold an answer back."""
    marks = found.text.count("?")
    return Signal("question_marks", float(marks), 2.0, marks > 2)


def exclamation_marks(written: Written) -> Signal:
    """How many a draft has."""
    return Signal("exclamation_marks", float(written.draft.text.count("!")), None, False)


@pytest.fixture
def new_signals(monkeypatch: pytest.MonkeyPatch) -> None:
    early = Measure(question_marks, combined=(0.0, 9.0), holds=Reason.AMBIGUOUS)
    monkeypatch.setattr(measure, "EARLY", (*measure.EARLY, early))
    monkeypatch.setattr(measure, "LATE", (*measure.LATE, Measure(exclamation_marks, combined=(0.0, 5.0))))


def measured(agent: Agent, question: str = KEY) -> Measured:
    return next(agent.measure([LeftOutTicket(Ticket(question))]))


@pytest.mark.usefixtures("new_signals")
def test_it_stands_among_a_live_replys_signals(agent: Agent) -> None:
    found = {signal.name: signal.value for signal in agent.ask(KEY).signals}
    assert (found["question_marks"], found["exclamation_marks"]) == (1.0, 0.0)


@pytest.mark.usefixtures("new_signals")
def test_it_decides_alone_where_its_line_says_so(agent: Agent) -> None:
    reply = agent.ask("How do I get an API key? How??")
    assert (reply.route, reply.reasons) == (Route.CLARIFY, (Reason.AMBIGUOUS,))
    assert measured(agent, "How do I get an API key? How??").held == (Reason.AMBIGUOUS,)


@pytest.mark.usefixtures("new_signals")
def test_it_is_measured_for_evidence() -> None:
    row = measured(make_agent(ScriptedGenerator({KEY: "Keep it secret!"})))
    assert row.early["question_marks"] == 1.0
    assert row.values["exclamation_marks"] == 1.0
    assert "exclamation_marks" not in row.early


@pytest.mark.usefixtures("new_signals")
def test_it_is_combined_and_weighed_by_the_labels(agent: Agent) -> None:
    assert {"question_marks", "exclamation_marks"} < {*combined()}
    assert known_late()["exclamation_marks"] == (0.0, 5.0)
    draw = random.Random(0)
    marks = [float(draw.random() < 0.5) for _ in range(300)]
    one = measured(agent)
    rows = [
        dataclasses.replace(
            one, ticket=Ticket(KEY, ticket_id=str(at)), values={**one.values, "question_marks": mark}, held=()
        )
        for at, mark in enumerate(marks)
    ]
    said = [Label(str(at), "", one.sent, draw.random() < 0.5 + 0.4 * mark, None) for at, mark in enumerate(marks)]
    given = MeasuredRows(rows, range(300), ["all"] * 300, {}, {}, {})
    combiner = calibrate(given, Labels(tuple(said)), Promise("supported", 0.1, 0.05)).combiner
    weights = dict(zip(combiner.names, combiner.weights, strict=True))
    assert weights["question_marks"] > 0.5
    assert weights["exclamation_marks"] == 0


@pytest.mark.usefixtures("new_signals")
def test_the_golden_measurements_have_to_be_made_anew() -> None:
    assert make_anew() != [json.loads(line) for line in measure.GOLDEN.read_text("utf-8").rstrip("\n").split("\n")]
