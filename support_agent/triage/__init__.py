"""What a ticket's words and meaning say, before anything is searched. One file a signal.

``triage_ticket`` reads the words, ``Meaning`` (meaning.py) the embedding of what the words let pass; ``DECISIVE`` is
the one table of what decides alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from support_agent.config import Config
from support_agent.records import Reason, Route, Signal, Ticket, Triage
from support_agent.triage.abuse import abuse_signal
from support_agent.triage.auto_reply import auto_reply_signal
from support_agent.triage.danger import danger_signals
from support_agent.triage.follow_up import asked_back, search_text
from support_agent.triage.human_request import human_request_signal
from support_agent.triage.injection import injection_signal
from support_agent.triage.language import detect, language_signal
from support_agent.triage.mail import read_mail
from support_agent.triage.readable import (
    clean,
    empty_signal,
    invisible_signal,
    length_signal,
    removed_signal,
    unreadable_signal,
)

__all__ = ["DECISIVE", "deciding_reasons", "triage_ticket"]

_END_CHARS = 50_000

DECISIVE: Mapping[str, Reason] = {
    "danger_self_harm": Reason.DANGER_SELF_HARM,
    "learned_danger_self_harm": Reason.DANGER_SELF_HARM,
    "danger_violence": Reason.DANGER_VIOLENCE,
    "learned_danger_violence": Reason.DANGER_VIOLENCE,
    "danger_legal": Reason.DANGER_LEGAL,
    "learned_danger_legal": Reason.DANGER_LEGAL,
    "auto_reply": Reason.AUTO_REPLY,
    "asks_for_human": Reason.ASKED_FOR_HUMAN,
    "learned_asks_for_human": Reason.ASKED_FOR_HUMAN,
    "abuse": Reason.ABUSE,
    "learned_abuse": Reason.ABUSE,
    "injection": Reason.INJECTION,
    "learned_injection": Reason.INJECTION,
    "characters": Reason.TOO_LONG,
    "empty": Reason.EMPTY,
    "unreadable": Reason.UNREADABLE,
    "language_not_served": Reason.LANGUAGE,
    "frustration": Reason.FRUSTRATED,
    "scope": Reason.OUT_OF_SCOPE,
}
"""Signal → its reason, gravest first: the first that fired chooses the route and the customer's text."""


def triage_ticket(ticket: Ticket, config: Config) -> Triage:
    """Read one ticket's words. Of one longer than any limit, only the first and the last 50,000 characters are read."""
    raw = ticket.body
    whole = len(raw) <= 2 * _END_CHARS
    if not whole:
        raw = f"{raw[:_END_CHARS]}\n{raw[-_END_CHARS:]}"
        ticket = replace(ticket, subject="", text=raw)
    mail = read_mail(ticket)
    text = mail.text
    language, probability = detect(text)
    signals = (
        *danger_signals(text),
        human_request_signal(text),
        abuse_signal(text),
        injection_signal(f"{text}\n{mail.hidden}" if mail.hidden else text),
        auto_reply_signal(mail),
        length_signal(text if whole else raw, config.max_ticket_chars),
        empty_signal(text),
        unreadable_signal(text),
        language_signal(language, probability, config.languages),
        invisible_signal(raw, clean(raw)),
        removed_signal(mail.removed),
    )
    reasons = deciding_reasons(signals)
    if reasons and reasons[0].route is Route.CLARIFY and asked_back(ticket.history):
        reasons = (Reason.ASKED_BACK_ALREADY, *reasons)
    return Triage(
        text=text,
        search_text=search_text(text, ticket.history),
        language=language,
        signals=signals,
        reasons=reasons,
        removed=mail.removed,
    )


def deciding_reasons(signals: Sequence[Signal]) -> tuple[Reason, ...]:
    """Reasons of the signals that fired and decide alone, the graver first, each once."""
    fired = {signal.name for signal in signals if signal.fired}
    return tuple(dict.fromkeys(reason for name, reason in DECISIVE.items() if name in fired))
