"""Fits the two judges of ``support-agent calibrate`` to the labelled lamini_docs answers, and says how well they agree.

    python tests/benchmarks/fit_judges.py [--write]

Agreement is measured on folds that a judge has not seen, near-duplicate questions kept together; then on the test rows
by judges that saw no test row. ``--write`` makes support_agent/gate/calibrating/judges.json anew.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lamini_rows import FOLDER

from support_agent.artefacts import sha256_file, write_bytes
from support_agent.clusters import group_numbers
from support_agent.gate.calibrating.judge import SHIPPED, About, Answered, fit_judge, judges_as_json
from support_agent.retrieval import Index, find_index

KINDS: tuple[About, ...] = ("supported", "agrees")


def main() -> None:
    """Fit, measure, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    index = Index.open(find_index("lamini_docs"))
    labels, test = read(FOLDER / "labels.jsonl"), read(FOLDER / "labels_test.jsonl")
    learned = answers(labels, index, {passage.passage_id: passage.text for passage in index.passages})
    unseen = answers(test, index, {f"test:{n}": row["answer"] for n, row in enumerate(read(FOLDER / "test.jsonl"), 1)})
    groups = group_numbers([row["question"] for row in labels])
    judges = []
    for about in KINDS:
        judge = fit_judge(about, learned, [row[about] for row in labels], groups, index.embedder)
        said = judge.verdicts(unseen, index.embedder)
        equal = sum(verdict == row[about] for verdict, row in zip(said, test, strict=True))
        print(f"{about}: cross-fitted {judge.agreement}; test rows {equal} of {len(test)}")
        judges.append(judge)
    if options.write:
        made_from = {"labels_sha256": sha256_file(FOLDER / "labels.jsonl"), "embedder": index.embedder.fingerprint}
        write_bytes(SHIPPED, judges_as_json(judges, made_from).encode())


def read(file: Path) -> list[dict[str, Any]]:
    """The rows of a JSONL file."""
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def answers(rows: Sequence[dict[str, Any]], index: Index, reference_of: dict[str, str]) -> list[Answered]:
    """Labelled rows as a judge sees them."""
    passage = {one.passage_id: one for one in index.passages}
    return [
        Answered(row["question"], row["sent"], reference_of[row["id"]], tuple(passage[one] for one in row["passages"]))
        for row in rows
    ]


if __name__ == "__main__":
    main()
