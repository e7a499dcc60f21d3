"""What patterns and heads find of each hard route, on tickets that neither was made from, and their false alarms.

    python tests/benchmarks/hard_routes.py --data FOLDER [--misses]

Recall is on ``unseen_tickets.toml`` (found: the signal of that very route fires; "any": one of the six), and on the
halves of the public sets that no head learnt from. Of every harmless set no head learnt from a text either, but for
NatCS, which has no test split: its line is fitted. Every rate has n and its 95 % Wilson interval.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import triage_data as data_sets
from triage_signals import fired, rate

from support_agent.config import Config
from support_agent.records import Ticket
from support_agent.retrieval import Embedder, open_embedder
from support_agent.triage import triage_ticket
from support_agent.triage.learned_routes import PREFIX, LearnedRoutes, shipped

UNSEEN = Path(__file__).with_name("unseen_tickets.toml")


class Found(NamedTuple):
    """The routes that fire on one text."""

    patterns: set[str]
    heads: set[str]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--embedder", default="all-minilm-l6-v2")
    parser.add_argument("--misses", action="store_true", help="also list them")
    arguments = parser.parse_args()
    embedder = open_embedder(arguments.embedder, threads=2)
    heads = shipped(embedder.fingerprint)
    if heads is None:
        parser.error(f"no heads were made for {arguments.embedder}")
    for line in recall(arguments.data, embedder, heads, arguments.misses):
        print(line, flush=True)
    for line in false_alarms(arguments.data, embedder, heads, arguments.misses):
        print(line, flush=True)
    for line in foreign(arguments.data, embedder, heads):
        print(line, flush=True)
    print(f"\ncost: six heads {milliseconds(heads):.3f} ms a ticket")


def recall(data: Path, embedder: Embedder, heads: LearnedRoutes, misses: bool) -> Iterator[str]:
    """Lines for each set on which a named route should fire."""
    sets = {f"unseen {route}": (route, texts) for route, texts in unseen().items() if route != "harmless"}
    sets["moderation SH"] = ("danger_self_harm", data_sets.half(data_sets.moderation(data, "SH"), "held-out"))
    sets["jailbreaks"] = ("injection", data_sets.half(data_sets.jailbreaks(data), "held-out"))
    every: list[Found] = []
    seen: list[str] = []
    yield "recall"
    for name, (route, texts) in sets.items():
        found = look(texts, embedder, heads)
        if name.startswith("unseen"):
            every += found
            seen += texts
        n = len(found)
        yield f"{name:28s} patterns {rate(sum(route in one.patterns for one in found), n)}"
        yield f"{'':28s} heads    {rate(sum(route in one.heads for one in found), n)}"
        yield f"{'':28s} either   {rate(sum(route in one.patterns | one.heads for one in found), n)}"
        yield f"{'':28s} any      {rate(sum(bool(one.patterns | one.heads) for one in found), n)}"
        if misses:
            yield from (
                f"    missed: {text!r}" for text, one in zip(texts, found, strict=True) if not one.patterns | one.heads
            )
    english = [one for text, one in zip(seen, every, strict=True) if not closed_otherwise(text)]
    for name, some in (("unseen, all", every), ("unseen, language is served", english)):
        yield f"{name:28s} patterns, any {rate(sum(bool(one.patterns) for one in some), len(some))}"
        yield f"{'':28s} heads, any    {rate(sum(bool(one.heads) for one in some), len(some))}"
        yield f"{'':28s} either, any   {rate(sum(bool(one.patterns | one.heads) for one in some), len(some))}"


def false_alarms(data: Path, embedder: Embedder, heads: LearnedRoutes, misses: bool) -> Iterator[str]:
    """Lines for each harmless set, without what triage closes for another reason, such as letter salad."""
    yield "\nfalse alarms"
    for name, texts in harmless(data).items():
        read = [text for text in dict.fromkeys(texts) if not closed_otherwise(text)]
        found = look(read, embedder, heads)
        added = [(text, one.heads) for text, one in zip(read, found, strict=True) if one.heads and not one.patterns]
        yield f"{name:28s} patterns {rate(sum(bool(one.patterns) for one in found), len(found))}"
        yield f"{'':28s} heads    {rate(sum(bool(one.heads) for one in found), len(found))}"
        yield f"{'':28s} added    {rate(len(added), len(found))} {by_route([routes for _, routes in added])}"
        if misses:
            yield from (f"    {sorted(routes)}: {text!r}" for text, routes in added)


def look(texts: Sequence[str], embedder: Embedder, heads: LearnedRoutes) -> list[Found]:
    """What fires on each text, as the agent reads it."""
    vectors = embedder.encode([triage_ticket(Ticket(text), Config()).text for text in texts])
    return [
        Found(
            fired(text),
            {signal.name.removeprefix(PREFIX) for signal in heads.signals(vector) if signal.fired},
        )
        for text, vector in zip(texts, vectors, strict=True)
    ]


def closed_otherwise(text: str) -> bool:
    """Whether triage closes a ticket for what is no hard route: empty, unreadable, a language that is not served."""
    return bool(
        {"empty", "unreadable", "language", "too_long"}.intersection(triage_ticket(Ticket(text), Config()).reasons)
    )


def by_route(found: Sequence[set[str]]) -> dict[str, int]:
    """How often each route is among those found."""
    return {route: sum(route in one for one in found) for route in sorted(set().union(*found))}


def unseen() -> dict[str, list[str]]:
    """Tickets by the route that they should take, "harmless" for none."""
    return tomllib.loads(UNSEEN.read_text("utf-8"))


def harmless(data: Path) -> dict[str, list[str]]:
    """Texts on which nothing should fire, by set."""
    lamini = [json.loads(line) for line in (data / "lamini_docs" / "test.jsonl").read_text("utf-8").splitlines()]
    clinc = json.loads((data / "clinc150" / "data_full.json").read_text("utf-8"))
    asked = [row for part in ("test", "oos_test") for row in clinc[part]]
    sets = data_sets.harmless(data)
    return {
        "unseen near misses": unseen()["harmless"],
        "lamini, test": [row["question"] for row in lamini],
        "clinc150, test": [text for text, intent in asked if intent != "are_you_a_bot"],
        "natcs (learnt from)": sets["natcs"],
        "airline, not negative": sets["airline, not negative"],
        "goemotions, neutral, test": sets["goemotions, neutral"],
    }


def foreign(data: Path, embedder: Embedder, heads: LearnedRoutes) -> Iterator[str]:
    """A line for each language: the heads on harmless questions that the embedder can hardly read."""
    yield "\nfalse alarms by language"
    for code, texts in data_sets.questions_by_language(data).items():
        texts = data_sets.half(texts, "held-out")[:300]
        vectors = embedder.encode(texts)
        alarms = sum(any(signal.fired for signal in heads.signals(vector)) for vector in vectors)
        yield f"xquad {code:22s} heads    {rate(alarms, len(texts))}"


def milliseconds(heads: LearnedRoutes) -> float:
    """Median of 200 runs on one vector."""
    vector = heads.weight[0] / (heads.weight[0] ** 2).sum() ** 0.5
    runs = []
    for _ in range(200):
        start = time.perf_counter()
        heads.signals(vector)
        runs.append(time.perf_counter() - start)
    return statistics.median(runs) * 1000


if __name__ == "__main__":
    main()
