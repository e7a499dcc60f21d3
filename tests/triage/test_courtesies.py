import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_agent.triage.courtesies import without_courtesies

QUESTION = "How do I reset my queue?"


@pytest.mark.parametrize(
    "text",
    [
        "Hi team,\n\nHow do I reset my queue?\n\nBest regards,\nEmily",
        "Hello, I hope you are doing well. Could you please help me with this? How do I reset my queue? Thanks!",
        "Dear Sir or Madam,\nHow do I reset my queue?\nYours sincerely\nJ. Smith\nHead of Support, Acme",
        "Good morning! How do I reset my queue? Thank you very much in advance!",
        "My name is Wei Zhang. How do I reset my queue?\n\nKind regards,\nWei Zhang",
        "Hey - How do I reset my queue? cheers",
        "Hallo,\nHow do I reset my queue?\nViele Grüße",
        QUESTION,
    ],
    ids=["letter", "polite", "formal", "in advance", "named", "short", "German", "bare"],
)
def test_what_is_left_is_the_question(text: str) -> None:
    assert without_courtesies(text) == QUESTION


@pytest.mark.parametrize(
    "text",
    [
        "Thanks",
        "Hello there!",
        "Hi",
        "How do I write a thank you letter with it?",
        "Thanks to your update nothing works. How do I go back to the version of last week?",
        "Best practices for prompts?",
        "Dear John letters: can it write them?",
        "Regards from Rome. Thanks! But how do I get a key?",
        "Hilbert spaces, are they supported?",
    ],
    ids=["thanks", "hello", "hi", "letter", "sarcasm", "best", "dear", "question after thanks", "no greeting"],
)
def test_what_is_no_mere_courtesy_stays(text: str) -> None:
    assert without_courtesies(text) == text


@given(st.text())
def test_something_is_always_left(text: str) -> None:
    assert bool(without_courtesies(text)) == bool(text)
