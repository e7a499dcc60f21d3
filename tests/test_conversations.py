"""A conversation as its customer sees it: what is said once, what is never said twice, and who speaks."""

import csv
import io
from pathlib import Path

import pytest

from support_agent import Agent, Reply, Route, Ticket, Turn
from support_agent.batch.csv_writer import ADDED_COLUMNS, cells_of_reply
from support_agent.config import Config
from support_agent.errors import ConfigError
from support_agent.evidence.asking import _offer
from support_agent.evidence.verdict_files import read_verdicts
from support_agent.gate import Gate, Policy
from support_agent.gate.texts import ReplyTime, customer_text, load_texts
from support_agent.generation.scripted import ScriptedGenerator
from support_agent.records import COURTESIES, Reason

from .conftest import PASSAGES, WordIndex, make_agent
from .test_agent import RecordingGenerator
from .test_replying import NEVER_SURE

KEY = "How do I get an API key?"
ANSWER = "You can generate an API key in the API tab at app.lamini.ai."
NOTICE = "This reply comes from an AI assistant. If you would rather have a person, just say so."
TOLD = (Turn(KEY, f"{NOTICE}\n\n{ANSWER}"),)


class Seeing:
    """A watch that counts what it is shown."""

    withdrawn = False

    def __init__(self) -> None:
        self.seen: list[float] = []

    def see(self, score: float, text: str = "") -> None:
        self.seen.append(score)


def cells_of(reply: Reply, ticket: Ticket) -> dict[str, str]:
    return dict(zip(ADDED_COLUMNS, cells_of_reply(reply.to_dict(), ticket.words_key, ("b", 1)).cells, strict=True))


@pytest.mark.parametrize("text", ["Hello", "thanks!", "that worked", "bye", "are you a bot?", "ok", "👍"])
def test_a_courtesy_is_answered_without_knowledge_a_promise_or_a_trace_in_the_evidence(text: str) -> None:
    generator = ScriptedGenerator()
    agent = make_agent(generator)
    agent.gate = Gate(Policy(NEVER_SURE, closed=Reason.NOT_PROVEN_YET), watch := Seeing())
    ticket = Ticket(text, history=TOLD)
    reply = agent.ask(ticket)
    assert (reply.route, reply.confidence, reply.citations, reply.suggestion) == (Route.ANSWER, 0.0, (), "")
    assert set(reply.reasons) <= COURTESIES
    assert reply.text
    assert (generator.calls, watch.seen, _offer(ticket, reply).sent) == (0, [], "")


def test_a_courtesy_in_a_batch_is_neither_offered_nor_taken_as_a_label(agent: Agent, tmp_path: Path) -> None:
    ticket = Ticket("thanks, that worked!", ticket_id="7")
    cells = cells_of(agent.ask(ticket), ticket)
    assert (cells["sa_route"], cells["sa_evidence"], cells["sa_score"]) == ("answer", "", "")
    row = {"id": "7", "description": ticket.text, **cells, "verdict": "right"}
    table = io.StringIO()
    writer = csv.DictWriter(table, row)
    writer.writeheader()
    writer.writerow(row)
    (tmp_path / "read.csv").write_text(table.getvalue(), "utf-8")
    read = read_verdicts(tmp_path / "read.csv")
    assert read.rows == ()
    assert "a verdict on a courtesy" in read.problems[0]


@pytest.mark.parametrize("text", ["no, that's not it", "that didn't help", "I already tried that", "👎"])
def test_what_did_not_help_goes_to_a_person_with_an_apology_and_is_not_suggested_again(agent: Agent, text: str) -> None:
    reply = agent.ask(Ticket(text, history=TOLD))
    assert (reply.route, reply.reasons, reply.suggestion) == (Route.HUMAN, (Reason.NOT_SOLVED,), "")
    assert reply.text.startswith("I'm sorry that this didn't help.")
    assert reply.evidence


def test_the_same_words_are_not_sent_twice_in_a_conversation(agent: Agent) -> None:
    assert agent.ask(KEY).text == ANSWER
    reply = agent.ask(Ticket(KEY, history=TOLD))
    assert (reply.route, reply.reasons, reply.suggestion) == (Route.HUMAN, (Reason.REPEATED,), "")


def test_a_stream_does_not_begin_what_it_has_told_before() -> None:
    draft = "You can generate an API key in the API tab. Keep it secret."
    stream = make_agent(ScriptedGenerator({KEY: draft})).stream(Ticket(KEY, history=(Turn(KEY, draft),)))
    text = "".join(stream)
    assert stream.reply is not None
    assert stream.reply.reasons == (Reason.REPEATED,)
    assert "secret" not in text


def test_a_stream_that_begins_alike_and_goes_on_otherwise_is_sent() -> None:
    draft = "You can generate an API key in the API tab. Keep it secret."
    before = (Turn("keys", "You can generate an API key in the API tab. That is all."),)
    stream = make_agent(ScriptedGenerator({KEY: draft})).stream(Ticket(KEY, history=before))
    assert "".join(stream) == draft


@pytest.mark.parametrize("text", [KEY, "I want to speak to a human", "", "Hello"])
def test_the_first_message_says_that_a_machine_answers_and_no_later_one(agent: Agent, text: str) -> None:
    first, later = agent.ask(text), agent.ask(Ticket(text, history=(Turn("What is the plan?", "It is."),)))
    assert (first.notice, first.as_sent) == (NOTICE, f"{NOTICE}\n\n{first.text}")
    assert (later.notice, later.as_sent) == ("", later.text)


def test_who_asks_whether_it_is_a_bot_is_told_so_once(agent: Agent) -> None:
    reply = agent.ask("Are you a bot?")
    assert (reply.notice, reply.as_sent[:4]) == ("", "Yes,")
    person = agent.ask(Ticket("yes please", history=(Turn("Are you a bot?", reply.text),)))
    assert (person.route, person.reasons[0]) == (Route.HUMAN, Reason.ASKED_FOR_HUMAN)


def test_an_owner_words_the_notice_or_sends_none(agent: Agent, tmp_path: Path) -> None:
    (tmp_path / "en.toml").write_text('[notice]\nfirst_message = ""\n')
    reply = Agent(agent.index, agent.generator, Config(texts=str(tmp_path), calibration="none")).ask(KEY)
    assert (reply.notice, reply.as_sent) == ("", reply.text)


def test_the_file_of_a_batch_holds_what_to_send_beside_the_answer_that_is_read(agent: Agent) -> None:
    reply = agent.ask(KEY)
    cells = cells_of(reply, Ticket(KEY))
    assert (cells["sa_answer"], cells["sa_reply"]) == (reply.text, reply.as_sent)


def test_the_agent_tells_when_a_person_replies_where_the_settings_say_so() -> None:
    agent = make_agent(ScriptedGenerator(), reply_time="within one working day")
    assert agent.ask("I want to speak to a human").text.endswith("You will hear from us within one working day.")
    assert "working day" not in agent.ask("I am going to kill myself").text
    assert "working day" not in agent.ask("Ich möchte mit einem Menschen sprechen").text


def test_a_text_may_name_the_place_of_the_time_only_where_it_is_set(tmp_path: Path) -> None:
    (tmp_path / "en.toml").write_text('[human]\nabuse = "Pardon. We write {reply_time}."\n')
    texts = load_texts(tmp_path, ReplyTime("by noon", "en"))
    assert customer_text(Route.HUMAN, ("abuse",), texts=texts) == "Pardon. We write by noon."
    with pytest.raises(ConfigError, match="reply_time says nothing in this language"):
        load_texts(tmp_path)


def test_an_owner_may_tell_the_time_in_words_of_another_language(tmp_path: Path) -> None:
    (tmp_path / "de.toml").write_text('[notice]\nreply_time = "Wir antworten am nächsten Werktag."\n', "utf-8")
    texts = load_texts(tmp_path, ReplyTime("within a day", "en"))
    sent = customer_text(Route.HUMAN, ("abuse",), language="de", texts=texts)
    assert sent.endswith("Wir antworten am nächsten Werktag.")


def test_only_titles_that_share_a_word_with_the_question_are_offered_back() -> None:
    offered = customer_text(Route.CLARIFY, ("ambiguous",), PASSAGES, asked="the key?")
    assert offered.splitlines()[1:] == ["- How do I get an API key?"]
    assert "one of these" not in customer_text(Route.CLARIFY, ("ambiguous",), PASSAGES, asked="it says error")


def test_who_is_upset_in_another_language_gets_the_apology_in_it() -> None:
    agent = Agent(WordIndex(), ScriptedGenerator(), Config(calibration="none"))
    reply = agent.ask("Das ist eine Frechheit, niemand antwortet, mir reicht's!")
    assert reply.reasons == (Reason.FRUSTRATED, Reason.LANGUAGE)
    assert reply.text.startswith("Bitte entschuldigen Sie")


def test_a_courtesy_before_a_question_is_no_turn_of_its_prompt() -> None:
    generator = RecordingGenerator()
    history = (Turn("Hello", "Hello! What can I help you with?"), Turn("Which plans are there?", "Two."))
    make_agent(generator).ask(Ticket(KEY, history=history))
    asked = [message.content for message in generator.prompts[0].messages if message.role == "user"]
    assert asked[-2:] == ["Which plans are there?", KEY]
    assert "Hello" not in asked
