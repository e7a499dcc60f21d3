"""Ticket → Triage: readable text, language, and what the words alone decide. One file a signal.

Knows nothing of passages, models or the customer-facing texts.
"""

from __future__ import annotations

from support_agent.config import Config
from support_agent.records import Route, Signal, Ticket, Triage
from support_agent.triage.abuse import abuse_signal
from support_agent.triage.danger import danger_signals
from support_agent.triage.follow_up import asked_back, search_text
from support_agent.triage.human_request import human_request_signal
from support_agent.triage.injection import injection_signal
from support_agent.triage.language import detect, language_signal
from support_agent.triage.readable import clean, empty_signal, invisible_signal, length_signal, unreadable_signal

__all__ = ["triage_ticket"]

_END_CHARS = 50_000

# Signal → reason and route, gravest first: the first that fired chooses the route and the customer's text.
_DECISIVE: dict[str, tuple[str, Route]] = {
    "danger_self_harm": ("danger_self_harm", Route.HUMAN),
    "danger_violence": ("danger_violence", Route.HUMAN),
    "danger_legal": ("danger_legal", Route.HUMAN),
    "asks_for_human": ("asked_for_human", Route.HUMAN),
    "abuse": ("abuse", Route.HUMAN),
    "injection": ("injection", Route.HUMAN),
    "characters": ("too_long", Route.HUMAN),
    "empty": ("empty", Route.CLARIFY),
    "unreadable": ("unreadable", Route.CLARIFY),
    "language_not_served": ("language", Route.HUMAN),
}


def triage_ticket(ticket: Ticket, config: Config) -> Triage:
    """Read one ticket. Of one longer than any limit, only the first and the last 50,000 characters are read."""
    raw = ticket.body
    if len(raw) > 2 * _END_CHARS:
        raw = f"{raw[:_END_CHARS]}\n{raw[-_END_CHARS:]}"
    text = clean(raw)
    language, probability = detect(text)
    signals = (
        *danger_signals(text),
        human_request_signal(text),
        abuse_signal(text),
        injection_signal(text),
        length_signal(text, config.max_ticket_chars),
        empty_signal(text),
        unreadable_signal(text),
        language_signal(language, probability, config.languages),
        invisible_signal(raw, text),
    )
    decisions = _decisions(signals)
    if decisions and decisions[0][1] is Route.CLARIFY and asked_back(ticket.history):
        decisions.insert(0, ("asked_back_already", Route.HUMAN))
    return Triage(
        text=text,
        search_text=search_text(text, ticket.history),
        language=language,
        signals=signals,
        reasons=tuple(reason for reason, _ in decisions),
        route=decisions[0][1] if decisions else None,
    )


def _decisions(signals: tuple[Signal, ...]) -> list[tuple[str, Route]]:
    fired = {signal.name for signal in signals if signal.fired}
    return [decision for name, decision in _DECISIVE.items() if name in fired]
