import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_agent.generation.commitments import commits
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
    "sentence",
    [
        "I'll transfer you to a human agent.",
        "I’m transferring you now.",
        "We will get back to you within 24 hours.",
        "We'll be in touch.",
        "I have opened a ticket for you.",
        "Your ticket has been escalated.",
        "I will email you the details.",
        "Someone will call you shortly.",
        "One of our specialists will contact you.",
        "You will hear from us soon.",
        "I've forwarded your message.",
        "I've escalated this to our team.",
        "We have issued you a full refund.",
        "Your refund has been processed.",
        "You'll receive a refund within 5 days.",
        "I have cancelled your subscription.",
        "I've reset your password.",
        "Our engineers will look into it.",
        "We're looking into this.",
        "Please hold on while I check.",
    ],
)
def test_sees_a_promise_nobody_keeps(sentence: str) -> None:
    assert commits(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "You can transfer your licence in the settings.",
        "You can reach out to support@lamini.ai.",
        "To get a refund, open the billing page.",
        "You will receive a confirmation e-mail.",
        "The request is sent to the server.",
        "We cannot transfer your account.",
        "If you change your password, you will be logged out.",
        "Lamini will update the model when you call train().",
        "Refunds are processed within 14 days.",
    ],
)
def test_lets_instructions_and_facts_stand(sentence: str) -> None:
    assert not commits(sentence)


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
