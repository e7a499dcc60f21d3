"""What is left out of an index."""

import pytest

from support_agent.records import Passage
from support_agent.retrieval import is_refusal, sift


@pytest.mark.parametrize(
    "text",
    [
        "Let's keep the discussion relevant to Acme.",
        "Let’s stay on topic, please.",
        "I wish! This documentation only talks about Acme’s engine.",
        "I'm having trouble understanding you. Can you try again?",
        "Sorry, I can't reveal that information to you.",
        "I’m sorry, but I cannot help with that.",
        "I am unable to share such details.",
        "As an AI language model, I cannot answer that.",
    ],
)
def test_a_canned_refusal_is_known(text: str) -> None:
    assert is_refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Sorry for the trouble: open Settings and choose Reset.",
        "Let's keep your data safe: switch on two-factor sign-in.",
        "This plan only covers one seat; add more under Billing.",
        "No, Acme cannot share that file, but you can export it.",
        "You can keep the discussion relevant with channels.",
        "We cannot share this data with third parties.",
        "I wish you a good start! Open Settings first.",
        "Sorry, I can't reveal that information. " + "Here is what can be said of it instead, at length. " * 4,
    ],
)
def test_an_answer_is_no_refusal(text: str) -> None:
    assert not is_refusal(text)


def test_the_first_of_equal_pairs_is_kept() -> None:
    rows = [
        Passage("a:1", "Why?", "So.", "a"),
        Passage("a:2", "Why? ", "So.\n", "a"),
        Passage("a:3", "Why?", "No.", "a"),
    ]

    kept, left_out = sift(rows)

    assert [one.passage_id for one in kept] == ["a:1", "a:3"]
    assert [(one.passage.passage_id, one.reason) for one in left_out] == [("a:2", "duplicate")]


def test_what_is_indexed_already_is_a_duplicate() -> None:
    row = Passage("a:1", "Why?", "So.", "a")

    assert sift([row], known=[row])[0] == []


@pytest.mark.parametrize(("title", "text"), [("", "So."), ("Why?", ""), ("?", "So."), ("Why?", "…")])
def test_a_row_without_words_on_one_side_is_left_out(title: str, text: str) -> None:
    _, left_out = sift([Passage("a:1", title, text, "a")])

    assert [one.reason for one in left_out] == ["empty"]
