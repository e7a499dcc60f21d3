"""How good the best passage is, on the 132 answerable lamini_docs test rows: by meaning, by words, and fused.

    python tests/benchmarks/retrieval_lamini.py [--index NAME_OR_FOLDER]

Prints n and the token-F1 between the answer found first (and the best of the first three) and the reference, with a
95 % bootstrap interval; the oracle is the best answer in the whole index. The test rows are in no index.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np
from lamini_rows import interval, read_test_rows, score

from support_agent.retrieval import Index, find_index
from support_agent.retrieval.index import DEPTH


def main() -> None:
    """Search every test question and print a line for each way."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--index", default="lamini_docs")
    index = Index.open(find_index(parser.parse_args().index))
    rows = read_test_rows()
    questions = [row["question"] for row in rows]
    f1 = np.array([[score(passage.text, row) for passage in index.passages] for row in rows])
    print(f"n = {len(rows)} questions, {len(index.passages):,} passages, index version {index.version}")
    for name, found in rankings(index, questions).items():
        first = np.array([f1[row, places[0]] if places else 0.0 for row, places in enumerate(found)])
        three = np.array([f1[row, places[:3]].max() if places else 0.0 for row, places in enumerate(found)])
        print(f"{name:6s}  first {interval(first)}   best of three {interval(three)}")
    print(f"oracle  {interval(f1.max(axis=1))}")


def rankings(index: Index, questions: Sequence[str]) -> dict[str, list[list[int]]]:
    """For each way of searching and each question, positions of passages, best first."""
    place = {passage.passage_id: position for position, passage in enumerate(index.passages)}
    cosines = index.embedder.encode(questions) @ index.vectors().T
    return {
        "dense": [list(np.argsort(-row, kind="stable")[:DEPTH]) for row in cosines],
        "words": [index.words.rank(question, DEPTH) for question in questions],
        "fused": [[place[one.passage_id] for one in found] for found in index.search(questions, 3)],
    }


if __name__ == "__main__":
    main()
