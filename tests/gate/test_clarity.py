"""A question that leaves open which of several things is meant is asked back; one that names it is not."""

import pytest

from support_agent.gate.clarity import ambiguous_words, open_choices
from support_agent.gate.given import Found
from support_agent.records import Passage
from support_agent.retrieval.subject import Nearness

UPLOAD = [
    "What is the maximum upload size in Acme 2.0?",
    "What is the maximum upload size in Acme 1.0?",
    "How do I delete my account?",
]
SHIPPING = ["Do you ship to Norway?", "Do you ship to Sweden?", "What does shipping cost?"]
PLANS = ["How much is the Basic plan?", "How much is the Pro plan?"]
WARRANTY = ["What is the warranty on the Acme Pro?", "What is the warranty on the Acme One?", "Can I get a repair?"]
ERRORS = ["What does error E1205 mean?", "What does error E1206 mean?", "How do I change my e-mail address?"]


def found(question: str, titles: list[str]) -> Found:
    passages = [Passage(f"docs:{at}", title, f"Answer {at}.", "docs.csv", 0.8, 0.0) for at, title in enumerate(titles)]
    return Found(question, passages, Nearness(0.3, 0.4, 0.8))


@pytest.mark.parametrize(
    ("question", "titles"),
    [
        ("What is the maximum upload size?", UPLOAD),
        ("How large may the upload be, what is its maximum size?", UPLOAD),
        ("Do you ship?", SHIPPING),
        ("How much is the plan?", PLANS),
        ("What does the error mean?", ERRORS),
        ("How long is the warranty on my machine?", WARRANTY),
    ],
    ids=["a version", "in more words", "a country", "a plan", "a code", "the product unnamed"],
)
def test_what_names_none_of_two_is_open(question: str, titles: list[str]) -> None:
    assert open_choices(found(question, titles)).fired


@pytest.mark.parametrize(
    ("question", "titles"),
    [
        ("What is the maximum upload size in Acme 1.0?", UPLOAD),
        ("What is the maximum upload size in Acme 3.0?", UPLOAD),
        ("How do I delete my account?", UPLOAD[::-1]),
        ("Do you ship to Sweden?", SHIPPING),
        ("Do you ship to Denmark?", SHIPPING),
        ("Do you ship to Oslo?", SHIPPING),
        ("How much is the Enterprise plan?", PLANS),
        ("E1205", ERRORS),
        ("Can you help me?", PLANS),
        ("How much is the plan?", PLANS[:1]),
        ("How much is the plan?", [PLANS[0], PLANS[0]]),
        ("How do I change it?", ["How do I change my password?", "How do I change my address?"]),
        ("How much is it?", []),
    ],
    ids=[
        "one named",
        "another version",
        "another subject",
        "a country named",
        "another country",
        "a city",
        "another plan",
        "a code",
        "no word of it",
        "one alone",
        "the same title",
        "no names",
        "nothing found",
    ],
)
def test_what_names_one_or_something_else_is_not_open(question: str, titles: list[str]) -> None:
    assert not open_choices(found(question, titles)).fired


@pytest.mark.parametrize(("question", "fired"), [("E1205", False), ("e1205?", False), ("E1206", True), ("error", True)])
def test_a_code_of_the_first_title_alone_is_not_too_short(question: str, fired: bool) -> None:
    assert ambiguous_words(found(question, ERRORS)).fired is fired
