"""From an unknown FAQ and past tickets to the first answer sent, and on through a change: minutes, readings, labels.

    python tests/benchmarks/first_answer.py --data FOLDER [--tickets 200]

FOLDER holds StackFAQ as promise_on_kb.py takes it. The FAQ is one row a topic, 125 in all; past tickets are people's
own rephrasings, drawn at random; the reader is what people said: right is an answer of the topic that was asked about.
All is done by the functions that the README names, in an empty folder. Then one passage is added to all of StackFAQ,
certified in the same way, and the promise is renewed.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import tempfile
import time
from pathlib import Path
from typing import Any

SEED = 5


def main() -> None:
    """Run both courses and print them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--tickets", type=int, default=200)
    given = parser.parse_args()
    passages = rows_of(given.data / "passages.jsonl")
    questions = [one for one in rows_of(given.data / "questions.jsonl") if one["answerable"]]
    first_of = {one["id"].partition(":")[0]: one for one in reversed(passages)}
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("INDEXES", "CALIBRATIONS"):
            os.environ[f"SUPPORT_AGENT_{kind}"] = str(Path(folder) / kind.lower())
        faq(Path(folder), list(first_of.values()), questions, given.tickets)
        change(Path(folder), passages, questions)


def faq(folder: Path, rows: list[dict[str, Any]], questions: list[dict[str, Any]], tickets: int) -> None:
    """An FAQ of one row a topic: until an answer is sent."""
    from support_agent import Agent, build_index

    began = time.perf_counter()
    build_index("faq", [write_csv(folder / "faq.csv", rows)])
    built = time.perf_counter() - began
    past, rest = drawn(questions, tickets)
    done, read = until_proven(folder, "faq", past, rows, most=400)
    machine = time.perf_counter() - began
    minutes = f"{machine / 60:.1f} minutes of machine ({built:.0f} s for the index)"
    print(f"FAQ of {len(rows)} rows, {len(past)} past tickets: {minutes}, {read} read")
    print(f"  {done.standing.in_words()}")
    agent = Agent.load(index="faq")
    replies = list(agent.ask_many(one["question"] for one in rest))
    topics = {f"{number}": one["id"].partition(":")[0] for number, one in enumerate(rows, start=1)}
    sent = [(one, reply) for one, reply in zip(rest, replies, strict=True) if reply.route == "answer"]
    wrong = sum(topics[reply.evidence[0].passage_id.rpartition(":")[2]] != topic_of(one) for one, reply in sent)
    print(f"  of the {len(rest):,} other tickets {len(sent):,} were answered, {wrong} of them wrongly")


def change(folder: Path, passages: list[dict[str, Any]], questions: list[dict[str, Any]]) -> None:
    """Every passage, a promise, one passage more, the renewal."""
    from support_agent import add_to_index, build_index, certify, learn, renew
    from support_agent.config import load_config

    build_index("stackfaq", [write_csv(folder / "all.csv", passages)])
    past, _ = drawn(questions, 400)
    _, read = until_proven(folder, "stackfaq", past, passages, most=400)
    new = {
        "title": "How do I export my boards from Trello?",
        "text": "Open the board's menu, choose More, then Print and export.",
    }
    add_to_index("stackfaq", [write_csv(folder / "new.csv", [new])])
    config = load_config(index="stackfaq").config
    began = time.perf_counter()
    done = renew(config=config, to_read=folder / "changed.csv")
    print(
        f"One passage added to {len(passages)}, {read} read before: {done.certified.asked} tickets asked again, "
        f"{done.kept} of {done.labelled} labels kept, {time.perf_counter() - began:.1f} s"
    )
    print(f"  {done.certified.standing.in_words()}")
    if done.certified.written:
        count = fill_in(done.certified.written, past, passages)
        learn(done.certified.written, config=config, reader="people")
        print(f"  {count} more read: {certify(config=config).standing.in_words()}")


def until_proven(folder: Path, index: str, past: list[dict[str, Any]], rows: list[dict[str, Any]], most: int) -> Any:
    """Certify, read what is due, learn, and again, until something is proven or ``most`` are read."""
    from support_agent import certify, learn
    from support_agent.config import load_config

    config, read, round_number = load_config(index=index).config, 0, 0
    tickets = write_csv(folder / f"{index}-past.csv", [{"question": one["question"]} for one in past])
    done = certify(config=config, tickets=tickets, to_read=folder / f"{index}-0.csv")
    while done.calibration is None and done.written and read < most:
        read += fill_in(done.written, past, rows)
        learn(done.written, config=config, reader="people")
        round_number += 1
        done = certify(config=config, to_read=folder / f"{index}-{round_number}.csv")
    return done, read


def fill_in(file: Path, past: list[dict[str, Any]], rows: list[dict[str, Any]]) -> int:
    """The verdicts that people gave; how many."""
    topics = {(one["title"].strip(), one["text"].strip()): one["id"].partition(":")[0] for one in rows}
    asked = {one["question"].strip(): topic_of(one) for one in past}
    with file.open(encoding="utf-8-sig", newline="") as table:
        read = list(csv.DictReader(table))
    for row in read:
        first = json.loads(row["sa_evidence"])["passages"][0]
        right = topics.get((first["title"], first["text"])) == asked[row["description"].lstrip("'").strip()]
        row["verdict"] = "r" if right else "w"
    with file.open("w", encoding="utf-8", newline="") as table:
        writer = csv.DictWriter(table, list(read[0]))
        writer.writeheader()
        writer.writerows(read)
    return len(read)


def drawn(questions: list[dict[str, Any]], count: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """So many at random, and the rest."""
    order = list(questions)
    random.Random(SEED).shuffle(order)
    return order[:count], order[count:]


def topic_of(question: dict[str, Any]) -> str:
    """The topic that it asks about."""
    return str(question["relevant_ids"][0]).partition(":")[0]


def rows_of(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSONL file."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def write_csv(path: Path, rows: list[dict[str, Any]]) -> Path:
    """Questions, or questions with answers, as a CSV."""
    with path.open("w", encoding="utf-8", newline="") as table:
        writer = csv.writer(table)
        writer.writerow(["question", "answer"] if "text" in rows[0] else ["question"])
        writer.writerows([one["title"], one["text"]] if "text" in one else [one["question"]] for one in rows)
    return path


if __name__ == "__main__":
    main()
