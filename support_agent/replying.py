"""How a ticket's way ends: journey, route and reasons → Reply. What the customer is sent follows from the route."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from support_agent.journey import Journey
from support_agent.records import Citation, Reason, Reply, Route, Turn
from support_agent.sentences import split_sentences

if TYPE_CHECKING:
    from support_agent.gate.texts import Texts


logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReplyWriter:
    """Writes the replies of one agent: its texts, its first language, the versions of its parts.

    ``edge`` is the cosine (−1 to 1) up to which a passage may well be as near to a question about anything else.
    """

    texts: Texts
    language: str
    versions: Mapping[str, str]
    edge: float = -1.0

    def close(self, journey: Journey, route: Route, reasons: Sequence[Reason]) -> Reply:
        """End a ticket's way with this reply."""
        decision = journey.decision
        text = self._text(journey, route, reasons)
        journey.reply = Reply(
            ticket_id=journey.ticket.ticket_id,
            route=route,
            text=text,
            notice=self.notice(journey, reasons) if text else "",
            confidence=decision.confidence if decision else 0.0,
            reasons=(*reasons, *journey.notes),
            citations=decision.citations if decision else (),
            language=journey.triage.language if journey.triage else "und",
            signals=journey.signals,
            draft=journey.draft.text if journey.draft else "",
            suggestion=decision.suggestion if decision and route is not Route.ANSWER else "",
            sample=journey.ticket.sample,
            draft_tokens=journey.draft.tokens if journey.draft else 0,
            evidence=tuple(journey.passages),
            versions=dict(self.versions),
        )
        return journey.reply

    def timed(self, journey: Journey) -> Reply:
        """The journey's reply with its timings; one that has none fell out of every step and goes to a human."""
        reply = journey.reply or self.close(journey, Route.HUMAN, (Reason.INTERNAL_ERROR,))
        if not reply.suggestion and wants_suggestion(reply):
            suggestion = "" if self._wants_only_a_person(reply, journey) else _quote(journey)
            reply = replace(reply, suggestion=suggestion, evidence=tuple(journey.passages))
        if _is_known_to_customer(reply, journey.ticket.history):
            reply = replace(reply, suggestion="")
        timings = {name: round(value, 3) for name, value in journey.timings_ms.items()}
        return replace(reply, timings_ms={**timings, "total": round(sum(timings.values()), 3)})

    def _wants_only_a_person(self, reply: Reply, journey: Journey) -> bool:
        """Whether the ticket asks for a person, and for nothing that the knowledge base is about."""
        far = not journey.passages or journey.passages[0].score <= self.edge
        elsewhere = any(signal.name == "scope" and signal.fired for signal in journey.signals)
        return Reason.ASKED_FOR_HUMAN in reply.reasons and (far or elsewhere)

    def _text(self, journey: Journey, route: Route, reasons: Sequence[Reason]) -> str:
        """The answer that was decided on; where there is none, what the route and its reasons say instead."""
        if journey.decision and journey.decision.text and route is Route.ANSWER:
            return journey.decision.text
        return self.instead(journey, route, reasons)

    def instead(self, journey: Journey, route: Route, reasons: Sequence[Reason]) -> str:
        """What the customer is sent where there is no answer: nothing at all where a machine wrote the ticket.

        Danger in such a mail is answered once; in a conversation nothing more is sent, so that no loop can begin.
        """
        from support_agent.gate import customer_text

        if Reason.AUTO_REPLY in reasons and (reasons[0] is Reason.AUTO_REPLY or journey.ticket.history):
            return ""
        asked = journey.triage.search_text if journey.triage else ""
        return customer_text(
            route, reasons, journey.passages, asked=asked, language=self._spoken(journey), texts=self.texts
        )

    def notice(self, journey: Journey, reasons: Sequence[Reason]) -> str:
        """That a machine answers: once in a conversation, and not where the reply itself says so."""
        if journey.ticket.history or Reason.ASKED_IF_BOT in reasons:
            return ""
        from support_agent.gate.texts import first_message

        return first_message(self.texts, self._spoken(journey))

    def _spoken(self, journey: Journey) -> str:
        language = journey.triage.language if journey.triage else "und"
        return language if language != "und" else self.language


# Where a suggestion could do harm, or there is nothing to suggest to.
_NO_SUGGESTION = frozenset(
    {
        Reason.DANGER_SELF_HARM,
        Reason.DANGER_VIOLENCE,
        Reason.DANGER_PRODUCT,
        Reason.DANGER_THIRD_PERSON,
        Reason.MINOR,
        Reason.BEREAVEMENT,
        Reason.DANGER_LEGAL,
        Reason.AUTO_REPLY,  # nobody reads it
        Reason.LEGAL_NOTICE,
        Reason.MEDICAL_ADVICE,
        Reason.FINANCIAL_ADVICE,
        Reason.ABUSE,
        Reason.INJECTION,
        Reason.TOO_LONG,  # of the longest, only the ends were read
        Reason.EMPTY,
        Reason.UNREADABLE,
        Reason.AMBIGUOUS,
    }
)


def wants_suggestion(reply: Reply | None) -> bool:
    """Whether a person who takes over is offered a text: not beside danger, law, death, insults, or orders to us."""
    return reply is not None and reply.route is Route.HUMAN and _NO_SUGGESTION.isdisjoint(reply.reasons)


def _quote(journey: Journey) -> str:
    """The best passage's own words; nothing where no passage was found, or it cannot be read."""
    from support_agent.gate.measure import measure_quote

    try:
        quote = measure_quote(journey.triaged.text, journey.passages)
    except Exception:
        logger.exception("no suggestion for ticket %s", journey.ticket.ticket_id)
        return ""
    return "" if quote.held else quote.checked.sent


def _is_known_to_customer(reply: Reply, history: Sequence[Turn]) -> bool:
    """Whether the suggestion was told before; where that did not help, whether it begins as something told did."""
    from support_agent.triage.follow_up import may_be_told_again, told_before

    if not reply.suggestion or not history:
        return False
    if Reason.NOT_SOLVED in reply.reasons or Reason.REPEATED in reply.reasons:
        return may_be_told_again(split_sentences(reply.suggestion)[0], history)
    return told_before(reply.suggestion, history)


def continue_from(sent: str, citations: tuple[Citation, ...], reply: Reply) -> Reply:
    """A reply that begins with what was streamed already, even where the draft was held back in the end."""
    if reply.text.startswith(sent):
        return reply
    text = sent if reply.route is Route.ANSWER else f"{sent}\n\n{reply.text}"
    return replace(reply, text=text, citations=citations)
