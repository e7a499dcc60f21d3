"""A ticket of several sentences is read in parts: whole sentences, a bounded number, none of a single one."""

import pytest

from support_agent.triage.windows import MOST, windows


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("How do I export the table?", []),
        ("Hi. How do I export the table?", []),
        ("How do I export it? I cannot find the button.", ["How do I export it?", "I cannot find the button."]),
        ("how do i export it\n\ni cannot find it", ["how do i export it", "i cannot find it"]),
        ("", []),
    ],
    ids=["one sentence", "a greeting is no part", "two sentences", "lines without full stops", "nothing"],
)
def test_a_text_is_read_in_its_sentences(text: str, parts: list[str]) -> None:
    assert windows(text) == parts


@pytest.mark.parametrize("count", [2, MOST, MOST + 1, 10 * MOST + 1])
def test_the_parts_are_few_and_hold_every_sentence(count: int) -> None:
    sentences = [f"This is sentence {number}." for number in range(count)]

    found = windows(" ".join(sentences))

    assert len(found) <= MOST
    assert " ".join(found) == " ".join(sentences)
