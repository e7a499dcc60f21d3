import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support_agent.generation.extractive import ExtractiveGenerator, extract
from support_agent.generation.prompt import write_prompt
from support_agent.records import Passage

# 520 characters about nothing that is asked for.
FILLER = " ".join(["This paragraph is about nothing in particular here."] * 10)
STEPS = ["1. Open the key tab.", "2. Press Renew.", "3. Wait for the mail."]
TOGETHER = "To renew a key:\n" + "\n".join(STEPS)
AFTER_A_GAP = "To renew a key:\n\n" + "\n".join(STEPS)
APART = "To renew a key:\n\n" + "\n\n".join(STEPS)
OF_SEVERAL_LINES = "To renew a key:\n\n1. Open the key tab.\n   It is on the left.\n\n2. Press Renew.\n\n3. Wait."
BULLETS = "To renew a key:\n\n- Open the key tab.\n- Press Renew."

paragraphs = st.lists(
    st.lists(st.sampled_from("key plan renew tab open the mail a".split()), min_size=1, max_size=90).map(" ".join),
    min_size=1,
    max_size=40,
)


def long_passage(*middle: str) -> str:
    return "\n\n".join([FILLER] * 5 + [*middle] + [FILLER] * 5)


def extracted(question: str, *texts: str) -> str:
    return extract(question, [Passage(str(at), "", text, "docs") for at, text in enumerate(texts)])


def test_writes_the_best_passage_as_it_is() -> None:
    assert extracted("What?", "The first. With two sentences.", "The second.") == "The first. With two sentences."


def test_a_passage_of_two_thousand_characters_is_an_answer_as_it_stands() -> None:
    assert len(extracted("Where are my invoices?", "x" * 999 + "\n\n" + "y" * 999)) == 2_000


def test_takes_the_paragraph_of_a_long_passage_that_fits_the_question() -> None:
    taken = extracted("Where are my invoices?", long_passage("Invoices are under Billing."))
    assert "Invoices are under Billing." in taken
    assert len(taken) <= 2_000


def test_words_of_the_title_count_as_those_of_the_question() -> None:
    passage = Passage("1", "Invoices", long_passage("Invoices are under Billing."), "docs")
    assert "Invoices are under Billing." in extract("Which?", [passage])


@pytest.mark.parametrize("place", [0, 5, 10], ids=["at the start", "in the middle", "at the end"])
def test_what_follows_goes_before_what_comes_earlier(place: int) -> None:
    rest = [f"{FILLER} Number {number}." for number in range(10)]
    taken = extracted(
        "Where are my invoices?", "\n\n".join([*rest[:place], "Invoices are under Billing.", *rest[place:]])
    )
    assert taken.startswith("Invoices" if place < 10 else FILLER)


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param(TOGETHER, id="lines"),
        pytest.param(AFTER_A_GAP, id="lines after a gap"),
        pytest.param(BULLETS, id="bullets"),
        pytest.param(APART, id="gaps between"),
        pytest.param(OF_SEVERAL_LINES, id="several lines each"),
    ],
)
def test_a_list_is_taken_with_all_its_steps_and_the_line_that_announces_it(steps: str) -> None:
    # There is room for what follows or for the list's own beginning, not for both.
    text = "\n\n".join([FILLER, steps, "x" * (2_010 - len(steps))])
    assert steps in extracted("When do I press Renew?", text)


def test_a_list_is_taken_whole_however_long_it_is() -> None:
    steps = "To renew a key:\n\n" + "\n".join(f"{number}. Press Renew a key once more." for number in range(1, 100))
    assert extracted("How do I renew a key?", long_passage(steps)) == steps


def test_a_single_paragraph_is_taken_whole_however_long_it_is() -> None:
    text = "One sentence about keys. " * 100
    assert extracted("Where are my keys?", text) == text.strip()


@settings(deadline=None)
@given(paragraphs, st.sampled_from(["renew the key", "open the plan", "?"]))
def test_whole_paragraphs_are_taken_as_they_stand(written: list[str], question: str) -> None:
    taken = extracted(question, "\n\n".join(written))
    assert taken in "\n\n".join(written)
    assert {*taken.split("\n\n")} <= {*written}
    assert len(taken) <= 2_000


@given(st.text(max_size=300), st.text(max_size=3_000))
@settings(deadline=None)
def test_whatever_a_passage_holds_its_own_words_are_taken(question: str, text: str) -> None:
    taken = extracted(question, text)
    assert taken in text
    assert bool(taken) is bool(text.strip())


def test_writes_nothing_without_passages() -> None:
    assert extracted("What?") == ""


def test_a_draft_is_what_is_extracted() -> None:
    passages = [Passage("1", "", long_passage("Invoices are under Billing."), "docs")]
    [draft] = ExtractiveGenerator().generate([write_prompt("Where are my invoices?", passages)])
    assert draft.text == extract("Where are my invoices?", passages)
    assert draft.sum_log_prob is None


def test_stops_telling_when_asked_to() -> None:
    told: list[str] = []
    prompt = write_prompt("What?", [Passage("1", "", "One. Two. Three.", "docs")])
    ExtractiveGenerator().generate([prompt], on_text=lambda piece: told.append(piece) or True)
    assert told == ["One. "]


COMPOST = Passage(
    "docs:1", "Are the capsules compostable?", "Yes. They are made for industrial composting, not for a garden.", "docs"
)


@pytest.mark.parametrize(
    ("question", "start"),
    [
        ("Are the capsules compostable?", "Yes."),
        ("are capsules compostable", "Yes."),
        ("Can I throw them on my heap in the garden?", "They are made"),
    ],
    ids=["the passage's own question", "in fewer words", "another question"],
)
def test_a_bare_yes_is_quoted_only_to_the_passages_own_question(question: str, start: str) -> None:
    assert extract(question, [COMPOST]).startswith(start)
