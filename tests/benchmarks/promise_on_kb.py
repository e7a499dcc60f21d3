"""A promise on knowledge bases that nobody here wrote: how far do 60, 100 or 200 readings go, and does it hold?

    python tests/benchmarks/promise_on_kb.py --data FOLDER [--redraws 200]

FOLDER holds a folder a knowledge base (``passages.jsonl``, ``questions.jsonl`` with ``relevant_ids`` and
``answerable``, which people said). Each is built into an index, every question is asked once, and an offer counts as
right when it is a passage that people call relevant. Then the whole course is drawn anew many times: some questions
arrive as past tickets with other random numbers, a plan is made from their scores, readers read what is due until they
have read so many, and what is proven is held against the questions that did not arrive. The ranking is fitted on the
other knowledge bases and lamini_docs, never on the one that is tried. Rows of the answers are kept beside the index;
--fresh asks anew.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from support_agent import Agent, build_index
from support_agent.evidence.ladder import Plan, Promise, make_plan, proven
from support_agent.evidence.opening import suggesting_gate
from support_agent.evidence.ranking import STRENGTH, auroc
from support_agent.evidence.records import KnownTicket, Offer
from support_agent.evidence.standing import Sampled, next_test, stand
from support_agent.gate.combiner import Combiner, fit
from support_agent.gate.measure import combined
from support_agent.intervals import clopper_pearson
from support_agent.records import Ticket
from support_agent.shelves import INDEXES

BUDGETS = (60, 100, 200)
PROMISES = (0.10, 0.20)
ARRIVE = 0.7
Row = dict[str, Any]


def main() -> None:
    """Print one block for each knowledge base."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--redraws", type=int, default=200)
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--labels", type=Path, help="rows of lamini_docs customers, from fit_ranking.py", default=None)
    given = parser.parse_args()
    folders = [folder for folder in sorted(given.data.iterdir()) if folder.is_dir()]
    bases = {folder.name: asked(folder, fresh=given.fresh) for folder in folders}
    others = {"lamini_docs": json.loads(given.labels.read_text())} if given.labels else {}
    for name, rows in bases.items():
        rest = {other: known for other, known in {**bases, **others}.items() if other != name}
        report(name, rows, ranking(rest.values()), given.redraws)


def asked(folder: Path, *, fresh: bool = False) -> list[Row]:
    """Every question of a knowledge base that was offered a text, with its signals and people's label."""
    kept = INDEXES.own() / f"{folder.name}.asked.json"
    if kept.is_file() and not fresh:
        return list(json.loads(kept.read_text("utf-8")))
    build_index(folder.name, [folder / "passages.jsonl"])
    agent = Agent.load(index=folder.name)
    agent.gate = suggesting_gate()
    passages = [json.loads(line) for line in (folder / "passages.jsonl").read_text("utf-8").splitlines()]
    ids: dict[tuple[str, str], set[str]] = {}
    for one in passages:
        ids.setdefault((one["title"].strip(), one["text"].strip()), set()).add(one["id"])
    questions = [json.loads(line) for line in (folder / "questions.jsonl").read_text("utf-8").splitlines()]
    rows = []
    for question, reply in zip(questions, agent.ask_many(one["question"] for one in questions), strict=True):
        if reply.suggestion and reply.confidence:
            values = {signal.name: signal.value for signal in reply.signals}
            first = ids.get((reply.evidence[0].title.strip(), reply.evidence[0].text.strip()), set())
            right = question["answerable"] and bool(first & set(question["relevant_ids"]))
            rows.append({"text": question["question"], "values": {n: values[n] for n in combined()}, "right": right})
    kept.write_text(json.dumps(rows), "utf-8")
    return rows


def ranking(bases: Sequence[list[Row]]) -> Combiner:
    """A ranking fitted on these knowledge bases, each with the same weight."""
    most = max(len(rows) for rows in bases)
    even = [row for rows in bases for row in rows * round(most / len(rows))]
    return fit([row["values"] for row in even], [row["right"] for row in even], combined(), strength=STRENGTH)


def report(name: str, rows: list[Row], combiner: Combiner, redraws: int) -> None:
    """Print how a knowledge base fares."""
    scores, right = [combiner.probability(row["values"]) for row in rows], [row["right"] for row in rows]
    area = auroc(scores, right)
    print(f"\n{name}: {len(rows):,} offers, {np.mean(right):.1%} right, AUROC of a ranking from elsewhere {area:.3f}")
    for max_error in PROMISES:
        for budget in BUDGETS:
            results = [course(rows, scores, Promise(max_error), budget, seed) for seed in range(redraws)]
            print(f"  {max_error:.0%} promised, {budget} read at most: {in_words(results, max_error)}")


@dataclass(frozen=True)
class Course:
    """How a course ended; ``coverage`` is 0 where nothing is proven; ``risk`` of the rest, ``risk_of_all`` of all."""

    coverage: float
    risk: float
    risk_of_all: float
    read: int


def in_words(results: Sequence[Course], max_error: float) -> str:
    """Share certified, coverage, share broken with its interval, readings."""
    certified = [one for one in results if one.coverage > 0]
    cover = np.mean([one.coverage for one in certified]) if certified else 0.0
    risk = np.mean([one.risk for one in certified]) if certified else 0.0
    rest, every = (
        share(sum(wrong > max_error for wrong in risks), len(results))
        for risks in ([one.risk for one in certified], [one.risk_of_all for one in certified])
    )
    return (
        f"certified {len(certified) / len(results):.1%}, covering {cover:.1%} of the rest, {risk:.1%} of it wrong; "
        f"broken on the rest {rest}, on all questions {every}; {np.mean([one.read for one in results]):.0f} read"
    )


def share(count: int, of: int) -> str:
    """A share with its 95 % Clopper–Pearson interval."""
    low, high = clopper_pearson(count, of)
    return f"{count / of:.1%} [{low:.1%}, {high:.1%}]"


def course(rows: list[Row], scores: Sequence[float], promise: Promise, budget: int, seed: int) -> Course:
    """Past tickets arrive by lot, are planned on and read; what is proven is held against what did not arrive."""
    order = list(range(len(rows)))
    random.Random(seed).shuffle(order)
    arrive, rest = order[: round(ARRIVE * len(order))], order[round(ARRIVE * len(order)) :]
    known = [arrived(number, f"{seed}:{at}", scores[at]) for number, at in enumerate(arrive, start=1)]
    truth = {one.known.number: rows[at]["right"] for one, at in zip(known, arrive, strict=True)}
    plan = make_plan([one.score for one in known], promise)
    look, read = climb(plan, known, truth, budget)
    if look is None:
        return Course(0.0, 0.0, 0.0, read)
    answered = [at for at in rest if scores[at] >= plan.rungs[look]]
    every = [at for at in order if scores[at] >= plan.rungs[look]]
    risk, risk_of_all = (float(np.mean([not rows[at]["right"] for at in some] or [0])) for some in (answered, every))
    return Course(len(answered) / len(rest), risk, risk_of_all, read)


def arrived(number: int, text: str, score: float) -> Sampled:
    """A ticket that nobody has read; its random number follows from its text."""
    return Sampled(KnownTicket(Ticket(text), number), Offer("", "", score), score, None)


def climb(plan: Plan, rows: list[Sampled], truth: dict[int, bool], budget: int) -> tuple[int | None, int]:
    """Read what is due until the budget is spent: the rung that is proven, and how many were read."""
    looks = []
    read = 0
    while True:
        while look := next_test(plan, looks, rows):
            looks.append(look)
        waiting = {one.known.number for one in stand(plan, looks, rows).to_read}
        if not waiting or read + len(waiting) > budget:
            break
        read += len(waiting)
        rows = [replace(one, right=truth[one.known.number]) if one.known.number in waiting else one for one in rows]
    best = proven(looks)
    return (best.rung if best else None), read


if __name__ == "__main__":
    main()
