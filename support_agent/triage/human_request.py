"""Does the customer ask for a person? Cleaned text → one signal.

A higher value means "less fit to answer". Costs about 0.2 ms for a ticket of 200 characters. To ask whether one talks
to a machine counts as asking for a person where more stands in the ticket; alone it is answered (``conversation.py``).
"""

from __future__ import annotations

from support_agent.records import Signal
from support_agent.triage.patterns import pattern_signal


def human_request_signal(text: str) -> Signal:
    """Fires when the customer asks to be passed to a person."""
    return pattern_signal("asks_for_human", text)
