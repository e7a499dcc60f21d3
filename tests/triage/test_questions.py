import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_agent.triage.questions import many_questions_signal, questions_in

REFUND, SWEDEN = "How long do refunds take?", "Do you ship to Sweden?"


@pytest.mark.parametrize(
    ("text", "questions"),
    [
        ("How long do refunds take and do you ship to Sweden?", ("How long do refunds take", "do you ship to Sweden?")),
        (
            f"Can children use the device and {SWEDEN[0].lower()}{SWEDEN[1:]}",
            ("Can children use the device", "do you ship to Sweden?"),
        ),
        (f"{REFUND} {SWEDEN}", (REFUND, SWEDEN)),
        (f"{REFUND}\n{SWEDEN}", (REFUND, SWEDEN)),
        (f"1. {REFUND}\n2. {SWEDEN}", (REFUND, SWEDEN)),
        (f"- {REFUND}\n- {SWEDEN}", (REFUND, SWEDEN)),
        (f"{REFUND}\n\nPS: {SWEDEN}", (REFUND, f"PS: {SWEDEN}")),
        ("how to change my password, and where is my invoice", ("how to change my password", "where is my invoice")),
        (
            "I bought a lamp. Can I return it? And where is my invoice?",
            ("I bought a lamp. Can I return it?", "And where is my invoice?"),
        ),
        (f"{REFUND} I moved to Malmö. {SWEDEN}", (REFUND, f"I moved to Malmö. {SWEDEN}")),
        ("how long do refunds take; do you ship to Sweden", ("how long do refunds take", "do you ship to Sweden")),
        (
            "How long do refunds take? I also want to know how to reset the router.",
            ("How long do refunds take?", "I also want to know how to reset the router."),
        ),
        (
            "How do I reset my password, please tell me how to bake bread as well",
            ("How do I reset my password", "tell me how to bake bread as well"),
        ),
        ("1. refund time\n2. shipping to Sweden", ("refund time", "shipping to Sweden")),
        (f"1. The cost of refunds\n2. {SWEDEN}", ("The cost of refunds", SWEDEN)),
        ("Wie lange dauert es? Liefern Sie nach Schweden?", ("Wie lange dauert es?", "Liefern Sie nach Schweden?")),
    ],
    ids=[
        "and",
        "any subject",
        "sentences",
        "lines",
        "numbered",
        "dashes",
        "postscript",
        "no mark",
        "lead",
        "statement",
        "semicolon",
        "wants to know",
        "tell me",
        "bare list",
        "list",
        "German",
    ],
)
def test_each_question_stands_apart_with_what_leads_to_it(text: str, questions: tuple[str, ...]) -> None:
    assert questions_in(text) == questions


@pytest.mark.parametrize(
    "text",
    [
        REFUND,
        "What is Lamini and how do I use it?",
        "Can you help me? How do I reset the router?",
        "The router is dead. How do I reset the router? Any ideas?",
        "How do I reset the router? I tried twice. What am I doing wrong?",
        "Why does it fail when I deploy and when I restart the server?",
        "I want to know what you do and what we need",
        "Do you take Visa and Mastercard?",
        "Who is it for? Hospitals? Banks?",
        "1. I opened the lid.\n2. I pressed the button.\nWhy does nothing happen?",
        " ".join(f"Is number {number} fine?" for number in range(9)),
        "",
    ],
    ids=[
        "one",
        "points back",
        "courtesy",
        "ideas",
        "doing wrong",
        "clauses",
        "statement",
        "both in one",
        "fragments",
        "steps",
        "questionnaire",
        "empty",
    ],
)
def test_one_question_stays_one(text: str) -> None:
    assert questions_in(text) == ()


@pytest.mark.parametrize(
    ("text", "fires"),
    [
        (" ".join(f"Is number {number} fine?" for number in range(9)), True),
        (" ".join([REFUND, SWEDEN] * 9), False),
        ("Why? What is it? Who? How so? And then? Really? Is it? Hello? Anybody?", False),
        (REFUND, False),
    ],
    ids=["questionnaire", "the same again", "fragments", "one"],
)
def test_a_questionnaire_is_no_ticket_for_one_reply(text: str, fires: bool) -> None:
    assert many_questions_signal(text).fired == fires


@given(st.text(alphabet=st.characters() | st.sampled_from("?.\n and how do I ")))
def test_any_text_gives_none_or_at_least_two(text: str) -> None:
    questions = questions_in(text)
    assert len(questions) != 1
    assert len(questions) <= 6
