"""How good the best passage is, on the 132 answerable lamini_docs test rows: by meaning, by words, and fused.

    python tests/benchmarks/retrieval_lamini.py [--index NAME_OR_FOLDER]

Prints n and the token-F1 between the answer found first (and the best of the first three) and the reference, with a
95 % bootstrap interval; the oracle is the best answer in the whole index. The test rows are in no index.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from support_agent.retrieval import Index, find_index
from support_agent.retrieval.index import DEPTH
from support_agent.wording import token_f1

SEED = 20260101
RESAMPLES = 10_000


def main() -> None:
    """Search every test question and print a line for each way."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--index", default="lamini_docs")
    index = Index.open(find_index(parser.parse_args().index))
    rows = test_rows(find_index("lamini_docs"))
    questions = [row["question"] for row in rows]
    f1 = np.array([[token_f1(passage.text, row["answer"]) for passage in index.passages] for row in rows])
    print(f"n = {len(rows)} questions, {len(index.passages):,} passages, index version {index.version}")
    for name, found in rankings(index, questions).items():
        first = np.array([f1[row, places[0]] if places else 0.0 for row, places in enumerate(found)])
        three = np.array([f1[row, places[:3]].max() if places else 0.0 for row, places in enumerate(found)])
        print(f"{name:6s}  first {interval(first)}   best of three {interval(three)}")
    print(f"oracle  {interval(f1.max(axis=1))}")


def test_rows(folder: Path) -> list[dict[str, str]]:
    """The test rows whose reference is an answer and not a refusal."""
    rows = [json.loads(line) for line in (folder / "test.jsonl").read_text("utf-8").splitlines()]
    refused = {row["index"] for row in json.loads((folder / "refusal_rows.json").read_text()) if row["split"] == "test"}
    return [row for number, row in enumerate(rows) if number not in refused]


def rankings(index: Index, questions: Sequence[str]) -> dict[str, list[list[int]]]:
    """For each way of searching and each question, positions of passages, best first."""
    place = {passage.passage_id: position for position, passage in enumerate(index.passages)}
    cosines = index.embedder.encode(questions) @ index.vectors().T
    return {
        "dense": [list(np.argsort(-row, kind="stable")[:DEPTH]) for row in cosines],
        "words": [index.words.rank(question, DEPTH) for question in questions],
        "fused": [[place[one.passage_id] for one in found] for found in index.search(questions, 3)],
    }


def interval(values: NDArray[np.float64]) -> str:
    """Mean with the 2.5 and 97.5 % points of its bootstrap distribution."""
    picks = np.random.default_rng(SEED).integers(0, len(values), (RESAMPLES, len(values)))
    low, high = np.percentile(values[picks].mean(axis=1), [2.5, 97.5])
    return f"{values.mean():.3f} [{low:.3f}, {high:.3f}]"


if __name__ == "__main__":
    main()
