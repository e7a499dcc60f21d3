"""A sentence that leaves out its passage's limit, or turns it round, says more than the passage."""

import pytest

from support_agent.gate.conditions import drops_limit
from support_agent.wording import content_words

REFUND = "You can get a refund within 30 days of purchase if the device has not been opened."
SHIPPING = "Shipping to Denmark takes 3 to 5 business days."
EXPORTS = "Exports fail if the file is larger than 2 GB."
BACKUPS = "Backups are made daily unless you turn them off."


def drops(sentence: str, known: str) -> bool:
    return drops_limit(sentence, [(known, frozenset(content_words(known)))])


@pytest.mark.parametrize(
    ("sentence", "known"),
    [
        ("You can get a refund within 30 days of purchase.", REFUND),
        ("Shipping to Denmark takes 5 business days.", SHIPPING),
        ("Exports fail if the file is smaller than 2 GB.", EXPORTS),
        ("Exports work if the file is larger than 2 GB.", EXPORTS),
        ("Backups are made weekly unless you turn them off.", BACKUPS),
        ("Some files are deleted for good.", "All files are deleted for good."),
    ],
    ids=["condition", "end of a range", "larger", "fail", "daily", "all"],
)
def test_a_limit_that_is_left_out_or_turned_round_is_seen(sentence: str, known: str) -> None:
    assert drops(sentence, known)


@pytest.mark.parametrize(
    ("sentence", "known"),
    [
        (REFUND, REFUND),
        ("You can get a refund within 30 days for a device that has not been opened.", REFUND),
        ("You can change the colour.", "You can change the colour if you like."),
        (SHIPPING, SHIPPING),
        ("Shipping to Denmark takes 3-5 business days.", SHIPPING),
        (EXPORTS, EXPORTS),
        ("Backups are made daily unless you turn them off.", BACKUPS),
    ],
    ids=["the same", "condition in other words", "no condition", "range", "range with a dash", "larger", "daily"],
)
def test_a_limit_that_is_kept_does_no_harm(sentence: str, known: str) -> None:
    assert not drops(sentence, known)
