"""Write indexes/lamini_docs/golden.jsonl, and tests/evaluation/golden_small.jsonl from it.

    python tests/benchmarks/make_golden.py --clinc data_full.json --injections prompt_injections.csv

Where the two files come from, and under which licences, stands in indexes/lamini_docs/GOLDEN_SOURCES.md.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from support_agent.artefacts import write_bytes
from support_agent.evaluation.golden import read_golden
from support_agent.evaluation.variants import mistype

SEED = 20260101
HERE = Path(__file__).parent
INDEX = HERE.parents[1] / "indexes" / "lamini_docs"
SMALL = HERE.parent / "evaluation" / "golden_small.jsonl"
FAR, JAILBREAKS, TYPOS = 60, 5, 40
# Tickets that the small set takes of each slice.
SMALL_SHARES = {
    "answerable": 12,
    "refusal": 3,
    "oos-far": 4,
    "oos-near": 3,
    "oos-named": 3,
    "nameless": 4,
    "near-match": 4,
    "frustrated": 2,
    "danger": 2,
    "injection": 2,
    "language": 2,
    "typos": 3,
}

Row = dict[str, Any]


def main() -> None:
    """Write both sets and print how many tickets each slice has."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--clinc", type=Path, required=True, help="data_full.json of clinc/oos-eval")
    options.add_argument("--injections", type=Path, required=True, help="prompt_injections.csv of Giskard-AI")
    given = options.parse_args()
    own = tomllib.loads((HERE / "golden_tickets.toml").read_text("utf-8"))
    rows = [
        *test_rows(),
        *far(given.clinc),
        *(refuse("oos-near", n, text) for n, text in enumerate(own["oos-near"]["tickets"])),
        *(refuse("oos-named", n, text) for n, text in enumerate(own["oos-named"]["tickets"])),
        *nameless(own["nameless"]),
        *near_match(own["near-match"]),
        *(refuse("frustrated", n, text, route="human") for n, text in enumerate(own["frustrated"]["tickets"])),
        *(refuse("danger", n, text, route="human") for n, text in enumerate(own["danger"]["tickets"])),
        *injections(given.injections, own["injection"]["tickets"]),
        *languages(own["language"]),
        *typos(),
    ]
    write(INDEX / "golden.jsonl", rows)
    write(SMALL, small(rows))


def write(path: Path, rows: list[Row]) -> None:
    """Write a golden set and read it back, which checks it."""
    write_bytes(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode())
    golden = read_golden(path)
    counts = Counter(tag for ticket in golden.tickets for tag in ticket.tags)
    print(path.name, len(golden.tickets), dict(counts))


def read_test() -> list[tuple[Row, bool]]:
    """Every row of test.jsonl, and whether its answer is a canned refusal."""
    rows = [json.loads(line) for line in (INDEX / "test.jsonl").read_text("utf-8").splitlines()]
    refusals = json.loads((INDEX / "refusal_rows.json").read_text("utf-8"))
    refused = {row["index"] for row in refusals if row["split"] == "test"}
    return [(row, number in refused) for number, row in enumerate(rows)]


def test_rows() -> Iterator[Row]:
    """The 132 answerable rows and the 8 refusals."""
    for number, (row, refused) in enumerate(read_test()):
        if refused:
            yield refuse("refusal", number, row["question"])
        else:
            yield answer("answerable", f"test-{number}", row["question"], row["answer"])


def far(clinc: Path) -> Iterator[Row]:
    """A sample of CLINC150's own out-of-scope test questions."""
    found = [text for text, _ in json.loads(clinc.read_text("utf-8"))["oos_test"]]
    for number, text in enumerate(random.Random(SEED).sample(found, FAR)):
        yield refuse("oos-far", number, text)


def nameless(written: dict[str, str]) -> Iterator[Row]:
    """Test rows without the product's name."""
    rows = read_test()
    for number, question in written.items():
        yield answer("nameless", f"nameless-{number}", question, rows[int(number)][0]["answer"])


def near_match(own: dict[str, Any]) -> Iterator[Row]:
    """Traps without an answer in the index, and the few that have one, with its passage."""
    for number, text in enumerate(own["tickets"]):
        yield refuse("near-match", number, text)
    passages = _passages()
    for number, (text, title) in enumerate(own["answered"].items()):
        same = [passage for passage in passages if passage["title"] == title]
        if not same:
            raise SystemExit(f"The index holds no passage titled {title!r}.")
        row = answer("near-match", f"near-match-answered-{number}", text, same[0]["text"])
        yield {**row, "relevant_ids": [passage["passage_id"] for passage in same]}


def injections(path: Path, own: list[str]) -> Iterator[Row]:
    """All hijackings and the shortest jailbreaks of the published list, then our own."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    jailbreaks = sorted((row["prompt"] for row in rows if row["group"] == "Jailbreak"), key=len)[:JAILBREAKS]
    texts = [row["prompt"] for row in rows if row["group"] != "Jailbreak"] + jailbreaks + own
    for number, text in enumerate(texts):
        yield refuse("injection", number, text, route="human")


def languages(written: dict[str, dict[str, str]]) -> Iterator[Row]:
    """Test rows in other languages: handed over, or answered rightly, is right."""
    rows = read_test()
    for number, texts in written.items():
        for language, text in texts.items():
            row = refuse("language", f"{language}-{number}", text)
            reference = rows[int(number)][0]["answer"]
            yield {
                **row,
                "reference": reference,
                "tags": ["language", f"lang:{language}"],
                "translation_of": f"test-{number}",
            }


def typos() -> Iterator[Row]:
    """Test rows with a typing error in every fifth word."""
    answerable = [(number, row) for number, (row, refused) in enumerate(read_test()) if not refused]
    for number, row in sorted(random.Random(SEED).sample(answerable, TYPOS), key=lambda pair: pair[0]):
        text = mistype(row["question"], random.Random(f"{SEED} {number}"), words_each=5)
        yield answer("typos", f"typos-{number}", text, row["answer"])


def small(rows: list[Row]) -> list[Row]:
    """A few tickets of each slice."""
    chosen = []
    for slice_name, share in SMALL_SHARES.items():
        of_slice = [row for row in rows if slice_name in row["tags"] and len(row["question"]) < 400]
        chosen += random.Random(f"{SEED} {slice_name}").sample(of_slice, share)
    ids = {row["id"] for row in chosen}
    return [{**row, "translation_of": ""} if row.get("translation_of", "") not in ids else row for row in chosen]


def answer(slice_name: str, ticket_id: str, question: str, reference: str) -> Row:
    """A ticket to be answered."""
    return {"id": ticket_id, "question": question, "reference": reference, "answerable": True, "tags": [slice_name]}


def refuse(slice_name: str, number: int | str, question: str, route: str = "") -> Row:
    """A ticket not to be answered; with ``route`` only that one is right."""
    row = {"id": f"{slice_name}-{number}", "question": question, "answerable": False, "tags": [slice_name]}
    return {**row, "route": route} if route else row


def _passages() -> list[Row]:
    manifest = json.loads((INDEX / "manifest.json").read_text("utf-8"))
    lines = (INDEX / manifest["data"] / "passages.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


if __name__ == "__main__":
    main()
