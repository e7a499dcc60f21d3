"""How long a ticket takes, stage by stage, on the default agent without a promise: quoted, and decided without a draft.

    python tests/benchmarks/ticket_times.py [--tickets 200] [--profile NAME]

The tickets are customers' messages about lamini_docs (``customers.jsonl``), asked one by one; the first ten warm up.
With a profile whose model writes, drafts are told apart as "written". Milliseconds of wall clock, p50 and p95.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from itertools import islice

import numpy as np
from lamini_rows import FOLDER

from support_agent import Agent, Reply, Route

WARM_UP = 10
# A draft that took longer was written by a model.
WRITTEN_MS = 50.0


def main() -> None:
    """Ask, and print a line for each stage and each way."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tickets", type=int, default=200)
    parser.add_argument("--profile", default=None)
    given = parser.parse_args()
    agent = Agent.load(profile=given.profile, calibration="none")
    lines = (FOLDER / "customers.jsonl").read_text("utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in islice(lines, WARM_UP + given.tickets)]
    replies = [agent.ask(text) for text in texts][WARM_UP:]
    for stage in dict.fromkeys(stage for reply in replies for stage in reply.timings_ms):
        print_line(stage, (reply.timings_ms[stage] for reply in replies if stage in reply.timings_ms))
    for way in ("decided without a draft", "quoted", "written"):
        print_line(way, (reply.timings_ms["total"] for reply in replies if way_of(reply) == way))


def way_of(reply: Reply) -> str:
    """How the ticket was dealt with."""
    if reply.timings_ms.get("generation", 0.0) > WRITTEN_MS:
        return "written"
    return "quoted" if reply.route is Route.ANSWER else "decided without a draft"


def print_line(name: str, values: Iterable[float]) -> None:
    """p50 and p95 in milliseconds, and how many there are."""
    if found := list(values):
        p50, p95 = np.percentile(found, [50, 95])
        print(f"{name:24s} p50 {p50:7.1f}   p95 {p95:7.1f}   n = {len(found)}")


if __name__ == "__main__":
    main()
