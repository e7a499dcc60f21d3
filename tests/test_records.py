import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


QUESTION = Ticket("Where is it?", "Order 7", ticket_id="1")
# Halves of surrogate pairs among them.
ANY_CHARACTER = st.characters(exclude_categories=())


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (Ticket("Where is it?", "Order 7", ticket_id="2"), True),
        (Ticket("Where is it??", "Order 7"), False),
        (Ticket("Where is it?", "Order 8"), False),
        (Ticket("Where is it?", "Order 7", history=(Turn("Hi", "Hello"),)), False),
    ],
    ids=["another id", "another text", "another subject", "a conversation"],
)
def test_tickets_of_the_same_words_have_one_key_whoever_sent_them(other: Ticket, same: bool) -> None:
    assert (other.words_key == QUESTION.words_key) is same


@given(st.text(ANY_CHARACTER), st.text(ANY_CHARACTER))
def test_whatever_the_words_are_the_random_number_hangs_on_them_alone(text: str, subject: str) -> None:
    first, second = (Ticket(text, subject, ticket_id=ticket_id).sample for ticket_id in ("1", "2"))
    assert first == second
    assert 0 <= first <= 1


def test_a_tickets_random_number_never_changes() -> None:
    assert Ticket("Where is it?").sample == 0.481225693


def test_the_random_numbers_of_many_tickets_are_spread_evenly() -> None:
    tenths = Counter(int(10 * Ticket(f"Where is order {number}?").sample) for number in range(10_000))
    assert sorted(tenths) == list(range(10))
    # Four standard deviations of a fair tenth.
    assert all(880 < tickets < 1_120 for tickets in tenths.values())


def test_a_ticket_without_an_id_is_named_by_its_words() -> None:
    assert Ticket("Where is it?").words_key.startswith(Ticket("Where is it?").ticket_id)


def test_a_reply_becomes_json_and_its_own_text() -> None:
    reply = Reply("7", Route.ANSWER, "Hi", 0.5, (), (Citation("p", 1.0, "q"),), "en", (Signal("s", 1.0, None, False),))
    assert str(reply) == "Hi"
    plain = json.loads(json.dumps(reply.to_dict()))
    assert plain["route"] == "answer"
    assert plain["citations"] == [{"passage_id": "p", "score": 1.0, "quote": "q"}]


def test_a_reply_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Reply("7", Route.ANSWER, "Hi").text = "Ho"  # type: ignore[misc]
