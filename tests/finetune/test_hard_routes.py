"""Heads are fitted, thresholds let no harmless text of the index through, and the same rows give the same bytes."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from finetune.hard_routes import least_threshold, make_heads, write_heads
from finetune.hard_routes_rows import HARMLESS, Row, read_rows
from support_agent.errors import TrainingError
from support_agent.triage.learned_routes import ROUTES, read_heads

ROWS = [
    *(Row(f"{route} {number}", route, "tickets") for route in ROUTES for number in range(20)),
    *(Row(f"question {number}", HARMLESS, "lamini") for number in range(40)),
    *(Row(f"question {number}", HARMLESS, "near misses") for number in range(40, 50)),
]


class ByFirstWord:
    """Gives each text the unit vector of its first word, a little turned."""

    embedder = SimpleNamespace(fingerprint="first word")

    def encode(self, texts: Sequence[str]) -> Any:
        words = [*ROUTES, "question"]
        found = np.zeros((len(texts), 8), dtype=np.float32)
        for row, text in zip(found, texts, strict=True):
            word, number = text.split()
            row[words.index(word)], row[7] = 1, int(number) / 100
        return found / np.linalg.norm(found, axis=1, keepdims=True)


def test_a_head_finds_its_own_route_only(tmp_path: Path) -> None:
    vectors: Any = ByFirstWord()
    write_heads(tmp_path, make_heads(ROWS, vectors), ROWS, "first word", {})

    heads = read_heads(tmp_path)
    fired = [
        [signal.name for signal in heads.signals(vector) if signal.fired]
        for vector in vectors.encode([*(f"{route} 5" for route in ROUTES), "question 5"])
    ]

    assert fired == [*([f"learned_{route}"] for route in ROUTES), []]


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    vectors: Any = ByFirstWord()
    for name in ("one", "two"):
        write_heads(tmp_path / name, make_heads(ROWS, vectors), ROWS, "first word", {})

    one, two = ({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("one", "two"))
    assert one == two


@pytest.mark.parametrize(
    ("own", "threshold"), [([0.1], 0.999), ([0.9995], 0.9995)], ids=["one in a thousand", "an own question"]
)
def test_the_threshold_lies_just_above_what_may_not_fire(own: list[float], threshold: float) -> None:
    harmless = np.arange(1001) / 1000

    found = least_threshold(harmless, np.array(own))

    assert threshold < found < threshold + 1e-9


def test_says_which_folders_are_missing(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="openai_moderation"):
        read_rows(tmp_path)
