"""Is somebody in danger, threatened, or going to law? Cleaned text → three signals, each a hard route.

A higher value means "less fit to answer". Costs about 0.7 ms for a ticket of 200 characters. Patterns, tuned to miss
little; "the process was killed" is not among them. They know first-person words and threats, not stories: of forum
posts about self-harm about half are found, of fiction and of hatred against groups almost nothing, and of plain tickets
in words they have not met 40 to 70 % (tests/benchmarks/triage_signals.py).
"""

from __future__ import annotations

from support_agent.records import Signal
from support_agent.triage.patterns import pattern_signal


def danger_signals(text: str) -> tuple[Signal, Signal, Signal]:
    """Self-harm, violence and legal threat, in this order; each alone sends the ticket to a human."""
    return (
        pattern_signal("danger_self_harm", text),
        pattern_signal("danger_violence", text),
        pattern_signal("danger_legal", text),
    )
