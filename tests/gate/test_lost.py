"""A draft is given up while it is written only where the whole of it would be held back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_agent.gate.lost import LostDraft
from support_agent.gate.measure import measure_own_text
from support_agent.records import Draft, Passage, Reason

QUESTION = "How do I get an API key?"
PASSAGES = [
    Passage("1", QUESTION, "Open the API tab. Press Create, then copy the key. It is valid for 90 days.", "faq"),
    Passage("2", "Is there a trial?", "No. There is no trial:\n\n- ask sales\n- or wait", "faq"),
]
SENTENCES = (
    "Open the API tab. ",
    "Press Create, then copy the key. ",
    "Yes. ",
    "You can open the API tab:\n\n",
    "You can do it as follows:\n\n",
    "- open the API tab\n",
    "Call us at 555-0100. ",
    "Bananas grow in warm countries. ",
    "::: ",
    "There is no trial:\n\n",
)


def written_until_lost(text: str) -> str:
    """What of a text stands there when it is given up; all of it where it never is."""
    lost = LostDraft(QUESTION, PASSAGES)
    return next((text[:end] for end in range(1, len(text) + 1) if lost(text[:end])), text)


@given(st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=6))
def test_what_is_given_up_would_not_have_been_sent(sentences: list[str]) -> None:
    text = "".join(sentences)
    begun = written_until_lost(text)
    whole = measure_own_text(QUESTION, Draft(text, "scripted"), PASSAGES).own
    dropped = measure_own_text(QUESTION, Draft(begun, "scripted", "dropped"), PASSAGES).own
    assert begun == text or Reason.UNSUPPORTED in whole.held
    assert begun == text or Reason.UNSUPPORTED in dropped.held
    assert begun == text or dropped.checked.sent == whole.checked.sent


@pytest.mark.parametrize(
    ("text", "given_up_after"),
    [
        ("Call us at 555-0100. Then open the API tab.", "Call us at 555-0100. T"),
        ("Yes. Bananas grow here. Open the API tab.", "Yes. Bananas grow here. O"),
        ("You can open the API tab:\n\n- press Create\n- copy the key", "whole"),
        ("You can do it as follows:\n\n- press Create", "You can do it as follows:\n\n-"),
        ("Open the API tab. Bananas grow here. Bananas are sweet.", "whole"),
        ("No. There is no trial:\n\n- ask sales", "whole"),
    ],
    ids=["invented", "after-a-yes", "announced-list", "strange-announcement", "later-sentence", "carried"],
)
def test_a_draft_is_given_up_once_its_first_claim_is_not_carried(text: str, given_up_after: str) -> None:
    assert written_until_lost(text) == (text if given_up_after == "whole" else given_up_after)


def test_a_quote_of_the_best_passage_is_never_given_up() -> None:
    table = Passage("1", "", "::: note\n\nPress F5. It helps.", "faq")
    lost = LostDraft("?", [table])
    assert not any(lost(table.text[:end]) for end in range(len(table.text) + 1))
