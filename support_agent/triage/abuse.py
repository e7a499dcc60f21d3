"""Are people insulted? Cleaned text → one signal. Swearing at a bug is not abuse; swearing at somebody is.

A higher value means "less fit to answer". Costs about 0.1 ms for a ticket of 200 characters.
"""

from __future__ import annotations

from support_agent.records import Signal
from support_agent.triage.patterns import pattern_signal


def abuse_signal(text: str) -> Signal:
    """Fires when the text insults somebody."""
    return pattern_signal("abuse", text)
