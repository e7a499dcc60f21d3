import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_agent.generation.endings import clean_draft, loop_share

PIECES = st.sampled_from(
    [
        "Yes. ",
        "You can. ",
        "I will call you. ",
        "```",
        "\nQuestion: ",
        "Answer: ",
        "[1] ",
        "<|im_end|>",
        "a b c d e f. ",
        "\n",
        "word ",
    ]
)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        pytest.param("Yes.\n\nQuestion: What else?\nAnswer: No.", "Yes.", id="invented question"),
        pytest.param("Yes.\n**User:** And?", "Yes.", id="invented turn in bold"),
        pytest.param("Yes.<|im_end|>\n<|im_start|>user\nMore", "Yes.", id="template mark"),
        pytest.param("Yes.\n### Question:\nMore", "Yes.", id="plain template"),
        pytest.param("[2] Yes, it can.", "Yes, it can.", id="source mark"),
        pytest.param("Answer: [1] Yes.", "Yes.", id="two marks"),
        pytest.param("Assistant: Hello.", "Hello.", id="role"),
        pytest.param("Go here. Go here now. Go here now. Go on.", "Go here. Go here now. Go on.", id="sentence twice"),
        pytest.param("It is so good. " * 9 + "And more.", "It is so good.", id="loop"),
        pytest.param("Yes. I'll transfer you to an agent. Bye.", "Yes. Bye.", id="promise"),
        pytest.param("Run:\n\n```python\nx = 1", "Run:\n\n```python\nx = 1\n```", id="open fence"),
        pytest.param("Run this.\n\n```", "Run this.", id="empty fence"),
        pytest.param("The question: can you? Yes.", "The question: can you? Yes.", id="the word question within"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_ends_a_draft_cleanly(text: str, cleaned: str) -> None:
    assert clean_draft(text) == cleaned


def test_drops_the_unfinished_sentence_of_a_cut_off_draft() -> None:
    assert clean_draft("It is good. It is very", "length") == "It is good."


def test_keeps_the_last_sentence_of_a_draft_that_ended_by_itself() -> None:
    assert clean_draft("It is good. It is very") == "It is good. It is very"


def test_keeps_a_finished_sentence_of_a_cut_off_draft() -> None:
    assert clean_draft("It is good.", "length") == "It is good."


@given(st.lists(PIECES).map("".join), st.sampled_from(["stop", "length"]))
def test_cleaning_twice_changes_nothing(text: str, finish: str) -> None:
    once = clean_draft(text, finish)
    assert clean_draft(once) == once


@given(st.lists(PIECES).map("".join))
def test_code_fences_are_balanced(text: str) -> None:
    assert clean_draft(text).count("```") % 2 == 0


@pytest.mark.parametrize(
    ("text", "share"),
    [
        pytest.param("", 0.0, id="nothing"),
        pytest.param("one two three", 0.0, id="too short"),
        pytest.param("one two three four five six", 0.0, id="no repeat"),
        pytest.param("a b c d a b c d a b c d", 5 / 9, id="a run three times"),
        pytest.param("go go go go go go go", 3 / 4, id="one word"),
    ],
)
def test_loop_share_is_the_share_of_repeated_runs(text: str, share: float) -> None:
    assert loop_share(text) == pytest.approx(share)
