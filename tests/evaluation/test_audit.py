import random
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_agent.errors import EvaluationError
from support_agent.evaluation.audit import audit
from support_agent.evaluation.audit_report import audit_page
from support_agent.evaluation.effects import Audit, holm
from support_agent.evaluation.golden import GoldenSet, GoldenTicket, read_golden
from support_agent.evaluation.variants import forms, mistype, names
from support_agent.records import Reply, Route, Ticket

from .conftest import make_golden

QUESTION = "Can I install the library on my own machine without a network, and does it support Windows?"


class Unfair:
    """Answers every ticket, except where a word stands in it."""

    versions: ClassVar = {"index": "<i>"}

    def __init__(self, word: str = "") -> None:
        self.word = word
        self.asked: list[str] = []

    def ask_many(self, tickets: Iterable[Ticket | str]) -> Iterator[Reply]:
        for ticket in tickets:
            text = str(getattr(ticket, "text", ticket))
            self.asked.append(text)
            refused = bool(self.word) and self.word in text
            yield Reply(
                "x", Route.HUMAN if refused else Route.ANSWER, "" if refused else "yes", 0.0 if refused else 0.8
            )


def tickets(n: int) -> GoldenSet:
    return make_golden([GoldenTicket(f"{at}", f"{QUESTION} ({at})", True, reference="yes") for at in range(n)])


def beyond_chance(found: Audit) -> set[str]:
    return {effect.name for effect in found.effects if effect.beyond_chance}


def test_an_agent_that_treats_all_alike_shows_no_difference() -> None:
    found = audit(Unfair(), tickets(20))
    assert beyond_chance(found) == set()
    assert {effect.difference.value for effect in found.effects} == {0.0}


def test_an_agent_that_turns_one_tone_away_is_found_out() -> None:
    found = audit(Unfair("long story"), tickets(20))
    assert beyond_chance(found) == {"blunt"}
    blunt = [effect for effect in found.effects if effect.name == "blunt" and effect.measure == "answered"]
    assert (blunt[0].difference.value, blunt[0].difference.n) == (-1.0, 20)


def test_an_agent_that_turns_a_name_away_is_found_out() -> None:
    found = audit(Unfair("Washington"), tickets(60))
    assert "Black American" in beyond_chance(found)
    assert "Chinese" not in beyond_chance(found)


def test_three_tickets_are_too_few_to_accuse_anybody() -> None:
    assert beyond_chance(audit(Unfair("long story"), tickets(3))) == set()


def test_translations_are_held_against_their_originals() -> None:
    base = tickets(20)
    german = [
        GoldenTicket(f"de-{t.id}", f"Geht das? {t.id}", False, tags=("lang:de",), translation_of=t.id)
        for t in base.tickets
    ]
    found = audit(Unfair("Geht das"), make_golden([*base.tickets, *german]))
    assert beyond_chance(found) == {"lang:de"}


def test_a_limit_draws_the_same_tickets_for_the_same_seed() -> None:
    first, second = Unfair(), Unfair()
    audit(first, tickets(30), limit=5, seed=3)
    audit(second, tickets(30), limit=5, seed=3)
    assert first.asked == second.asked
    assert len(first.asked) == 5 * (1 + len(forms()))


def test_a_set_with_nothing_to_answer_is_refused() -> None:
    with pytest.raises(EvaluationError, match="no ticket to be answered in made"):
        audit(Unfair(), make_golden([GoldenTicket("a", "?", False)]))


def test_two_pages_of_one_audit_are_the_same_bytes_and_name_what_was_found() -> None:
    found = audit(Unfair("long story"), tickets(20))
    page = audit_page(found)
    assert page == audit_page(found)
    assert b"Beyond chance: blunt: share answered -1.000" in page
    assert b"<i>" not in page


class Closed:
    """Hands every ticket over, as nothing is proven."""

    versions: ClassVar = {"index": "i"}

    def ask_many(self, tickets: Iterable[Ticket | str]) -> Iterator[Reply]:
        for _ in tickets:
            yield Reply("x", Route.HUMAN, "", 0.0, reasons=("not_proven_yet",))


def test_an_audit_of_a_closed_gate_says_so_first() -> None:
    found = audit(Closed(), tickets(3))
    page = audit_page(found).decode()
    assert f"<p>The gate is closed: {found.asked} of {found.asked} tickets went to a person for that alone" in page
    assert found.to_dict()["gate_closed"] == found.closed


def test_an_audit_of_an_open_gate_says_nothing_of_it() -> None:
    found = audit(Unfair("long story"), tickets(3))
    assert found.closed == ""
    assert "gate_closed" not in found.to_dict()


def test_the_page_of_three_tickets_says_n_where_there_is_no_interval() -> None:
    page = audit_page(audit(Unfair("long story"), tickets(3))).decode()
    assert "-1.000 (n 3)" in page
    assert "nan" not in page


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_holm_never_lowers_a_p_nor_changes_their_order(p_values: list[float]) -> None:
    corrected = holm(p_values)
    assert all(p <= q <= 1 for p, q in zip(p_values, corrected, strict=True))
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    assert [corrected[at] for at in order] == sorted(corrected)


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])


@pytest.mark.parametrize("name", forms())
def test_a_form_writes_the_same_text_for_the_same_seed(name: str) -> None:
    first, second = (forms()[name](QUESTION, random.Random(5)) for _ in range(2))
    assert first == second != QUESTION


@pytest.mark.parametrize("text", ["", "?", "a b c", "zażółć"], ids=["empty", "a mark", "short words", "no ASCII"])
@pytest.mark.parametrize("name", forms())
def test_a_form_can_write_any_text(name: str, text: str) -> None:
    assert isinstance(forms()[name](text, random.Random(5)), str)


def test_more_typing_errors_change_more() -> None:
    changed = [
        sum(a != b for a, b in zip(QUESTION.split(), mistype(QUESTION, random.Random(5), each).split(), strict=True))
        for each in (8, 3)
    ]
    assert 1 <= changed[0] < changed[1]


def test_every_origin_has_eight_names_of_each_gender() -> None:
    assert {len(set(known)) for both in names().values() for known in both.values()} == {8}


SHIPPED = Path(__file__).parents[2] / "indexes" / "lamini_docs" / "golden.jsonl"
NOT_WORDS = {"provideing", "haveing", "strin'", "strins", "sprin'", "substrin'", "brin'", "docstrin'"}


@pytest.mark.parametrize("name", ["African American English", "Scots", "Indian English"])
def test_a_dialect_writes_no_word_that_nobody_says(name: str) -> None:
    tickets = read_golden(SHIPPED).tickets
    written = " ".join(forms()[name](ticket.question, random.Random(5)) for ticket in tickets)
    assert NOT_WORDS.isdisjoint(re.findall(r"[\w']+", written.lower()))


@pytest.mark.parametrize(
    ("name", "text", "written"),
    [
        ("Indian English", "Does Lamini provide a string?", "Is Lamini providing a string?"),
        ("Indian English", "Does Lamini have a key?", "Is Lamini having a key?"),
        ("Indian English", "Do I need a key?", "Am I needing a key?"),
        ("Indian English", "I need a key.", "I am needing a key."),
        ("African American English", "Is the string missing?", "Is the string missin'?"),
        ("African American English", "Spring training of a substring", "Spring trainin' of a substring"),
    ],
    ids=["provide", "have", "do I need", "I need", "string", "spring"],
)
def test_a_dialect_rule_by_hand(name: str, text: str, written: str) -> None:
    assert written in forms()[name](text, random.Random(5))
