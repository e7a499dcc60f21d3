"""What a ticket's words and meaning say, before anything is searched. One file a signal.

``triage_ticket`` reads the words, ``Meaning`` (meaning.py) the embedding of what the words let pass; ``DECISIVE`` is
the one table of what decides alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from support_agent.config import Config
from support_agent.records import Reason, Route, Signal, Ticket, Triage
from support_agent.triage.abuse import abuse_signal
from support_agent.triage.auto_reply import auto_reply_signal
from support_agent.triage.conversation import act_signal, conversation_act
from support_agent.triage.danger import danger_signals
from support_agent.triage.follow_up import asked_back, search_text
from support_agent.triage.human_request import human_request_signal
from support_agent.triage.injection import injection_signal
from support_agent.triage.language import detect, language_signal
from support_agent.triage.learned_routes import PREFIX, ROUTES
from support_agent.triage.mail import read_mail
from support_agent.triage.questions import many_questions_signal
from support_agent.triage.readable import (
    clean,
    empty_signal,
    invisible_signal,
    length_signal,
    removed_signal,
    unreadable_signal,
)
from support_agent.triage.requests import request_signals

__all__ = ["DECISIVE", "deciding_reasons", "in_order", "triage_ticket"]

_END_CHARS = 50_000
# As mail programs of several languages mark a reply.
_REPLY = re.compile(r"\s*(?:re|aw|sv|antw|rif|res|回复|答复)(?:\[\d+\])?\s*[:：]", re.IGNORECASE)

_REASONS: Mapping[str, Reason] = {
    "danger_self_harm": Reason.DANGER_SELF_HARM,
    "danger_violence": Reason.DANGER_VIOLENCE,
    # Somebody's safety before anything that waits; what a product did is not for a crisis line.
    "danger_product": Reason.DANGER_PRODUCT,
    "danger_third_person": Reason.DANGER_THIRD_PERSON,
    # Nobody waits for an answer to what a machine wrote.
    "auto_reply": Reason.AUTO_REPLY,
    "minor": Reason.MINOR,
    # Nobody in mourning is told of bills first, however much of the ticket is about one.
    "bereavement": Reason.BEREAVEMENT,
    # What harms every customer, by the hour.
    "security_report": Reason.SECURITY_REPORT,
    "outage_report": Reason.OUTAGE_REPORT,
    # What has a deadline by law.
    "danger_legal": Reason.DANGER_LEGAL,
    "legal_notice": Reason.LEGAL_NOTICE,
    "privacy_request": Reason.PRIVACY_REQUEST,
    # Where an answer could harm the customer.
    "medical_advice": Reason.MEDICAL_ADVICE,
    "financial_advice": Reason.FINANCIAL_ADVICE,
    # Before money: a refund that is ordered from the model is no claim of a customer's.
    "injection": Reason.INJECTION,
    # What a person with access must do; money back is more than a changed card.
    "refund": Reason.REFUND,
    "billing": Reason.BILLING,
    "accessibility": Reason.ACCESSIBILITY,
    # What a message does when nothing else stands in it; to ask for a person is not to ask whether there is one.
    "asked_if_bot": Reason.ASKED_IF_BOT,
    "not_solved": Reason.NOT_SOLVED,
    "solved": Reason.SOLVED,
    "thanks": Reason.THANKS,
    "farewell": Reason.FAREWELL,
    "greeting": Reason.GREETING,
    "acknowledged": Reason.ACKNOWLEDGED,
    # How it is asked.
    "asks_for_human": Reason.ASKED_FOR_HUMAN,
    "asked_for_human": Reason.ASKED_FOR_HUMAN,
    "abuse": Reason.ABUSE,
    "characters": Reason.TOO_LONG,
    "many_questions": Reason.TOO_LONG,
    "empty": Reason.EMPTY,
    "unreadable": Reason.UNREADABLE,
    # Before the language: who is upset gets the apology, in their own language.
    "frustration": Reason.FRUSTRATED,
    "language_not_served": Reason.LANGUAGE,
    "scope": Reason.OUT_OF_SCOPE,
}
DECISIVE: Mapping[str, Reason] = {
    name: reason
    for signal, reason in _REASONS.items()
    for name in ((signal, PREFIX + signal) if signal in ROUTES else (signal,))
}
"""Signal → its reason, gravest first: the first that fired chooses the route and the customer's text.

A signal of the patterns is followed by that of the same matter's learned head, where it has one.
"""


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
    automatic = auto_reply_signal(mail)
    act = None if automatic.fired else conversation_act(_said(ticket, text), ticket.history, config.languages)
    if act:
        language = act.language
    signals = (
        *act_signal(act),
        *danger_signals(text),
        human_request_signal(text),
        abuse_signal(text),
        injection_signal(f"{text}\n{mail.hidden}" if mail.hidden else text),
        automatic,
        length_signal(text if whole else raw, config.max_ticket_chars),
        many_questions_signal(text),
        empty_signal(text),
        unreadable_signal(text),
        language_signal(language, probability, config.languages),
        invisible_signal(raw, clean(raw)),
        removed_signal(mail.removed),
        *request_signals(text),
    )
    reasons = (act.reason,) if act else deciding_reasons(signals)
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


def _said(ticket: Ticket, text: str) -> str:
    """What this message says: in a conversation, or below "Re:", the subject is that of the whole."""
    if not (ticket.history or _REPLY.match(ticket.subject)):
        return text
    return read_mail(replace(ticket, subject="", text=ticket.text[:_END_CHARS])).text


def deciding_reasons(signals: Sequence[Signal]) -> tuple[Reason, ...]:
    """Reasons of the signals that fired and decide alone, the graver first, each once."""
    fired = {signal.name for signal in signals if signal.fired}
    return tuple(dict.fromkeys(reason for name, reason in DECISIVE.items() if name in fired))


def in_order(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Reasons found at different times, the gravest first, each once; what the table does not know stays in front."""
    ranks = {reason: rank for rank, reason in enumerate(dict.fromkeys(DECISIVE.values()))}
    return tuple(sorted(dict.fromkeys(reasons), key=lambda reason: ranks.get(reason, -1)))
