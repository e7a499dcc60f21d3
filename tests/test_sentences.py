import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_agent.sentences import split_sentences

PIECES = st.sampled_from(
    [
        "Go. ",
        "e.g. ",
        "3.5",
        "`a. b`",
        "```\nx. y\n```",
        "```",
        "http://a.b/c. ",
        "x@y.com",
        "\n\n",
        "\n- ",
        "1. ",
        "。",
        "।",
        "!?",
        " ",
        "A",
        '"',
        ")",
    ]
)


@given(st.one_of(st.text(), st.lists(PIECES).map("".join)))
def test_the_parts_joined_are_the_text(text: str) -> None:
    assert "".join(split_sentences(text)) == text


@given(st.one_of(st.text(), st.lists(PIECES).map("".join)))
def test_no_part_is_empty(text: str) -> None:
    assert all(split_sentences(text))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        pytest.param("One. Two! Three?", ["One. ", "Two! ", "Three?"], id="plain"),
        pytest.param('He said "Yes." Then he left.', ['He said "Yes." ', "Then he left."], id="quotes"),
        pytest.param("See https://a.b/c.html. Then go.", ["See https://a.b/c.html. ", "Then go."], id="link"),
        pytest.param("Write to a.b@c.com. Then go.", ["Write to a.b@c.com. ", "Then go."], id="e-mail"),
        pytest.param("It costs 3.5 USD. Ok.", ["It costs 3.5 USD. ", "Ok."], id="decimal"),
        pytest.param("See e.g. Dr. Smith. Ok.", ["See e.g. Dr. Smith. ", "Ok."], id="abbreviations"),
        pytest.param("Take No. 5. No. It is.", ["Take No. 5. ", "No. ", "It is."], id="number sign and refusal"),
        pytest.param("Apples, pears etc. You see.", ["Apples, pears etc. ", "You see."], id="abbreviation that ends"),
        pytest.param("Use `a. B`. Ok.", ["Use `a. B`. ", "Ok."], id="code span"),
        pytest.param("Run:\n```\na. B\n\nc\n```\nOk.", ["Run:\n", "```\na. B\n\nc\n```\n", "Ok."], id="code block"),
        pytest.param("Do:\n1. Open.\n2. Close.", ["Do:\n", "1. Open.\n", "2. Close."], id="list"),
        pytest.param("Title\n\nText", ["Title\n\n", "Text"], id="paragraphs"),
        pytest.param("これは。テスト！はい", ["これは。", "テスト！", "はい"], id="Japanese"),
        pytest.param("यह है। हाँ।", ["यह है। ", "हाँ।"], id="Hindi"),
        pytest.param("هل هذا؟ نعم۔", ["هل هذا؟ ", "نعم۔"], id="Arabic"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_cuts_after_sentences(text: str, parts: list[str]) -> None:
    assert split_sentences(text) == parts
