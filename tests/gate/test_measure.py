"""What is measured of a ticket; and what is suggested is what would be sent, else no label would prove anything."""

from dataclasses import replace

import pytest

from support_agent import Agent, Draft, Passage, Reply, Route
from support_agent.config import Config
from support_agent.gate import Gate, Policy
from support_agent.gate.combiner import Combiner, shipped
from support_agent.gate.given import Found
from support_agent.gate.measure import (
    EARLY,
    LATE,
    combined,
    known_late,
    measure_draft,
    measure_own_text,
    measure_passages,
    measure_quote,
)
from support_agent.generation.scripted import ScriptedGenerator
from support_agent.records import Reason
from support_agent.retrieval import HashingEmbedder, Subject
from support_agent.retrieval.fit_scope import fit_scope
from support_agent.retrieval.fit_subject import shipped_outliers
from support_agent.retrieval.subject import Nearness

from ..conftest import PASSAGES, WordIndex, make_agent

KEY = "How do I get an API key?"
COUNT = len(combined())
# Sends whatever no signal alone holds back.
OPEN = Policy(Combiner(combined(), (0.0,) * COUNT, (1.0,) * COUNT, (0.1,) * COUNT, 0.0), threshold=0.1)
CASES = {
    "own words": (KEY, "You can generate an API key in the API tab at app.lamini.ai."),
    "quoted": (KEY, "Call us at 555-0100."),
    "sentences removed": (KEY, "Keep it secret. Bananas grow in forests."),
    "nothing to send": ("Who won the cup in 1998?", "France won it."),
    "empty draft": ("What is the Enterprise plan?", ""),
    "loop": ("What is the Enterprise plan?", "It has support. " * 20),
    "asks for a human": ("Let me talk to a human please", "The Enterprise plan is for large teams."),
    "angry": ("WHERE IS MY F***ING KEY???!!! This is the worst service ever", "Keep it secret."),
    "another language": ("Wie bekomme ich denn bitte einen Schlüssel für die Schnittstelle?", "Keep it secret."),
    "another subject": ("What is the best pizza in Naples?", "Keep it secret."),
}
SENT = ["own words", "quoted", "sentences removed", "nothing to send", "empty draft", "loop", "another subject"]


@pytest.fixture(scope="module")
def subject() -> Subject:
    things = "key plan API team tab cost month seat".split()
    own = [f"How do I {verb} the {thing}?" for verb in ("add", "get", "drop") for thing in things]
    return Subject(scope=fit_scope(own, shipped_outliers()[:60], HashingEmbedder()).model)


def agent_with(subject: Subject, policy: Policy, drafts: dict[str, object]) -> Agent:
    agent = Agent(WordIndex(subject), ScriptedGenerator(drafts), Config(calibration="none"))  # type: ignore[arg-type]
    agent.gate = Gate(policy)
    return agent


def asked(subject: Subject, case: str) -> list[Reply]:
    """The reply of an agent that may send everything, and that of one for which nothing is proven."""
    question, text = CASES[case]
    draft = Draft(text, "scripted", tokens=9, sum_log_prob=-1.8, min_log_prob=-0.9)
    policies = OPEN, replace(OPEN, closed=Reason.NOT_PROVEN_YET)
    return [agent_with(subject, policy, {question: draft}).ask(question) for policy in policies]


@pytest.mark.parametrize("case", SENT)
def test_what_is_suggested_while_nothing_is_proven_is_what_would_be_sent(case: str, subject: Subject) -> None:
    sent, suggested = asked(subject, case)
    assert (sent.route, suggested.route, suggested.reasons) == (Route.ANSWER, Route.HUMAN, (Reason.NOT_PROVEN_YET,))
    assert suggested.suggestion == sent.text
    assert suggested.confidence == sent.confidence


@pytest.mark.parametrize("case", CASES)
def test_a_ticket_is_measured_alike_whether_or_not_something_is_proven(case: str, subject: Subject) -> None:
    sent, suggested = asked(subject, case)
    assert suggested.signals == sent.signals


@pytest.mark.parametrize("case", sorted(CASES.keys() - {*SENT}))
def test_what_a_signal_alone_decides_is_decided_alike(case: str, subject: Subject) -> None:
    sent, suggested = asked(subject, case)
    assert sent.route is not Route.ANSWER
    assert (suggested.route, suggested.reasons, suggested.text) == (sent.route, sent.reasons, sent.text)


def test_while_nothing_is_proven_nobody_is_asked_back(subject: Subject) -> None:
    closed = replace(OPEN, closed=Reason.NOT_PROVEN_YET)
    routes = [agent_with(subject, policy, {}).ask("plan").route for policy in (OPEN, closed)]
    assert routes == [Route.CLARIFY, Route.HUMAN]


def test_another_subject_is_handed_over_where_no_proof_is_asked_for(subject: Subject) -> None:
    question, text = CASES["another subject"]
    reply = agent_with(subject, Policy(min_cosine=-1.0), {question: text}).ask(question)
    assert (reply.route, reply.reasons) == (Route.HUMAN, (Reason.OUT_OF_SCOPE,))


@pytest.mark.parametrize("name", sorted({*combined()} - {*known_late()}))
def test_every_signal_that_is_combined_before_generation_is_measured(name: str) -> None:
    found = measure_passages(Found(KEY, PASSAGES, Nearness(0.3, 0.4, 0.8)))
    assert name in {signal.name for signal in found}


def test_the_shipped_ranking_is_of_the_signals_that_are_combined() -> None:
    assert shipped().names == combined()


def test_the_early_signals_are_what_is_measured_of_passages() -> None:
    found = measure_passages(Found(KEY, PASSAGES, Nearness(0.3, 0.4, 0.8)))
    assert [signal.name for signal in found] == [measure.of.__name__ for measure in EARLY]


def test_the_late_signals_are_what_is_measured_of_a_draft() -> None:
    late = measure_own_text("", Draft("Keep it secret.", "scripted", tokens=3, sum_log_prob=-1.0), PASSAGES)
    assert [signal.name for signal in late.own.signals] == [measure.of.__name__ for measure in LATE]


def test_without_a_promise_a_reply_shows_the_signals_of_the_draft_that_was_held() -> None:
    reply = make_agent(ScriptedGenerator({KEY: "Call us at 555-0100."})).ask(KEY)
    assert reply.reasons == ("unsupported",)
    assert [signal.name for signal in reply.signals if signal.fired] == ["unsupported_share"]


def test_of_several_signals_that_hold_a_draft_back_the_graver_comes_first() -> None:
    made = Draft("Bananas grow in the far south and bananas grow in the far south. " * 9, "scripted", finish="length")
    assert measure_own_text("", made, PASSAGES).own.held == (Reason.LOOP, Reason.CUT_OFF, Reason.UNSUPPORTED)


# What no generator may say in its own words: "we will call you" commits somebody.
CALL = Passage("docs:1", "Will you call me?", "We will call you back. Keep your phone near.", "docs")


@pytest.mark.parametrize(
    "text",
    [CALL.text, "We will call you back.\nKeep your  phone near.\n", "We will call you back."],
    ids=["word for word", "other line breaks", "a whole sentence of it"],
)
def test_a_draft_of_the_best_passages_own_words_counts_as_a_quote(text: str) -> None:
    own = measure_own_text("", Draft(text, "scripted"), [CALL]).own
    assert (own.checked.sent, own.held) == (text.strip(), ())
    assert set(own.checked.support) == {1.0}


@pytest.mark.parametrize(
    ("text", "passages"),
    [
        ("We will call you back today.", [CALL]),
        ("we will call you back.", [CALL]),
        ("We will call you back.", [PASSAGES[0], CALL]),
        ("We will call you back.", []),
    ],
    ids=["a word more", "other letters", "of the second passage", "of no passage"],
)
def test_a_draft_of_other_words_is_no_quote(text: str, passages: list[Passage]) -> None:
    assert measure_own_text("", Draft(text, "scripted"), passages).own.checked.sent == ""


def test_a_quote_that_was_cut_off_is_held_back() -> None:
    made = Draft("We will call you back.", "scripted", finish="length")
    assert measure_own_text("", made, [CALL]).own.held == (Reason.CUT_OFF,)


def test_a_quote_stands_in_only_for_a_draft_that_is_held_back() -> None:
    assert measure_draft("", Draft("Keep your phone near.", "scripted"), [CALL]).quote is None
    late = measure_draft("", Draft("Bananas grow.", "scripted"), [CALL])
    assert (late.own.held, late.best.checked.sent) == ((Reason.UNSUPPORTED,), CALL.text)


TABLE = Passage("docs:1", "Which ports?", "".join(f"- Open the port {n} in the firewall\n" for n in range(9)), "docs")


def test_a_passage_that_repeats_itself_is_quoted_and_a_draft_that_does_is_held_back() -> None:
    assert measure_quote("Which ports?", [TABLE]).held == ()
    assert measure_own_text("", Draft(TABLE.text, "extractive"), [TABLE]).own.held == ()
    assert measure_own_text("", Draft(TABLE.text, "scripted"), [TABLE]).own.held == (Reason.LOOP,)


@pytest.mark.parametrize("passages", [[], [replace(CALL, text="")]], ids=["nothing found", "an empty passage"])
def test_there_is_no_quote_without_words_to_quote(passages: list[Passage]) -> None:
    quote = measure_quote("Will you call me?", passages)
    assert (quote.held, quote.checked.sent) == ((Reason.EMPTY_DRAFT,), "")
