"""A ticket of a conversation → what the turns before mean for it.

The text to search with, so that "and how much does that cost?" keeps its subject; whether it was asked back already.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from support_agent.records import Route, Ticket, Turn
from support_agent.triage.conversation import is_only_an_act
from support_agent.triage.courtesies import without_courtesies
from support_agent.triage.mail import read_words
from support_agent.wording import content_words

_OPENING = re.compile(
    r"^\W*(?:and|also|but|so|then|what about|how about|what if|why|ok(?:ay)?,? (?:and|but|so)|or)\b", re.IGNORECASE
)
_POINTER = re.compile(
    r"\b(?:it|its|that|this|they|them|their|those|these|there|one|ones|he|she|same|such|so|else|more|"
    r"examples?|details?|explain|elaborate|steps?)\b",
    re.IGNORECASE,
)
# "And in version 2.0?", "what about the Basic one?": the question before, asked of another.
_OF_ANOTHER = re.compile(
    r"\W*(?:(?:and|but|so|or|then|okay|ok|what about|how about|what if)\b\W*)+(?:(?:for|in|on|with|of|to|from)\s+)?"
    r"(?:the\s+)?(?:version\s+|v)?(?P<other>\d[\w.]*\w|\d|[A-Z][\w-]*(?:\s[A-Z][\w-]*)?)"
    r"(?:\s+(?:ones?|plan|version|edition|model))?\W*",
)
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)*(?![\w.]*\w)")
_NAME = re.compile(r"(?<=\w )[A-Z][\w-]*(?: [A-Z][\w-]*)*")
_SHORT_WORDS = 5
# A short question that is whole: "Is my machine broken?", "Do you ship to Norway?", and not "How much?".
_QUESTION = re.compile(
    r"\W*(?:is|are|do|does|did|can|could|may|will|would|should|has|have|how|where|when|which|what|who)\b", re.IGNORECASE
)
_WHOLE_WORDS = 2
# Of a conversation so many of the last turns are read, and so much of what the customer wrote in each.
_TURNS, _TURN_CHARS = 20, 2_000


def readable_history(ticket: Ticket) -> Ticket:
    """The ticket with the customer's earlier words cleaned and cut: they are searched with, and prompted."""
    turns = (replace(turn, ticket=read_words(turn.ticket[:_TURN_CHARS])) for turn in ticket.history[-_TURNS:])
    return replace(ticket, history=tuple(turns))


def search_text(text: str, history: Sequence[Turn]) -> str:
    """The text itself without its courtesies, or the earlier tickets it leans on followed by it.

    A text leans on the one before when it opens like a continuation, points at something unnamed, or has five words
    or fewer and is no whole question. Goes back until a ticket that stands on its own. One that only names another
    thing asks the question before of that.
    """
    needed = [without_courtesies(text)]
    before = spoken_of(history)
    if before and (instead := _of_another(needed[0], without_courtesies(before[-1].ticket))):
        needed, before = [instead], before[:-1]
    for turn in reversed(before):
        if not _leans(needed[0]):
            break
        needed.insert(0, without_courtesies(turn.ticket))
    return "\n".join(needed)


def _of_another(text: str, question: str) -> str:
    """The question with the one number or name of the kind that the text names put in its place; "" where none is."""
    match = _OF_ANOTHER.fullmatch(text[0].casefold() + text[1:] if text else "")
    if not match:
        return ""
    places = list((_NUMBER if match["other"][0].isdigit() else _NAME).finditer(question))
    if len(places) != 1:
        return ""
    return f"{question[: places[0].start()]}{match['other']}{question[places[0].end() :]}"


def spoken_of(history: Sequence[Turn]) -> list[Turn]:
    """The turns that have a subject: not those in which the customer only said hello or thank you."""
    return [turn for turn in history if not is_only_an_act(turn.ticket)]


def told_before(text: str, history: Sequence[Turn]) -> bool:
    """Whether one of the replies before ends with the same words; what stands before them is a notice or a greeting."""
    words = _words(text)
    return bool(words) and any(_words(turn.reply)[-len(words) :] == words for turn in history)


def may_be_told_again(start: str, history: Sequence[Turn]) -> bool:
    """Whether a text that begins like this may still come out as a reply before did."""
    words = " ".join(_words(start))
    return any(words in " ".join(_words(turn.reply)) for turn in history)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def asked_back(history: Sequence[Turn]) -> bool:
    """Whether the customer has just been asked back: a second question back helps nobody."""
    return bool(history) and history[-1].route is Route.CLARIFY


def _leans(text: str) -> bool:
    if _OPENING.search(text) or _POINTER.search(text):
        return True
    whole = _QUESTION.match(text) and len(set(content_words(text))) >= _WHOLE_WORDS
    return len(text.split()) <= _SHORT_WORDS and not whole
