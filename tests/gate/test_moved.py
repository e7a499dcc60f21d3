"""What the passage tells of one thing and the sentence of another."""

import pytest

from support_agent.gate.moved import joins_denied, moves_number

WARRANTY = "The device has a warranty of 24 months. The battery has 12 months."
SEATS = "Starter: 5 seats, Team: 10 seats."
RETURNS = "Items can be returned within 30 days. Members have 60 days."
DELIVERY = "Standard delivery costs $5, express delivery $12."
EXPORT = "You can export to CSV. PDF export is not available."


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("The battery has 24 months.", WARRANTY),
        ("The battery is covered for 24 months.", WARRANTY),
        ("Team has 5 seats.", SEATS),
        ("Starter comes with 10 seats.", SEATS),
    ],
)
def test_sees_a_number_that_is_told_of_another_thing(sentence: str, text: str) -> None:
    assert moves_number(sentence, text)


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("The battery has 12 months.", WARRANTY),
        ("Team has 10 seats.", SEATS),
        ("Return items within 60 days if you are a member.", RETURNS),
        ("Express delivery costs $12.", DELIVERY),
        ("The battery has 3 months.", WARRANTY),
        ("Press it 5 times.", SEATS),
    ],
    ids=["said", "listed", "both words", "price", "a number that is nowhere", "counts something else"],
)
def test_lets_a_number_stand_with_its_own_thing(sentence: str, text: str) -> None:
    assert not moves_number(sentence, text)


def test_sees_a_denied_thing_listed_with_an_allowed_one() -> None:
    assert joins_denied("You can export to CSV and PDF.", EXPORT)


@pytest.mark.parametrize(
    "sentence", ["You can export to CSV.", "You can export to CSV, but not to PDF.", "PDF export is not available."]
)
def test_lets_stand_what_denies_it_too(sentence: str) -> None:
    assert not joins_denied(sentence, EXPORT)
