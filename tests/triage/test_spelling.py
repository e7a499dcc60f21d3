import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_agent.records import Passage, Triage
from support_agent.triage.spelling import Spelling

PASSAGES = [
    Passage("1", "How do I connect to the database?", "Set the password and run zerkle. A tokenizer is there.", "faq"),
    Passage("2", "Is the tokenizer fast?", "Yes. Frobnication takes a second, and frobnication is free.", "faq"),
]
SPELLING = Spelling(PASSAGES, names=["gloopy"])


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("how do i conect to the databse", "how do i connect to the database"),
        ("is the tokeniezr any good?", "is the tokenizer any good?"),
        ("the frobnicaton stopped", "the frobnication stopped"),
        ("it keeps saying somthing (agian)", "it keeps saying something (again)"),
        ("i cant do this realy quickly", "i cant do this really quickly"),
        ("Conect it, please", "Connect it, please"),
        ("pasword!", "password!"),
    ],
    ids=["two", "the index's word", "a word of the index alone", "English", "doubled letter", "first word", "one word"],
)
def test_a_typing_error_is_put_right(text: str, right: str) -> None:
    assert SPELLING.correct(text)[0] == right


@pytest.mark.parametrize(
    "text",
    [
        "run zerkle",
        "is gloopy down?",
        "we use Postgress and Tokeniezr",
        "call conect() with data_bse, pasword=1 and --passwrd",
        "see www.pasword.com/databse or me@databse.org, file databse.csv",
        "it says `conect to databse` and E1205x",
        "```\nconect\n```",
        "dont, doesnt and cant",
        "my datbse2 and x-conect",
        "the gizzmo is here; where is the gizzmo?",
        "teh adn",
        "Wie verbinde ich die Datenbnak?",
    ],
    ids=[
        "the index's own word",
        "the product's name",
        "names",
        "identifiers",
        "addresses and files",
        "code",
        "a block of code",
        "contractions",
        "digits and hyphens",
        "written twice",
        "too short",
        "with a capital",
    ],
)
def test_what_is_no_plain_word_or_meant_so_is_left_alone(text: str) -> None:
    assert SPELLING.correct(text) == (text, 0)


def test_only_the_text_to_search_with_is_changed_and_a_signal_says_how_much() -> None:
    written = "cant conect to the databse"
    read = SPELLING.corrected(Triage(written, written, "en"))
    assert (read.text, read.search_text) == (written, "cant connect to the database")
    assert [(signal.name, signal.value, signal.fired) for signal in read.signals] == [
        ("spelling_corrections", 2.0, False)
    ]


def test_another_language_is_left_alone() -> None:
    read = SPELLING.corrected(Triage("conect la databse", "conect la databse", "ro"))
    assert (read.search_text, read.signals[0].value) == ("conect la databse", 0.0)


def test_an_index_without_words_leaves_the_list_of_english() -> None:
    assert Spelling([]).correct("somthing") == ("something", 1)


@given(st.text())
def test_every_text_keeps_its_white_space_and_its_words(text: str) -> None:
    corrected, changed = SPELLING.correct(text)
    assert len(corrected.split()) == len(text.split())
    assert (corrected != text) == (changed > 0)
