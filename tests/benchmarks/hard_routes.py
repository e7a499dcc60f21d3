"""What patterns and heads find of each hard route, on tickets that neither was made from, and their false alarms.

    python tests/benchmarks/hard_routes.py --data FOLDER [--embedder NAME] [--tickets FILE …] [--misses]

Recall is on ``unseen_tickets.toml``, on FILE (a JSON object a line: kind, text; "harmless" and "frustrated" among the
kinds), and on the halves of the public sets that no head learnt from. "own": the signal of that very route fires;
"any": one of them. No head learnt from a text of the harmless sets. Every rate has n and its 95 % Wilson interval.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import triage_data as data_sets
from triage_signals import rate

from support_agent.config import Config
from support_agent.records import Ticket
from support_agent.retrieval import Embedder, open_embedder
from support_agent.retrieval.embedders import DEFAULT
from support_agent.triage import triage_ticket
from support_agent.triage.learned_routes import PREFIX, ROUTES, heads_for
from support_agent.triage.meaning import Meaning

UNSEEN = Path(__file__).with_name("unseen_tickets.toml")
# As writers of tickets call them.
SAME = {"privacy_access": "privacy_request", "privacy_erasure": "privacy_request", "refund_chargeback": "refund"}
SAME |= {"minors": "minor", "none": "harmless"}
DANGER = ("danger_self_harm", "danger_violence", "danger_third_person", "minor", "security_report", "privacy_request")


class Found(NamedTuple):
    """The routes that fire on one text, and whether anger does."""

    patterns: set[str]
    heads: set[str]
    angry: bool

    @property
    def either(self) -> set[str]:
        """By whichever."""
        return self.patterns | self.heads


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--embedder", default=DEFAULT)
    parser.add_argument("--tickets", type=Path, nargs="+", default=[], help="more tickets, one a line")
    parser.add_argument("--misses", action="store_true", help="also list them")
    arguments = parser.parse_args()
    embedder = open_embedder(arguments.embedder, threads=2)
    if heads_for(embedder.fingerprint) is None:
        parser.error(f"no heads were made for {arguments.embedder}")
    meaning = Meaning(embedder)
    sets = {"unseen": tomllib.loads(UNSEEN.read_text("utf-8"))}
    sets |= {file.stem: by_kind(file) for file in arguments.tickets}
    for name, tickets in sets.items():
        print(f"\n{name}: tickets that a person must read")
        for line in recall(tickets, meaning, arguments.misses):
            print(line, flush=True)
    print("\npublic sets")
    for line in public(arguments.data, meaning):
        print(line, flush=True)
    print("\nfalse alarms")
    for line in false_alarms(arguments.data, meaning, arguments.misses):
        print(line, flush=True)
    print_cost(arguments.data, embedder, meaning)


def by_kind(file: Path) -> dict[str, list[str]]:
    """The texts of a file by the route that they should take."""
    found: dict[str, list[str]] = {}
    for line in file.read_text("utf-8").splitlines():
        row = json.loads(line)
        found.setdefault(SAME.get(row["kind"], row["kind"]), []).append(row["text"])
    return found


def recall(tickets: dict[str, list[str]], meaning: Meaning, misses: bool) -> Iterator[str]:
    """Lines for each kind, for all and for the dangers among them; then what fires on the harmless."""
    every: dict[str, list[tuple[str, Found]]] = {}
    for kind, texts in tickets.items():
        every[kind] = list(zip(texts, look(texts, meaning), strict=True))
    for kind in every:
        if kind in ROUTES:
            yield _line(kind, [(kind, text, found) for text, found in every[kind]])
        if misses and kind in ROUTES:
            yield from (
                f"    {sorted(found.either)}: {text!r}" for text, found in every[kind] if kind not in found.either
            )
    for name, kinds in (("all routes", ROUTES), ("danger, minors, privacy, security", DANGER)):
        if every.keys() & set(kinds):
            yield _line(name, [(kind, text, found) for kind in kinds for text, found in every.get(kind, [])])
    if "frustrated" in every:
        found = [one.angry for _, one in every["frustrated"]]
        yield f"{'frustrated':34s} angry {rate(sum(found), len(found))}"
    harmless = every.get("harmless", [])
    if harmless:
        yield _alarms("harmless", [found for _, found in harmless])
    if misses:
        yield from (
            f"    {sorted(found.either)}{' angry' * found.angry}: {text!r}"
            for text, found in harmless
            if found.either or found.angry
        )


def _line(name: str, found: Sequence[tuple[str, str, Found]]) -> str:
    own = rate(sum(kind in one.either for kind, _, one in found), len(found))
    patterns = sum(kind in one.patterns for kind, _, one in found)
    either = rate(sum(bool(one.either) for _, _, one in found), len(found))
    return f"{name:34s} own {own}  (patterns {patterns})  any {either}"


def public(data: Path, meaning: Meaning) -> Iterator[str]:
    """The halves of the public sets that no head learnt from."""
    sets = {
        "moderation SH": ("danger_self_harm", data_sets.moderation(data, "SH")),
        "jailbreaks": ("injection", data_sets.jailbreaks(data)),
    }
    for name, (route, texts) in sets.items():
        held_out = data_sets.half(texts, "held-out")
        found = look(held_out, meaning)
        yield _line(name, [(route, text, one) for text, one in zip(held_out, found, strict=True)])


def false_alarms(data: Path, meaning: Meaning, misses: bool) -> Iterator[str]:
    """A line for each harmless set, without what triage closes for another reason, such as letter salad."""
    for name, texts in harmless(data).items():
        read = [text for text in dict.fromkeys(texts) if not closed_otherwise(text)]
        found = look(read, meaning)
        yield _alarms(name, found)
        if misses:
            yield from (
                f"    {sorted(one.either)}: {text!r}" for text, one in zip(read, found, strict=True) if one.either
            )


def _alarms(name: str, found: Sequence[Found]) -> str:
    n = len(found)
    fired = Counter(route for one in found for route in one.either)
    by_patterns = sum(bool(one.patterns) for one in found) / n
    return (
        f"{name:26s} danger {rate(sum(bool(one.either & {*DANGER}) for one in found), n)}  "
        f"any {sum(bool(one.either) for one in found) / n:.3f}  patterns {by_patterns:.3f}  "
        f"angry {rate(sum(one.angry for one in found), n)}  {dict(fired.most_common(4))}"
    )


def look(texts: Sequence[str], meaning: Meaning) -> list[Found]:
    """What fires on each text, as the agent reads it."""
    tickets = [(Ticket(text), triage_ticket(Ticket(text), Config())) for text in texts]
    return [_found({signal.name for signal in triage.signals if signal.fired}) for triage in meaning.read(tickets)]


def _found(fired: set[str]) -> Found:
    heads = {name.removeprefix(PREFIX) for name in fired if name.startswith(PREFIX)}
    return Found(fired & {*ROUTES}, heads, "frustration" in fired)


def closed_otherwise(text: str) -> bool:
    """Whether triage closes a ticket for what is no hard route: empty, unreadable, a language that is not served."""
    return bool({"empty", "unreadable", "too_long"}.intersection(triage_ticket(Ticket(text), Config()).reasons))


def harmless(data: Path) -> dict[str, list[str]]:
    """Texts on which nothing should fire, by set."""
    lamini = [row["question"] for row in _jsonl(data / "lamini_docs" / "test.jsonl")]
    clinc = json.loads((data / "clinc150" / "data_full.json").read_text("utf-8"))
    dialogues = json.loads((data / "abcd" / "abcd_sample.json").read_text("utf-8"))
    with (data / "airline_tweets" / "dev.csv").open(encoding="utf-8", newline="") as file:
        tweets = [row["text"] for row in csv.DictReader(file) if row["airline_sentiment"] == "positive"]
    finance = _jsonl(data / "natcs_dstc11" / "test-finance__test-utterances.jsonl")
    return {
        "lamini, test": lamini,
        "stackfaq": [row["question"] for row in _jsonl(data / "kb" / "stackfaq" / "questions.jsonl")],
        "techqa": [row["question"] for row in _jsonl(data / "kb" / "techqa" / "questions.jsonl")],
        "natcs, finance": [row["utterance"] for row in finance],
        "abcd": [text for one in dialogues for who, text in one["original"] if who == "customer"],
        "clinc150, test": [text for text, intent in clinc["test"] + clinc["oos_test"] if intent != "are_you_a_bot"][
            ::3
        ],
        "airline, positive": tweets,
        **{f"xquad {code}": texts[::4] for code, texts in data_sets.questions_by_language(data).items()},
    }


def _jsonl(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]


def print_cost(data: Path, embedder: Embedder, meaning: Meaning) -> None:
    """Median of reading one ticket by its meaning, with and without its parts; ten sentences are long."""
    ticket = (
        "Hello, since Monday my training job stops after twenty minutes. I have read the page about limits. What now?"
    )
    for name, text in (("three sentences", ticket), ("twelve sentences", " ".join([ticket] * 4))):
        runs = []
        for number in range(20):
            one = Ticket(f"{text} {number}")
            triage = triage_ticket(one, Config())
            begun = time.perf_counter()
            meaning.read([(one, triage)])
            runs.append(time.perf_counter() - begun)
        print(f"cost of a ticket's meaning, {name}: p50 {1_000 * float(np.median(runs)):.1f} ms")


if __name__ == "__main__":
    main()
