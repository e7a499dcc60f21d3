"""A new signal is a function, a line in a table, and a row of golden measurements: nothing else has to be edited."""

import json
import random
from pathlib import Path

import pytest

from support_agent import Agent, Signal
from support_agent.evidence.opening import suggesting_gate
from support_agent.evidence.ranking import choose_ranking
from support_agent.evidence.store import Offer, Verdict, open_store
from support_agent.gate import measure
from support_agent.gate.given import Found, Written
from support_agent.gate.measure import Measure, combined, known_late, values_of
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


@pytest.mark.usefixtures("new_signals")
def test_it_stands_among_a_live_replys_signals(agent: Agent) -> None:
    found = {signal.name: signal.value for signal in agent.ask(KEY).signals}
    assert (found["question_marks"], found["exclamation_marks"]) == (1.0, 0.0)


@pytest.mark.usefixtures("new_signals")
def test_it_decides_alone_where_its_line_says_so(agent: Agent) -> None:
    reply = agent.ask("How do I get an API key? How??")
    assert (reply.route, reply.reasons) == (Route.CLARIFY, (Reason.AMBIGUOUS,))


@pytest.mark.usefixtures("new_signals")
def test_it_is_measured_where_nothing_is_proven_yet() -> None:
    agent = make_agent(ScriptedGenerator({KEY: "Keep it secret!"}))
    agent.gate = suggesting_gate()
    values = values_of(agent.ask(KEY).signals)
    assert (values["question_marks"], values["exclamation_marks"]) == (1.0, 1.0)


@pytest.mark.usefixtures("new_signals")
def test_it_is_combined_and_weighed_by_the_labels(agent: Agent, tmp_path: Path) -> None:
    assert {"question_marks", "exclamation_marks"} < {*combined()}
    assert known_late()["exclamation_marks"] == (0.0, 5.0)
    draw, values, store = random.Random(0), values_of(agent.ask(KEY).signals), open_store(tmp_path)
    marks = {Ticket(f"Where is order {at}?"): float(draw.random() < 0.5) for at in range(300)}
    store.add_tickets((ticket, "en") for ticket in marks)
    store.add_offers(
        "these parts",
        [Offer(ticket.words_key, "Here.", 0.5, {**values, "question_marks": mark}) for ticket, mark in marks.items()],
    )
    store.add_verdicts(
        Verdict(ticket.words_key, "Here.", "right" if draw.random() < 0.5 + 0.4 * mark else "wrong")
        for ticket, mark in marks.items()
    )
    combiner, _ = choose_ranking(store, "these parts")
    weights = dict(zip(combiner.names, combiner.weights, strict=True))
    assert weights["question_marks"] > 0.5
    assert weights["exclamation_marks"] == 0


@pytest.mark.usefixtures("new_signals")
def test_the_golden_measurements_have_to_be_made_anew() -> None:
    assert make_anew() != [json.loads(line) for line in measure.GOLDEN.read_text("utf-8").rstrip("\n").split("\n")]
