"""What a passage carries of a text: all of its own words, whatever they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_agent.gate.support import check_draft, check_quote, citations_of, is_quote
from support_agent.records import Citation, Draft, Passage
from support_agent.triage.readable import clean
from support_agent.wording import in_one_line

STEPS = "Do it like this:\n\n1. Open the tab.\n2. Press Renew.\n\n```\nlamini renew --key 9\n```"


def passage(text: str) -> Passage:
    return Passage("docs:1", "How do I renew a key?", text, "docs")


THREE = "Open the tab. Press Renew. It costs $99 a month."


@pytest.mark.parametrize(
    ("text", "of"),
    [
        (THREE, THREE),
        ("Open the tab.", THREE),
        ("Press Renew. It costs $99 a month.", THREE),
        ("Open the\n tab.\n\nPress Renew.", THREE),
        (STEPS, STEPS),
        ("Keep it", "Keep it"),
        pytest.param("開きます。押します。", "開きます。押します。"),
        pytest.param("Use ```x```, then wait.", "Use ```x```, then wait."),
    ],
    ids=["all", "first", "last two", "other line breaks", "steps and code", "no full stop", "Japanese", "code inside"],
)
def test_whole_sentences_one_after_the_other_are_a_quote(text: str, of: str) -> None:
    assert is_quote(text, passage(of))


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "Open the",
        "the tab.",
        "It costs $9",
        "Open the tab. It costs $99 a month.",
        "Press Renew. Open the tab.",
    ],
    ids=["empty", "white space", "a start", "an end", "a piece of a number", "one left out", "another order"],
)
def test_anything_else_is_no_quote(text: str) -> None:
    assert not is_quote(text, passage(THREE))


def test_a_quote_is_sent_whole_with_its_code_steps_and_line_breaks() -> None:
    checked = check_quote(STEPS, passage(STEPS))
    assert (checked.sent, checked.dropped) == (STEPS, 0)
    assert set(checked.support) == {1.0}


@pytest.mark.parametrize(
    "text",
    ["We will call you back.", "Do it like this:", "Press the key. Press the key."],
    ids=["a promise", "an announcement", "a repetition"],
)
def test_what_no_draft_may_say_a_passage_may(text: str) -> None:
    assert check_draft("", Draft(text, "scripted"), [passage(text)]).sent != text
    assert check_quote(text, passage(text)).sent == text


def test_a_sentence_without_content_words_is_carried_where_it_is_the_passages_own() -> None:
    assert check_draft("", Draft("Yes.", "scripted"), [passage("Yes.")]).support == ()
    assert check_quote("Yes.", passage("Yes.")).support == (1.0,)


def test_every_sentence_of_a_quote_cites_itself() -> None:
    checked = check_quote("Open the tab. Press Renew.", passage("Open the tab. Press Renew."))
    assert citations_of(checked.kept) == (
        Citation("docs:1", 1.0, "Open the tab."),
        Citation("docs:1", 1.0, "Press Renew."),
    )


def test_a_long_sentence_is_cited_by_its_beginning() -> None:
    text = "word " * 100
    [sentence] = check_quote(text, passage(text)).every
    assert sentence.citation is not None
    assert len(sentence.citation.quote) == 300


@pytest.mark.parametrize("text", ["", " \n ", "\u200b"], ids=["empty", "white space", "invisible"])
def test_a_quote_without_words_carries_nothing(text: str) -> None:
    checked = check_quote(text, passage(text))
    assert (checked.every, checked.sent, checked.support) == ((), "", ())


def test_characters_that_nobody_sees_are_not_quoted() -> None:
    assert check_quote("Keep it \u202esecret\u200b.", passage("")).sent == "Keep it secret."


@given(st.text())
def test_nothing_of_a_quote_is_lost(text: str) -> None:
    checked = check_quote(text, passage(text))
    assert in_one_line(checked.sent) == in_one_line(clean(text))
    assert checked.dropped == 0


CONTENTS = "[Install](#install)"


@pytest.mark.parametrize(
    "line",
    [":::\n\n", "***\n\n", "# How to renew a key\n\n", "1. Renew ........ 7\n\n", f"{CONTENTS}\n\n"],
    ids=["no words", "a rule", "a heading", "a page of a table of contents", "a link of one"],
)
def test_a_heading_or_the_like_is_passed_over_and_not_sent(line: str) -> None:
    checked = check_draft("", Draft(f"{line}Open the tab. Press Renew.", "scripted"), [passage(THREE)])
    assert (checked.sent, checked.dropped) == ("Open the tab. Press Renew.", 0)


@pytest.mark.parametrize("text", [":::", "# Renew", f"- {CONTENTS}\n- [Renew](#renew)"], ids=["mark", "title", "table"])
def test_a_passage_of_nothing_but_headings_answers_nothing(text: str) -> None:
    assert check_quote(text, passage(text)).support == ()
