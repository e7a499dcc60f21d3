"""An answer that tells nothing but what the customer wrote is none."""

import pytest

from support_agent.gate.echoes import only_echoes


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("We handle sensitive data. What about security?", "We handle sensitive data."),
        ("How do I install the client?", "You can install the client."),
        ("my router blinks red what now", "Your router blinks red."),
    ],
    ids=["a statement", "how", "what now"],
)
def test_an_echo_is_found(question: str, text: str) -> None:
    assert only_echoes(question, text)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Can I use it offline?", "You can use it offline."),
        ("Can I use it offline?", "Yes."),
        ("Is the client free?", "The client is not free."),
        ("How do I install the client?", "Install the client with pip."),
        ("How much is it?", "It is $9."),
        ("How much is it?", ""),
    ],
    ids=["affirmed", "yes", "denied", "a word more", "a number", "nothing"],
)
def test_what_answers_is_none(question: str, text: str) -> None:
    assert not only_echoes(question, text)
