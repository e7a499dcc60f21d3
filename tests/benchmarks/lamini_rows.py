"""What the benchmarks share: the answerable test rows of lamini_docs, a score, and an interval."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from support_agent.wording import token_f1

FOLDER = Path(__file__).parents[2] / "indexes" / "lamini_docs"
SEED = 20260101
RESAMPLES = 10_000


def read_test_rows() -> list[dict[str, str]]:
    """The 132 test rows whose reference is an answer and not a refusal; they stand in no index."""
    rows = [json.loads(line) for line in (FOLDER / "test.jsonl").read_text("utf-8").splitlines()]
    refused = {row["index"] for row in json.loads((FOLDER / "refusal_rows.json").read_text()) if row["split"] == "test"}
    return [row for number, row in enumerate(rows) if number not in refused]


def score(text: str, row: dict[str, str]) -> float:
    """Token-F1 (0–1) of a sent text against the row's reference."""
    return token_f1(text, row["answer"])


def interval(values: Sequence[float]) -> str:
    """Mean and its 95 % bootstrap interval over rows."""
    if not len(values):
        return "–"
    data = np.asarray(values, dtype=float)
    means = np.random.default_rng(SEED).choice(data, (RESAMPLES, len(data))).mean(axis=1)
    return f"{data.mean():.3f} [{np.percentile(means, 2.5):.3f}, {np.percentile(means, 97.5):.3f}]"
