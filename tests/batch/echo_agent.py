"""An agent that answers from the ticket's own words, in batches, instantly and always the same.

Run as a program it takes IN.csv, OUT.csv and a number of rows: the batch that the kill test kills, by the real agent
over the scripted generator.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from support_agent import Agent
from support_agent.batch import Counts, plan_batch, run_batch
from support_agent.config import Config
from support_agent.generation.scripted import ScriptedGenerator
from support_agent.records import Citation, Passage, Reason, Reply, Route, Ticket
from support_agent.retrieval import HashingEmbedder, Subject


class EchoAgent:
    """Hands over what asks for a human, asks back on empty text, answers the rest; ``asked`` holds what came in."""

    def __init__(self, batch_size: int = 8, versions: Mapping[str, str] | None = None) -> None:
        self.versions: Mapping[str, str] = versions or {"generator": "echo:1"}
        self.asked: list[str] = []
        self._batch_size = batch_size

    def ask_many(self, tickets: Iterable[Ticket]) -> Iterator[Reply]:
        """One reply for each ticket, ``batch_size`` drawn at a time."""
        waiting = iter(tickets)
        while batch := list(islice(waiting, self._batch_size)):
            for ticket in batch:
                self.asked.append(ticket.body)
                yield self._reply(ticket)

    def _reply(self, ticket: Ticket) -> Reply:
        body = ticket.body
        route = Route.CLARIFY if not body else Route.HUMAN if "human" in body.lower() else Route.ANSWER
        return Reply(
            ticket_id=ticket.ticket_id,
            route=route,
            text=f"You wrote {len(body)} characters: {body[:40]}",
            confidence=0.75,
            reasons=(Reason.ASKED_FOR_HUMAN,) if route is Route.HUMAN else (),
            citations=(Citation("p1", 0.9, "as written"),),
            language="en",
            versions=self.versions,
            sample=ticket.sample,
        )


class _OnePassage:
    """An index that finds the same passage for every ticket."""

    version = "one passage"
    passages = (Passage("docs:1", "What is it?", "It is a ticket. It has a number.", "docs", 0.9, 1.0, 1.0),)

    def __init__(self) -> None:
        self.embedder = HashingEmbedder()
        self.subject = Subject()

    def search(self, texts: Sequence[str], k: int) -> list[list[Passage]]:
        """The passage, once for each text."""
        return [list(self.passages) for _ in texts]


def scripted_agent() -> Agent:
    """The real agent over the shipped double, 8 tickets at a time; nothing is proven for its index."""
    return Agent(_OnePassage(), ScriptedGenerator(), Config(batch_size=8, index="tickets"))


def main(source: Path, output: Path, stop_after: int) -> None:
    """Run one batch, a line on stdout for each row done; wait to be killed a little after ``stop_after`` of them."""

    def tell(counts: Counts) -> None:
        sys.stdout.write(f"{counts.rows}\n")
        sys.stdout.flush()
        time.sleep(60 if counts.rows >= stop_after + 25 else 0)

    run_batch(plan_batch(source, output, {}), scripted_agent, on_progress=tell)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
