import json

import pytest

from support_agent import Citation, Reply, Route, Signal, Ticket, Turn


@pytest.mark.parametrize(
    ("subject", "text", "body"),
    [
        ("", "Help", "Help"),
        ("Login", "", "Login"),
        ("Login", "It fails", "Login\n\nIt fails"),
        ("Login", "login fails", "login fails"),
        ("API key", "How do I get an API key?", "How do I get an API key?"),
        (" ", " ", ""),
    ],
    ids=["text only", "subject only", "both", "subject repeated", "subject inside", "blank"],
)
def test_subject_and_text_are_joined(subject: str, text: str, body: str) -> None:
    assert Ticket(text, subject).body == body


def test_the_same_text_gets_the_same_id() -> None:
    assert Ticket("a").ticket_id == Ticket("a").ticket_id != Ticket("b").ticket_id


def test_the_same_words_in_another_conversation_get_another_id() -> None:
    told = [Ticket("yes", history=(Turn("Shall I?", reply),)).ticket_id for reply in ("Cancel it?", "Renew it?")]
    assert len({*told, Ticket("yes").ticket_id}) == 3


def test_a_reply_becomes_json_and_its_own_text() -> None:
    reply = Reply("7", Route.ANSWER, "Hi", 0.5, (), (Citation("p", 1.0, "q"),), "en", (Signal("s", 1.0, None, False),))
    assert str(reply) == "Hi"
    plain = json.loads(json.dumps(reply.to_dict()))
    assert plain["route"] == "answer"
    assert plain["citations"] == [{"passage_id": "p", "score": 1.0, "quote": "q"}]


def test_a_reply_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Reply("7", Route.ANSWER, "Hi").text = "Ho"  # type: ignore[misc]
