"""A ticket that is measured for evidence and a live one go one way: else the promise would be about neither."""

import pytest

from support_agent import Agent, Draft, GenerationError, Route, Ticket
from support_agent.config import Config
from support_agent.errors import CalibrationError
from support_agent.evidence.left_out import LeftOutTicket, left_out_tickets
from support_agent.gate import Gate, Policy
from support_agent.gate.combiner import Combiner
from support_agent.gate.measure import EARLY, LATE, Measured, combined, known_late, measure_own_text
from support_agent.generation.scripted import ScriptedGenerator
from support_agent.records import Reason
from support_agent.retrieval import HashingEmbedder, Subject
from support_agent.retrieval.fit_scope import fit_scope
from support_agent.retrieval.fit_subject import shipped_outliers

from ..conftest import PASSAGES, WordIndex, make_agent

KEY = "How do I get an API key?"
# Lets everything out that a signal alone does not hold back.
OPEN = Policy(Combiner(combined(), (0.0,) * 3, (1.0,) * 3, (0.0,) * 3, 0.0), threshold=0.1)
CASES = {
    "own words": (KEY, "You can generate an API key in the API tab at app.lamini.ai."),
    "quoted": (KEY, "Call us at 555-0100."),
    "sentences removed": (KEY, "Keep it secret. Bananas grow in forests."),
    "nothing to send": ("Who won the cup in 1998?", "France won it."),
    "empty draft": ("What is the Enterprise plan?", ""),
    "loop": ("What is the Enterprise plan?", "It has support. " * 20),
    "asks for a human": ("Let me talk to a human please", "The Enterprise plan is for large teams."),
    "angry": ("WHERE IS MY F***ING KEY???!!! This is the worst service ever", "Keep it secret."),
    "ambiguous": ("plan", "The Enterprise plan is for large teams. It has support."),
    "another language": ("Wie bekomme ich denn bitte einen Schlüssel für die Schnittstelle?", "Keep it secret."),
}


@pytest.fixture(scope="module")
def subject() -> Subject:
    things = "key plan API team tab cost month seat".split()
    own = [f"How do I {verb} the {thing}?" for verb in ("add", "get", "drop") for thing in things]
    return Subject(scope=fit_scope(own, shipped_outliers()[:60], HashingEmbedder()).model)


def agent_with(subject: Subject, drafts: dict[str, object]) -> Agent:
    agent = Agent(WordIndex(subject), ScriptedGenerator(drafts), Config(calibration="none"))  # type: ignore[arg-type]
    agent.gate = Gate(OPEN)
    return agent


def measured(agent: Agent, *tickets: LeftOutTicket) -> Measured:
    return next(agent.measure(tickets))


@pytest.mark.parametrize(("question", "text"), CASES.values(), ids=CASES.keys())
def test_a_row_is_measured_as_the_gate_measures_the_same_ticket(question: str, text: str, subject: Subject) -> None:
    draft = Draft(text, "scripted", tokens=9, sum_log_prob=-1.8, min_log_prob=-0.9)
    agent = agent_with(subject, {question: draft})
    row, live = measured(agent, LeftOutTicket(Ticket(question))), agent.ask(question)
    seen = {signal.name: signal.value for signal in live.signals if signal.name != "highest_confidence"}
    assert {name: row.values[name] for name in seen} == seen
    assert bool(row.held) is (live.route is not Route.ANSWER)
    assert row.held or row.sent == live.text
    assert not row.held or row.held[0] == live.reasons[0]


def test_a_measured_ticket_goes_to_its_end_whatever_would_have_stopped_it(subject: Subject) -> None:
    question = "Let me talk to a human please"
    agent = agent_with(subject, {question: "Keep it secret."})
    row = measured(agent, LeftOutTicket(Ticket(question)))
    assert (row.held[0], row.held_early, row.draft.text) == (Reason.ASKED_FOR_HUMAN, True, "Keep it secret.")
    assert row.values.keys() >= {"scope", "frustration", "retrieval_score", "mean_support"}


def test_what_is_known_early_is_what_no_draft_tells(subject: Subject) -> None:
    row = measured(agent_with(subject, {}), LeftOutTicket(Ticket(KEY)))
    late = {measure.of.__name__ for measure in LATE}
    assert row.early == {name: value for name, value in row.values.items() if name not in late}
    assert {measure.of.__name__ for measure in EARLY} <= row.early.keys()


@pytest.mark.parametrize("name", sorted({*combined()} - {*known_late()}))
def test_every_signal_that_is_combined_before_generation_is_measured(name: str, subject: Subject) -> None:
    assert name in measured(agent_with(subject, {}), LeftOutTicket(Ticket(KEY))).early


def test_the_scope_of_a_row_is_that_of_a_model_that_has_not_seen_it(subject: Subject) -> None:
    row = measured(agent_with(subject, {}), LeftOutTicket(Ticket(KEY), scope=0.01))
    assert (row.values["scope"], row.held[0], row.held_early) == (0.01, Reason.OUT_OF_SCOPE, True)


def test_a_rows_own_passage_is_passed_over(subject: Subject) -> None:
    row = measured(agent_with(subject, {}), *left_out_tickets(PASSAGES, {}))
    assert "docs:1" not in {passage.passage_id for passage in row.passages}
    assert len(row.passages) == 2


def test_rows_are_measured_in_order(subject: Subject) -> None:
    rows = list(agent_with(subject, {}).measure(left_out_tickets(PASSAGES, {})))
    assert [row.ticket.ticket_id for row in rows] == ["docs:1", "docs:2", "docs:3"]


def test_a_generator_that_fails_is_an_error_and_no_measurement(subject: Subject) -> None:
    agent = agent_with(subject, {KEY: GenerationError("no server")})
    with pytest.raises(CalibrationError, match=r"'docs:1' could not be measured.*run the same command again"):
        list(agent.measure(left_out_tickets(PASSAGES, {})))


def test_a_step_that_fails_is_an_error_and_no_measurement(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise ValueError("broken")

    monkeypatch.setattr("support_agent.gate.measure.measure_passages", fails)
    with pytest.raises(CalibrationError, match="Something failed while the ticket was answered"):
        list(agent_with(subject, {}).measure(left_out_tickets(PASSAGES, {})))


def test_measuring_is_no_traffic(subject: Subject) -> None:
    agent = agent_with(subject, {})

    class Watching:
        withdrawn = False

        def see(self, score: float, text: str = "") -> None:
            raise AssertionError("a measured ticket was watched")

    agent.gate = Gate(OPEN, Watching())
    assert measured(agent, LeftOutTicket(Ticket(KEY))).sent


def test_without_a_promise_a_reply_shows_the_signals_of_the_draft_that_was_held() -> None:
    reply = make_agent(ScriptedGenerator({KEY: "Call us at 555-0100."})).ask(KEY)
    assert reply.reasons == ("unsupported",)
    assert [signal.name for signal in reply.signals if signal.fired] == ["unsupported_share"]


def test_of_several_signals_that_hold_a_draft_back_the_graver_comes_first() -> None:
    made = Draft("Bananas grow in the far south and bananas grow in the far south. " * 9, "scripted", finish="length")
    assert measure_own_text("", made, PASSAGES).own.held == (Reason.LOOP, Reason.CUT_OFF, Reason.UNSUPPORTED)
