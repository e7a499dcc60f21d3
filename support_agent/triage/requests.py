"""Does a ticket ask for, or report, what only a person should handle? Cleaned text → one signal for each matter.

A product that burns or hurts, privacy, security, an outage, money back, a death, a child, …: ``tables/requests``, by
language. The patterns look for a request or a report ("delete my data", "it caught fire"), never for a topic: "How do I
delete my data?" is a question that the knowledge base may answer. A higher value means "less fit to answer". Costs
about 2.4 ms for a ticket of 110 characters.
"""

from __future__ import annotations

import unicodedata

from support_agent.records import Signal
from support_agent.triage.patterns import compiled, near_seeds

REQUESTS = (
    "danger_product",
    "danger_third_person",
    "minor",
    "bereavement",
    "security_report",
    "outage_report",
    "legal_notice",
    "privacy_request",
    "medical_advice",
    "financial_advice",
    "refund",
    "billing",
    "accessibility",
)
"""The signals, each called as its reason is."""


def request_signals(text: str) -> tuple[Signal, ...]:
    """One for each matter, in the order of ``REQUESTS``."""
    plain = unicodedata.normalize("NFKC", text)
    return tuple(_signal(name, plain) for name in REQUESTS)


def _signal(name: str, text: str) -> Signal:
    found = float(compiled(name).search(near_seeds(name, text)) is not None)
    return Signal(name, found, 1.0, bool(found))
