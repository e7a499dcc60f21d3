"""Customers' words to lamini_docs: which passage is found, how often what is offered is right, what can be promised.

    python tests/benchmarks/customers_lamini.py [--data FOLDER]

Retrieval is counted strictly: the row that a paraphrase was written after, or one whose answer is nearly the same. With
FOLDER (see promise_on_kb.py) the same is printed for other knowledge bases. Then comes what readers said of the offers,
by kind of message, and where a promise stands on the third of the messages that nothing was fitted on: `support-agent
certify --index lamini_docs`, in an empty evidence folder (three minutes).
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Callable, Collection, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from lamini_rows import FOLDER

from support_agent.config import Config
from support_agent.intervals import clopper_pearson
from support_agent.records import Ticket
from support_agent.retrieval import Index, find_index
from support_agent.retrieval.index import DEPTH, SAME_ANSWER_F1
from support_agent.triage import triage_ticket
from support_agent.triage.meaning import Meaning
from support_agent.wording import token_f1

Asked = tuple[str, Collection[int]]


def main() -> None:
    """Print the three parts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=None)
    given = parser.parse_args()
    customers = [json.loads(line) for line in (FOLDER / "customers.jsonl").read_text("utf-8").splitlines()]
    index = Index.open(find_index("lamini_docs"))
    print_retrieval("lamini_docs", index, paraphrases(index, customers))
    for folder in sorted(given.data.iterdir()) if given.data else ():
        if folder.is_dir():
            other = Index.open(find_index(folder.name))
            print_retrieval(folder.name, other, questions(other, folder))
    print_readings(customers)
    print_held(index, customers)
    print_quotes(customers)
    print_promise()


def paraphrases(index: Index, customers: Sequence[dict[str, Any]]) -> list[Asked]:
    """Each paraphrase with the places of the passages that count."""
    place = {one.passage_id: at for at, one in enumerate(index.passages)}
    texts = [one.text for one in index.passages]
    asked = []
    for one in customers:
        if one["row"]:
            own = texts[place[one["row"]]]
            same = {at for at, text in enumerate(texts) if token_f1(text, own) >= SAME_ANSWER_F1}
            asked.append((one["text"], {place[one["row"]], *same}))
    return asked


def questions(index: Index, folder: Path) -> list[Asked]:
    """Each answerable question with the places of the passages that people call relevant."""
    ids: dict[tuple[str, str], set[str]] = {}
    for one in map(json.loads, (folder / "passages.jsonl").read_text("utf-8").splitlines()):
        ids.setdefault((one["title"].strip(), one["text"].strip()), set()).add(one["id"])
    names = [ids.get((one.title, one.text), set()) for one in index.passages]
    rows = map(json.loads, (folder / "questions.jsonl").read_text("utf-8").splitlines())
    return [
        (row["question"], {at for at, known in enumerate(names) if known & set(row["relevant_ids"])})
        for row in rows
        if row["answerable"]
    ]


def print_retrieval(name: str, index: Index, asked: Sequence[Asked]) -> None:
    """The share found first, among three and among six, by meaning and with the ranks of words fused in."""
    texts = [triage_ticket(Ticket(text), Config()).search_text or text for text, _ in asked]
    queries = [index.subject.query(text) for text in texts]
    cosines = index.embedder.encode(queries) @ index.vectors().T
    print(f"\n{name}, n = {len(asked):,}: first / in three / in six")
    orders: dict[str, Callable[[int], list[int]]] = {
        "meaning": lambda at: np.argsort(-cosines[at])[:DEPTH].tolist(),
        "fused with words": lambda at: fused(
            np.argsort(-cosines[at])[:DEPTH].tolist(), index.words.rank(queries[at], DEPTH)
        ),
    }
    for how, order in orders.items():
        ranks = [
            next((rank for rank, one in enumerate(order(at)) if one in right), 99)
            for at, (_, right) in enumerate(asked)
        ]
        print(f"  {how:17s}", " / ".join(f"{np.mean(np.array(ranks) < k):.3f}" for k in (1, 3, 6)))


def rank_of(order: Sequence[int], right: Collection[int]) -> int:
    """The place of the first that counts, from 0; 99 where none does."""
    return next((rank for rank, one in enumerate(order) if one in right), 99)


def fused(*rankings: Sequence[int]) -> list[int]:
    """By reciprocal rank (Cormack, Clarke and Büttcher 2009, constant 60)."""
    sums: dict[int, float] = {}
    for ranking in rankings:
        for rank, one in enumerate(ranking, start=1):
            sums[one] = sums.get(one, 0.0) + 1 / (60 + rank)
    return sorted(sums, key=lambda one: -sums[one])


def print_readings(customers: Sequence[dict[str, Any]]) -> None:
    """How often both readers say right, and how often both say right or partly, by kind of message."""
    read = [one for one in customers if one["verdicts"]]
    kinds: dict[str, Callable[[dict[str, Any]], bool]] = {
        "paraphrases": lambda one: bool(one["row"]),
        "  the product not named": lambda one: "nameless" in one["style"],
        "  typing errors": lambda one: "typing errors" in one["style"],
        "  mails": lambda one: "mail" in one["style"],
        "near questions": lambda one: not one["row"],
    }
    print("\noffers read: right / right or partly")
    for name, of_kind in kinds.items():
        said = [{word["verdict"] for word in one["verdicts"]} for one in read if of_kind(one)]
        print(
            f"  {name:25s} n {len(said):3d}  {rate([one == {'right'} for one in said])} / "
            f"{rate(['wrong' not in one for one in said])}"
        )


def print_held(index: Index, customers: Sequence[dict[str, Any]]) -> None:
    """What the row's place means for the offer; how many paraphrases were offered nothing, or would fail scope."""
    asked = [one for one in customers if one["row"]]
    found = index.search([triage_ticket(Ticket(one["text"]), Config()).search_text for one in asked], 1)
    first = {one["id"] for one, [best] in zip(asked, found, strict=True) if best.passage_id == one["row"]}
    read = [one for one in asked if one["verdicts"]]
    print(f"offered nothing: {rate([not one['verdicts'] for one in asked])}")
    for name, there in (("the row itself is first", True), ("it is not", False)):
        said = [{word["verdict"] for word in one["verdicts"]} for one in read if (one["id"] in first) == there]
        print(
            f"  {name:25s} n {len(said):3d}  {rate([one == {'right'} for one in said])} / "
            f"{rate(['wrong' not in one for one in said])}"
        )
    words = [triage_ticket(Ticket(one["text"]), Config()) for one in asked]
    triages = Meaning(index.embedder, index.subject.scope).read(
        [(Ticket(one["text"]), triage) for one, triage in zip(asked, words, strict=True)]
    )
    strangers = [any(signal.name == "scope" and signal.fired for signal in one.signals) for one in triages]
    print(f"taken for strangers by scope: {rate(strangers)}")


def print_quotes(customers: Sequence[dict[str, Any]]) -> None:
    """The adapter's own text against the best passage's words, where they differ."""
    both = [one for one in customers if one.get("quote")]
    for name in ("draft", "quote"):
        texts = [one[name] for one in both]
        print(f"where they differ, the {name} is right: n {len(texts)}  {rate([is_right(one) for one in texts])}")
    for low, high in pairwise((0, 200, 400, 800, 10_000)):
        some = [one for one in both if low < len(one["quote"]["sent"]) <= high]
        drafts, quotes = ([is_right(one[name]) for one in some] for name in ("draft", "quote"))
        print(f"  a quote of {low} to {high} characters, n {len(some)}: draft right {sum(drafts)}, quote {sum(quotes)}")


def is_right(read: dict[str, Any]) -> bool:
    """Whether every reader said so."""
    return {word["verdict"] for word in read["verdicts"]} == {"right"}


def rate(hits: Sequence[bool]) -> str:
    """A share with its 95 % Clopper–Pearson interval."""
    low, high = clopper_pearson(sum(hits), len(hits))
    return f"{np.mean(hits):.3f} [{low:.3f}, {high:.3f}]"


def print_promise() -> None:
    """Where promises of 10 % to 40 % stand on the third of the messages that certifies."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SUPPORT_AGENT_CALIBRATIONS"] = folder
        from support_agent import certify

        print()
        for max_error in (0.10, 0.20, 0.30, 0.40):
            print(certify(max_error=max_error).standing.in_words())


if __name__ == "__main__":
    main()
