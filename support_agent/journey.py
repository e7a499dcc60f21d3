"""What is known of one ticket so far, and how long each step took. Only the agent fills it in."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from support_agent.records import Draft, Passage, Reason, Reply, Signal, Ticket, Triage

if TYPE_CHECKING:
    from support_agent.gate import Decision, Gate
    from support_agent.gate.measure import Late
    from support_agent.generation.prompt import Prompt


@dataclass
class Journey:
    """One ticket on its way; each step sets what it made, and ``reply`` ends it.

    ``parts`` are the journeys of its questions, where it holds several.
    """

    ticket: Ticket
    gate: Gate
    triage: Triage | None = None
    passages: list[Passage] = field(default_factory=list)
    early: tuple[Signal, ...] = ()
    prompt: Prompt | None = None
    is_lost: Callable[[str], bool] = lambda _: False
    draft: Draft | None = None
    late: Late | None = None
    decision: Decision | None = None
    decided: tuple[Signal, ...] = ()
    reply: Reply | None = None
    parts: list[Journey] = field(default_factory=list)
    notes: list[Reason] = field(default_factory=list)
    timings_ms: dict[str, float] = field(default_factory=dict)

    @property
    def triaged(self) -> Triage:
        """The triage that the agent's first step has made."""
        if self.triage is None:
            raise RuntimeError(f"ticket {self.ticket.ticket_id} was not triaged")
        return self.triage

    @property
    def signals(self) -> tuple[Signal, ...]:
        """Everything measured so far, and what deciding added."""
        words = self.triage.signals if self.triage else ()
        return (*words, *self.early, *self.decided, *(self.late.best.signals if self.late else ()))

    @property
    def prompted(self) -> Prompt:
        """The prompt that was written for the generator."""
        if self.prompt is None:
            raise RuntimeError(f"ticket {self.ticket.ticket_id} has no prompt")
        return self.prompt

    @property
    def written(self) -> Draft:
        """The draft that the generator has written."""
        if self.draft is None:
            raise RuntimeError(f"ticket {self.ticket.ticket_id} has no draft")
        return self.draft


def milliseconds_since(started: float) -> float:
    """Milliseconds from a ``time.perf_counter()`` reading until now."""
    return (time.perf_counter() - started) * 1000
