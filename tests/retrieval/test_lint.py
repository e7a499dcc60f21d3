"""What lint finds, and what it leaves in peace."""

import pytest

from support_agent.records import Passage
from support_agent.retrieval import Finding, HashingEmbedder, lint


def found(*rows: tuple[str, str], source: str = "faq.csv") -> list[Finding]:
    return lint([Passage(f"{n}", title, text, source) for n, (title, text) in enumerate(rows, 1)], HashingEmbedder())


def kinds(*rows: tuple[str, str], source: str = "faq.csv") -> list[tuple[str, tuple[str, ...]]]:
    return [(finding.kind, finding.passage_ids) for finding in found(*rows, source=source)]


def test_equal_pairs_are_one_finding() -> None:
    assert kinds(("Why?", "So."), ("Why?", "So."), ("Why?", "So.")) == [("duplicate", ("1", "2", "3"))]


def test_one_question_with_two_answers_is_a_contradiction() -> None:
    rows = ("Can I export my data?", "Yes, as CSV."), ("Can I export my data", "No, that is not possible.")

    assert kinds(*rows) == [("contradiction", ("1", "2"))]


def test_one_question_with_nearly_the_same_answer_is_none() -> None:
    assert kinds(("Can I export?", "Yes, as a CSV file."), ("Can I export", "Yes, as CSV file.")) == []


def test_pieces_of_a_document_under_one_heading_are_no_contradiction() -> None:
    assert kinds(("Guide", "First you install it."), ("Guide", "Press the button."), source="guide.md") == []


def test_a_refusal_is_found() -> None:
    assert kinds(("Why?", "Sorry, I can't help with that.")) == [("refusal", ("1",))]


@pytest.mark.parametrize(("title", "text", "side"), [("", "So.", "question"), ("Why?", "", "answer")])
def test_an_empty_side_is_named(title: str, text: str, side: str) -> None:
    assert [finding.message for finding in found((title, text))] == [f"has no words as its {side}"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Write to jane.doe+help@acme.co.uk.", "email"),
        ("Call +49 30 1234567 now.", "phone"),
        ("Call +1 (415) 555-2671.", "phone"),
        ("Call (415) 555-2671.", "phone"),
        ("Call 1-800-555-0199.", "phone"),
    ],
)
def test_addresses_and_numbers_are_found(text: str, kind: str) -> None:
    assert [finding.kind for finding in found(("How?", text))] == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "Write to user@example.com.",
        "Since 2023-07-12 version 1.2.3.4 is out.",
        "It costs 1 200 000 or 3.14159265.",
        "Order 12345678901 has 10,000,000 rows.",
        "Set x@y in the file.",
        "Use 192.168.100.200 and port 8080.",
    ],
)
def test_other_numbers_and_examples_are_left_in_peace(text: str) -> None:
    assert found(("How?", text)) == []


def test_nothing_to_look_at_finds_nothing() -> None:
    assert lint([], HashingEmbedder()) == []
