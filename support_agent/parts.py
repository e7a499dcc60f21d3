"""A ticket of several questions: each travels as a ticket of its own, and one reply holds what came of them all.

They are told apart by what is found for them: questions whose passages say the same are one. All answered, the answers
are sent in order, as sure as the least sure of them. Otherwise a person takes over, and is offered the parts that could
be answered; only without a promise are these sent as well, with a line that names what a person will answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from support_agent.journey import Journey
from support_agent.records import Passage, Reason, Reply, Route, Signal
from support_agent.replying import ReplyWriter
from support_agent.retrieval.index import says_else
from support_agent.triage.follow_up import search_text
from support_agent.triage.questions import questions_in

if TYPE_CHECKING:
    from support_agent.retrieval.subject import Nearness

# Where another question leads a text away, the whole finds less than its best question alone, by this share of the
# index's scale at least; a question that goes on about the same brings it nearer. Measured:
# tests/benchmarks/several_questions.py.
_LED_AWAY = 0.1
# So far up the index's scale a question is about its best passage at all.
_NEAR = 0.5
_NAMED_CHARS = 120
_LINK = re.compile(r"\S*(?:://|www\.|@)\S*")


def questions_of(journey: Journey) -> tuple[str, ...]:
    """The questions that are to be searched apart: none in a ticket that leans on the one before."""
    triage, history = journey.triaged, journey.ticket.history
    if journey.reply is not None or search_text(triage.text, history) != search_text(triage.text, ()):
        return ()
    return questions_in(triage.search_text)


def travel_apart(
    journey: Journey, questions: Sequence[str], found: Sequence[Sequence[Passage]], nearness: Nearness
) -> list[Journey]:
    """A journey for each question that asks for something else; none where all go on about the same."""
    if not questions or not all((journey.passages, *found)):
        return []
    best = max(passages[0].score for passages in found)
    if journey.passages[0].score > best - _LED_AWAY * nearness.step:
        return []
    groups = _groups([passages[0] for passages in found], nearness.far + _NEAR * nearness.step)
    return [_part(journey, group, questions, found) for group in groups] if len(groups) > 1 else []


def _part(
    journey: Journey, group: Sequence[int], questions: Sequence[str], found: Sequence[Sequence[Passage]]
) -> Journey:
    question = " ".join(questions[at] for at in group)
    nearest = max(group, key=lambda at: found[at][0].score)
    ticket = replace(journey.ticket, text=question, subject="")
    triage = replace(journey.triaged, text=question, search_text=question)
    return Journey(ticket, journey.gate.for_part(), triage=triage, passages=list(found[nearest]))


def _groups(best: Sequence[Passage], near: float) -> list[list[int]]:
    """The places of the questions by their best passages: near ones that say the same are together."""
    groups: list[list[int]] = []
    for at, passage in enumerate(best):
        group = next((one for one in groups if _answers_both(best[one[0]], passage, near)), None)
        if group is None:
            groups.append([at])
        else:
            group.append(at)
    return groups


def _answers_both(one: Passage, other: Passage, near: float) -> bool:
    return min(one.score, other.score) >= near and not says_else(one, other)


def join(journey: Journey, writer: ReplyWriter) -> None:
    """End the way of a ticket of several questions with one reply."""
    replies = [writer.timed(part) for part in journey.parts]
    weakest = min(replies, key=lambda one: one.confidence)
    proven = journey.gate.on_parts(weakest.confidence, journey.triaged.search_text)
    route, reasons, text = _outcome(journey, replies, writer) if proven else _withdrawn(journey, writer)
    shown = route is Route.ANSWER or not journey.gate.certified
    journey.reply = replace(
        weakest,
        ticket_id=journey.ticket.ticket_id,
        route=route,
        text=text,
        reasons=reasons,
        citations=tuple(citation for one in replies for citation in one.citations) if shown else (),
        signals=(*weakest.signals, Signal("questions", float(len(replies)), None, False)),
        draft=_joined([one.draft for one in replies]),
        suggestion="" if route is Route.ANSWER else _suggestion(journey, replies),
        sample=journey.ticket.sample,
        draft_tokens=sum(one.draft_tokens for one in replies),
        evidence=tuple({passage.passage_id: passage for one in replies for passage in one.evidence}.values()),
    )
    for part in journey.parts:
        for stage, took_ms in part.timings_ms.items():
            journey.timings_ms[stage] = journey.timings_ms.get(stage, 0.0) + took_ms


def _outcome(journey: Journey, replies: Sequence[Reply], writer: ReplyWriter) -> tuple[Route, tuple[Reason, ...], str]:
    """Route, reasons and the customer's text: an answer only where every part is one."""
    waiting = [one for one in replies if one.route is not Route.ANSWER]
    if not waiting:
        return Route.ANSWER, _reasons(replies), _joined([one.text for one in replies])
    reasons = _reasons(waiting)
    if len(waiting) < len(replies) or reasons[0].route is not Route.HUMAN:
        reasons = (Reason.PART_OPEN, *reasons)
    return Route.HUMAN, reasons, _handed_over(journey, replies, writer)


def _withdrawn(journey: Journey, writer: ReplyWriter) -> tuple[Route, tuple[Reason, ...], str]:
    """What is said where the watch has ended the promise, by this very ticket or one before."""
    reasons = (Reason.PROMISE_WITHDRAWN,)
    return Route.HUMAN, reasons, writer.instead(journey, Route.HUMAN, reasons)


def _handed_over(journey: Journey, replies: Sequence[Reply], writer: ReplyWriter) -> str:
    """What the customer is sent where a part is open: without a promise the answers, and what a person will answer."""
    sent = [one.text for one in replies if one.route is Route.ANSWER and not journey.gate.certified]
    if not sent:
        reasons = [reason for one in replies for reason in one.reasons if one.route is Route.HUMAN]
        return writer.instead(journey, Route.HUMAN, reasons)
    waiting = zip(journey.parts, replies, strict=True)
    named = [f"- {_named(part.triaged.text)}" for part, reply in waiting if reply.route is not Route.ANSWER]
    return _joined([*sent, "\n".join([writer.instead(journey, Route.HUMAN, [Reason.PART_OPEN]), *named])])


def _suggestion(journey: Journey, replies: Sequence[Reply]) -> str:
    """What a person may send, each text below its question.

    Where a promise may be made and every part has a text, it is what would be sent: a verdict on it is a label.
    """
    texts = [one.text if one.route is Route.ANSWER else one.suggestion for one in replies]
    if all(texts) and journey.gate.certified:
        return _joined(texts)
    asked = [part.triaged.text for part in journey.parts]
    below = [f"{question}\n{text or '–'}" for question, text in zip(asked, texts, strict=True)]
    return _joined(below) if any(texts) else ""


def _reasons(replies: Sequence[Reply]) -> tuple[Reason, ...]:
    return tuple(dict.fromkeys(reason for one in replies for reason in one.reasons))


def _joined(texts: Sequence[str]) -> str:
    return "\n\n".join(text for text in texts if text)


def _named(question: str) -> str:
    """A question as it is repeated to the customer: in one line, without links, not too long."""
    line = " ".join(_LINK.sub("…", question).split())
    return line if len(line) <= _NAMED_CHARS else f"{line[: _NAMED_CHARS - 1].rstrip()}…"
