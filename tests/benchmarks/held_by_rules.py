"""What each rule that decides alone holds back of quotes: how many that people call right, how many that they don't.

    python tests/benchmarks/held_by_rules.py --data FOLDER

FOLDER as in promise_on_kb.py, whose knowledge bases must be built. Printed is the third of the questions that nobody
looked at while the rules were made; with --all, every one.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from customers_lamini import rate
from lamini_rows import FOLDER

from support_agent.config import Config
from support_agent.gate.measure import measure_quote
from support_agent.gate.support import is_quote
from support_agent.records import Passage, Ticket
from support_agent.retrieval import Index, find_index
from support_agent.triage import triage_ticket

Asked = tuple[str, list[Passage], bool]


def main() -> None:
    """Print one block for each knowledge base."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--all", action="store_true", help="all questions, not only the third that nobody looked at")
    given = parser.parse_args()
    for folder in sorted(folder for folder in given.data.iterdir() if folder.is_dir()):
        report(folder.name, list(labelled(folder, whole=given.all)))
    report("lamini_docs", list(customers(whole=given.all)))


def labelled(folder: Path, *, whole: bool) -> Iterator[Asked]:
    """Questions with what was found, and whether people call the first passage right."""
    rows = [json.loads(line) for line in (folder / "questions.jsonl").read_text("utf-8").splitlines()]
    ids: dict[tuple[str, str], set[str]] = {}
    for one in map(json.loads, (folder / "passages.jsonl").read_text("utf-8").splitlines()):
        ids.setdefault((one["title"].strip(), one["text"].strip()), set()).add(one["id"])
    index = Index.open(find_index(folder.name))
    for place, row in enumerate(rows):
        if whole or place % 3 == 2:
            text, passages = found(index, row["question"])
            first = ids.get((passages[0].title.strip(), passages[0].text.strip()), set())
            yield text, passages, row["answerable"] and bool(first & set(row["relevant_ids"]))


def customers(*, whole: bool) -> Iterator[Asked]:
    """Customers' messages about lamini_docs for which the first passage's own words were read."""
    index = Index.open(find_index("lamini_docs"))
    rows = [json.loads(line) for line in (FOLDER / "customers.jsonl").read_text("utf-8").splitlines()]
    for place, row in enumerate(rows):
        if whole or place % 3 == 2:
            text, passages = found(index, row["text"])
            for offer in (row, row.get("quote") or {}):
                if offer.get("verdicts") and is_quote(offer["sent"], passages[0]):
                    yield text, passages, {said["verdict"] for said in offer["verdicts"]} == {"right"}


def found(index: Index, question: str) -> tuple[str, list[Passage]]:
    """The question as it is read, and the passages."""
    triage = triage_ticket(Ticket(question), Config())
    return triage.text, index.search([triage.search_text or triage.text], 3)[0]


def report(name: str, asked: list[Asked]) -> None:
    """Print what is held of the right and of the wrong, and by which rule."""
    for said, label in ((True, "right"), (False, "wrong")):
        held = [measure_quote(text, passages).held for text, passages, right in asked if right is said]
        reasons = dict(Counter(str(one) for reasons in held for one in reasons))
        print(f"{name}, {label}: n {len(held)}, held {rate([bool(one) for one in held])} {reasons}")


if __name__ == "__main__":
    main()
