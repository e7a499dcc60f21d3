"""A draft that says the opposite of its passage, or more than it, is not sent; a faithful one is."""

import json
from pathlib import Path
from typing import Any

import pytest

from support_agent.gate.measure import measure_own_text
from support_agent.records import Draft, Passage

PAIRS = [json.loads(line) for line in (Path(__file__).parent / "contradictions.jsonl").read_text("utf-8").splitlines()]


def sent(pair: dict[str, Any], text: str) -> str:
    """What of a draft would go out."""
    passage = Passage("docs:1", pair["title"], pair["passage"], "docs.csv", 0.8)
    own = measure_own_text(pair["question"], Draft(text, "scripted"), [passage]).own
    return "" if own.held else own.checked.sent


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair["id"])
def test_the_wrong_text_is_not_sent(pair: dict[str, Any]) -> None:
    assert sent(pair, pair["wrong"]) == ""


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair["id"])
def test_the_right_text_is_sent(pair: dict[str, Any]) -> None:
    assert sent(pair, pair["right"]) == pair["right"]
