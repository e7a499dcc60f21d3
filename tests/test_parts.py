import pytest

from support_agent import Agent, Reply, Route
from support_agent.gate.combiner import Combiner
from support_agent.gate.decide import Policy
from support_agent.gate.gate import Gate
from support_agent.generation.scripted import ScriptedGenerator
from support_agent.records import Reason

from .conftest import WordIndex, make_agent

BOTH = "How do I get an API key and how much does the Enterprise plan cost?"
KEY_ANSWER = "You can generate an API key in the API tab at app.lamini.ai."
COST_ANSWER = "The Enterprise plan costs $99 a month."
# Surer the nearer the passage is.
RANKING = Combiner(("retrieval_score", "mean_support"), (0.5, 0.9), (0.1, 0.1), (1.0, 0.1), 0.0)
HALF_OPEN = "How do I get an API key? Which colours does your sofa come in?"


def test_both_questions_are_answered_in_their_order() -> None:
    reply = make_agent(ScriptedGenerator()).ask(BOTH)
    assert (reply.route, reply.text) == (Route.ANSWER, f"{KEY_ANSWER}\n\n{COST_ANSWER}")
    assert [citation.passage_id for citation in reply.citations] == ["docs:1", "docs:3"]
    assert {signal.name: signal.value for signal in reply.signals}["questions"] == 2


def test_an_answer_to_several_is_as_sure_as_the_least_sure_of_them() -> None:
    agent = make_agent(ScriptedGenerator())
    alone = [
        agent.ask(text).confidence for text in ("How do I get an API key", "how much does the Enterprise plan cost?")
    ]
    assert agent.ask(BOTH).confidence == min(alone)


def test_what_stays_open_is_named_and_goes_to_a_person() -> None:
    reply = make_agent(ScriptedGenerator()).ask(HALF_OPEN)
    assert (reply.route, reply.reasons[0]) == (Route.HUMAN, "part_open")
    assert reply.text.startswith(f"{KEY_ANSWER}\n\nA person on our team")
    assert reply.text.endswith("\n- Which colours does your sofa come in?")
    assert reply.suggestion.startswith(f"How do I get an API key?\n{KEY_ANSWER}")


def test_a_link_in_an_open_question_is_not_sent_back() -> None:
    reply = make_agent(ScriptedGenerator()).ask(
        "How do I get an API key? Which colours has the sofa at https://evil.example/x ?"
    )
    assert "evil" not in reply.text
    assert "Which colours has the sofa at …" in reply.text


@pytest.mark.parametrize("draft", ["Call us at 555-0100.", RuntimeError("boom")], ids=["held", "broken"])
def test_a_draft_that_fails_opens_only_its_own_question(draft: str | Exception) -> None:
    reply = make_agent(ScriptedGenerator({"how much does the Enterprise plan cost?": draft})).ask(BOTH)
    assert KEY_ANSWER in reply.text
    assert "555" not in reply.text


def test_questions_that_the_same_passage_answers_are_one() -> None:
    generator = ScriptedGenerator()
    reply = make_agent(generator).ask("How do I get an API key? And where do I generate an API key?")
    assert (reply.route, reply.text, generator.calls) == (Route.ANSWER, KEY_ANSWER, 1)


def test_danger_beside_a_question_is_danger() -> None:
    reply = make_agent(ScriptedGenerator()).ask(f"{BOTH} I am going to hurt myself.")
    assert (reply.route, reply.reasons[0], reply.suggestion) == (Route.HUMAN, "danger_self_harm", "")


def test_a_stream_gives_the_same_text() -> None:
    agent = make_agent(ScriptedGenerator())
    stream = agent.stream(BOTH)
    assert "".join(stream) == agent.ask(BOTH).as_sent
    assert isinstance(stream.reply, Reply)


def test_all_questions_are_searched_in_one_call() -> None:
    index = WordIndex()
    calls: list[int] = []
    search = index.search
    index.search = lambda texts, k: calls.append(len(texts)) or search(texts, k)  # type: ignore[method-assign, func-returns-value]
    agent = make_agent(ScriptedGenerator())
    agent.index = index
    agent.ask(BOTH)
    assert calls == [3]


def test_tickets_beside_one_of_several_questions_keep_their_own_replies() -> None:
    agent = make_agent(ScriptedGenerator())
    texts = ["How do I get an API key?", BOTH, "I want to speak to a human"]
    replies = list(agent.ask_many(texts))
    assert [reply.text for reply in replies] == [agent.ask(text).text for text in texts]


class CountingWatch:
    """Keeps what it is told; withdraws the promise after so many scores."""

    def __init__(self, most: int = 9) -> None:
        self.seen: list[tuple[float, str]] = []
        self._most = most

    @property
    def withdrawn(self) -> bool:
        return len(self.seen) >= self._most

    def see(self, score: float, text: str = "") -> None:
        self.seen.append((score, text))


def promising_agent(threshold: float, watch: CountingWatch | None = None, closed: Reason | None = None) -> Agent:
    agent = make_agent(ScriptedGenerator())
    agent.gate = Gate(Policy(combiner=RANKING, threshold=threshold, closed=closed), watch=watch)
    return agent


def test_under_a_promise_both_are_answered_where_the_less_sure_is_sure_enough() -> None:
    watch = CountingWatch()
    reply = promising_agent(0.2, watch).ask(BOTH)
    assert (reply.route, reply.text) == (Route.ANSWER, f"{KEY_ANSWER}\n\n{COST_ANSWER}")
    assert watch.seen == [(reply.confidence, BOTH)]


def test_under_a_promise_nothing_is_sent_where_one_is_not_sure_enough() -> None:
    sure = promising_agent(0.2).ask(BOTH)
    reply = promising_agent(sure.confidence + 0.001).ask(BOTH)
    assert (reply.route, reply.confidence, reply.citations) == (Route.HUMAN, sure.confidence, ())
    assert "API tab" not in reply.text
    assert reply.suggestion == sure.text


def test_where_nothing_is_proven_the_suggestion_is_what_would_be_sent() -> None:
    reply = promising_agent(0.2, closed=Reason.NOT_PROVEN_YET).ask(BOTH)
    assert (reply.route, reply.reasons) == (Route.HUMAN, (Reason.NOT_PROVEN_YET,))
    assert reply.suggestion == promising_agent(0.2).ask(BOTH).text


def test_a_ticket_that_ends_the_promise_is_not_answered_itself() -> None:
    reply = promising_agent(0.2, CountingWatch(most=1)).ask(BOTH)
    assert (reply.route, reply.reasons) == (Route.HUMAN, (Reason.PROMISE_WITHDRAWN,))
    assert reply.suggestion == f"{KEY_ANSWER}\n\n{COST_ANSWER}"
