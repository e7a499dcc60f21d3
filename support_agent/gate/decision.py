"""What each look of the gate at a ticket hands on."""

from __future__ import annotations

from dataclasses import dataclass

from support_agent.records import Citation, Route, Signal


@dataclass(frozen=True)
class Decision:
    """``route`` is None while nothing speaks against going on; ``reasons`` are codes, the deciding one first.

    ``text`` and ``citations`` are what may be sent, and are empty unless the route is answer; ``held_text`` is
    what would have been sent, had the confidence sufficed. ``confidence`` is 0–1, high = surer.
    """

    route: Route | None
    reasons: tuple[str, ...]
    signals: tuple[Signal, ...]
    text: str = ""
    citations: tuple[Citation, ...] = ()
    confidence: float = 0.0
    held_text: str = ""
