"""Heads are fitted, thresholds let no harmless text of the index through, and the same rows give the same bytes."""

import itertools

import numpy as np
import pytest

from support_agent.triage.learned_routes import ROUTES, LearnedRoutes
from support_agent.triage.training.hard_routes import make_heads, texts_read
from support_agent.triage.training.rows import FRUSTRATED, HARMLESS, Row

# Two words that no other text has: texts that share most of their words would be in one fold.
NAMES = [f"{a}{b}{c} {a}{b}{c}x" for a, b, c in itertools.product("bkmp", repeat=3)]
ROWS = [
    *(Row(f"{route} {name}", route, "tickets") for route in (*ROUTES, FRUSTRATED) for name in NAMES[:12]),
    *(Row(f"question {name}", HARMLESS, "lamini") for name in NAMES[:40]),
    *(Row(f"question {name}", HARMLESS, "near misses") for name in NAMES[40:50]),
]
WORDS = [*ROUTES, FRUSTRATED, "question"]


def vector(text: str) -> np.ndarray:
    """The unit vector of a text's first word, a little turned."""
    word, name = text.split(" ", 1)
    row = np.zeros(len(WORDS) + 1, dtype=np.float32)
    row[WORDS.index(word)], row[-1] = 1, NAMES.index(name) / 100
    return row / np.linalg.norm(row)


VECTORS = {row.text: vector(row.text) for row in ROWS}


@pytest.fixture(scope="module")
def heads() -> LearnedRoutes:
    made = make_heads(ROWS, VECTORS)
    return LearnedRoutes(ROUTES, made.weight, made.bias)


@pytest.mark.parametrize("route", ROUTES)
def test_a_head_fires_on_its_own_route_and_no_other_does(route: str, heads: LearnedRoutes) -> None:
    fired = [signal.name for signal in heads.signals(vector(f"{route} {NAMES[5]}")[None]) if signal.fired]

    assert fired == [f"learned_{route}"]


@pytest.mark.parametrize("word", ["question", FRUSTRATED])
def test_none_fires_on_a_question_or_on_mere_anger(word: str, heads: LearnedRoutes) -> None:
    assert not any(signal.fired for signal in heads.signals(vector(f"{word} {NAMES[5]}")[None]))


def test_the_same_rows_give_the_same_heads(heads: LearnedRoutes) -> None:
    again = make_heads(ROWS, VECTORS)

    assert again.weight.tobytes() == heads.weight.tobytes()
    assert again.bias.tobytes() == heads.bias.tobytes()


def test_a_ticket_and_its_parts_are_read() -> None:
    row = Row("How do I export it? I cannot find the button.", HARMLESS, "lamini")

    assert texts_read([row, row]) == [row.text, "How do I export it?", "I cannot find the button."]
