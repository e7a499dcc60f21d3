"""The shipped calibration on the 140 lamini_docs test rows: share wrong among the answered, coverage, cost of signals.

    python tests/benchmarks/gate_lamini.py

Wrong is what readers labelled so (indexes/lamini_docs/labels_test.jsonl): an answer counts only if it is word for word
the one that was read. Prints both labels with 95 % Clopper–Pearson intervals, where every ticket went, how many
generator calls the tickets cost that a human got, and p50 / p95 of what the gate adds beside retrieval.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from lamini_rows import FOLDER

from support_agent import Agent, Reply
from support_agent.intervals import clopper_pearson

OURS = ("triage", "meaning", "gate_before", "gate_after")


def main() -> None:
    """Ask every test question, one by one, and print what came of it."""
    agent = Agent.load()
    rows = [json.loads(line) for line in (FOLDER / "test.jsonl").read_text("utf-8").splitlines()]
    refused = {row["index"] for row in json.loads((FOLDER / "refusal_rows.json").read_text()) if row["split"] == "test"}
    labels = {row["id"]: row for row in map(json.loads, (FOLDER / "labels_test.jsonl").read_text("utf-8").splitlines())}
    agent.ask("warm up: what is Lamini?")
    replies = [agent.ask(row["question"]) for row in rows]
    known = [(f"test:{number + 1}", reply) for number, reply in enumerate(replies) if number not in refused]
    print_promise(agent)
    print_answered(known, labels)
    print_routes("answerable", [reply for _, reply in known])
    print_routes("refused by the reference", [reply for number, reply in enumerate(replies) if number in refused])
    print_cost(replies)


def print_promise(agent: Agent) -> None:
    """What the calibration says of itself."""
    print(agent.gate.in_words)


def print_answered(known: Sequence[tuple[str, Reply]], labels: dict[str, Any]) -> None:
    """Coverage, and the share of wrong answers by either label."""
    answered = [(row_id, reply) for row_id, reply in known if reply.route == "answer"]
    read = [labels[row_id] for row_id, reply in answered if same(labels.get(row_id, {}).get("sent", ""), reply.text)]
    print(
        f"\nanswered {len(answered)} of {len(known)}: {rate(len(answered), len(known))}; read by readers: {len(read)}"
    )
    for label in ("supported", "agrees"):
        wrong = sum(not row[label] for row in read)
        print(f"  not {label:10} {wrong} of {len(read)}: {rate(wrong, len(read))}")
        every = sum(row[label] for row in labels.values())
        print(f"    of all {len(labels)} answers that might be sent, {label}: {rate(every, len(labels))}")


def print_routes(name: str, replies: Sequence[Reply]) -> None:
    """Routes, first reasons, and how many hand-offs cost a draft."""
    print(f"\n{name}, n = {len(replies)}: {dict(Counter(str(reply.route) for reply in replies))}")
    handed = [reply for reply in replies if reply.route == "human"]
    print(f"  hand-offs by reason: {dict(Counter(str(reply.reasons[0]) for reply in handed))}")
    print(f"  hand-offs without a generator call: {sum('generation' not in reply.timings_ms for reply in handed)}")


def print_cost(replies: Sequence[Reply]) -> None:
    """Milliseconds of each stage, and of all that the gate measures."""
    for stage in (*OURS, "retrieval"):
        print_percentiles(stage, [reply.timings_ms[stage] for reply in replies if stage in reply.timings_ms])
    print_percentiles("all signals", [sum(reply.timings_ms.get(stage, 0.0) for stage in OURS) for reply in replies])


def print_percentiles(name: str, values: Sequence[float]) -> None:
    """p50 and p95 in milliseconds."""
    print(f"  {name:12} p50 {np.percentile(values, 50):6.1f} ms   p95 {np.percentile(values, 95):6.1f} ms")


def same(first: str, second: str) -> bool:
    """Whether two texts are the same but for white space."""
    return first.split() == second.split()


def rate(count: int, of: int) -> str:
    """A share with its 95 % Clopper–Pearson interval."""
    if not of:
        return "–"
    low, high = clopper_pearson(count, of)
    return f"{count / of:.1%} [{low:.1%}, {high:.1%}]"


if __name__ == "__main__":
    main()
