"""Does a text try to steer the model? Cleaned text of a ticket, or of a passage → one signal.

A higher value means "less fit to answer" (or to be indexed). Costs about 0.3 ms for a ticket of 200 characters. Hidden
orders are read too (see disguises.py). A pattern is never enough, and nothing rests on it alone: whatever the model is
talked into, the gate sends no link, number, address or identifier that no passage holds.
"""

from __future__ import annotations

from support_agent.records import Signal
from support_agent.triage.patterns import pattern_signal


def injection_signal(text: str) -> Signal:
    """Fires when the text carries orders for the model or the control marks of a chat template."""
    return pattern_signal("injection", text)
