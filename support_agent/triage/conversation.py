"""Does a message only greet, thank, agree, …? A ticket's words and the turns before → what it does, or nothing.

The words stand in ``tables/acts``, by language. A message does such a thing only when nothing else stands in it:
"thanks, that worked! but how do I …" is a question. Knows nothing of meaning. Costs 0.1 ms.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from support_agent.records import Reason, Signal, Turn
from support_agent.triage.danger import danger_signals
from support_agent.triage.language import detect
from support_agent.triage.patterns import TABLES, compile_patterns, patterns_of

ACTS = TABLES / "acts"
_EVERY_LANGUAGE = "any"
_FILLER = "filler"
_MOST_CHARS = 200
# A piece of a message ends where its word does; Chinese and Japanese leave no blank between words.
_END = r"(?![^\W_\u3040-\u30ff\u3400-\u9fff])"
# A name may follow these: "Thanks Anna".
_NAMED = {"greeting", "thanks", "farewell"}
# Of several acts in one message the one that stands first here counts: "hi, thanks, that worked" says that it worked.
_ORDER = ("not_solved", "still_broken", "asked_if_bot", "solved", "thanks", "farewell", "greeting", "no", "yes", "ok")
_TURNS_READ = 6


@dataclass(frozen=True)
class Act:
    """What a message does, and the language of its words; "und" where several languages say it so."""

    reason: Reason
    language: str


def conversation_act(text: str, history: Sequence[Turn] = (), served: Sequence[str] = ()) -> Act | None:
    """What the whole of a cleaned text does in its conversation; None where it says or asks anything else.

    Nobody who spoke of danger is waved off: a "bye" after that goes the way that the danger went.

    Args:
        served: the languages that are answered, the first of them most; they break a tie.
    """
    said = _acts_by_language(text)
    if not said:
        return None
    language = _language(list(said), history, served)
    reason = _reason(said[language], history)
    if reason is None:
        return None
    return Act(_danger_before(history) or reason, language)


def act_signal(act: Act | None) -> tuple[Signal, ...]:
    """A signal of the act's name; none where there is no act."""
    return (Signal(str(act.reason), 1.0, 1.0, True),) if act else ()


def is_only_an_act(text: str) -> bool:
    """Whether a text holds nothing to search with."""
    return bool(_acts_by_language(text))


def _reason(acts: Sequence[str], history: Sequence[Turn]) -> Reason | None:
    act = next((name for name in _ORDER if name in acts), "")
    before = history[-1] if history else None
    if act in ("not_solved", "still_broken"):
        return Reason.NOT_SOLVED if act == "not_solved" or before else None
    if act in ("ok", "yes", "no"):
        return _reason_of_a_word(act, before)
    return Reason[act.upper()] if act else None


def _reason_of_a_word(act: str, before: Turn | None) -> Reason | None:
    """A bare "ok", "yes" or "no" means what stood before it lets it mean."""
    if before is None:
        return Reason.GREETING if act == "ok" else None
    if before.route is Reason.AMBIGUOUS.route:
        return None  # it answers a question back
    earlier = {name for acts in _acts_by_language(before.ticket).values() for name in acts}
    if act == "yes" and "asked_if_bot" in earlier:
        return Reason.ASKED_FOR_HUMAN
    if act == "no" and not earlier:
        return Reason.NOT_SOLVED
    return Reason.ACKNOWLEDGED


def _danger_before(history: Sequence[Turn]) -> Reason | None:
    for turn in reversed(history[-_TURNS_READ:]):
        for signal in danger_signals(turn.ticket)[:2]:
            if signal.fired:
                return Reason[signal.name.upper()]
    return None


def _language(found: Sequence[str], history: Sequence[Turn], served: Sequence[str]) -> str:
    """Of the languages that say it so: that of the conversation, else one that is served, English, any."""
    spoken = (detect(turn.ticket)[0] for turn in reversed(history))
    return next((code for code in (*spoken, *served, "en") if code in found), found[0])


def _acts_by_language(text: str) -> Mapping[str, Sequence[str]]:
    """The acts that the text consists of, in each language that accounts for every word of it."""
    if not text or len(text) > _MOST_CHARS:
        return {}
    plain = unicodedata.normalize("NFKC", text)
    found = {code: _pieces(plain, table) for code, table in _tables().items() if code != _EVERY_LANGUAGE}
    return {language: acts for language, acts in found.items() if any(act in _ORDER for act in acts)}


def _pieces(text: str, table: Mapping[str, re.Pattern[str]]) -> Sequence[str]:
    """The names of the pieces that the text is made of, one after the other; none where anything else stands in it."""
    acts: list[str] = []
    at = _next_word(text, 0)
    while at < len(text):
        ends = {name: match.end() for name, match in _matches(table, text, at) if name != "name" or _named(acts)}
        if not ends:
            return ()
        longest = max(ends, key=lambda name: (ends[name], name != _FILLER))
        acts.append(longest)
        at = _next_word(text, ends[longest])
    return acts


def _matches(table: Mapping[str, re.Pattern[str]], text: str, at: int) -> Iterator[tuple[str, re.Match[str]]]:
    return ((name, match) for name, pattern in table.items() if (match := pattern.match(text, at)) and match[0])


def _next_word(text: str, at: int) -> int:
    """Where the next word begins, or a sign that is a piece of its own, such as a thumb."""
    signs = _tables()[_EVERY_LANGUAGE]
    places = range(at, len(text))
    return next((i for i in places if text[i].isalnum() or any(_matches(signs, text, i))), len(text))


def _named(acts: Sequence[str]) -> bool:
    return bool(acts) and acts[-1] in (*_NAMED, "name")


@cache
def _tables() -> Mapping[str, Mapping[str, re.Pattern[str]]]:
    """Language → act → its expression; each language takes what is said in all."""
    read = {file.stem: patterns_of([file]) for file in sorted(ACTS.glob("*.toml"))}
    shared = read[_EVERY_LANGUAGE]
    return {
        language: {name: _compiled([*own.get(name, ()), *shared.get(name, ())]) for name in {**own, **shared}}
        for language, own in read.items()
    }


def _compiled(patterns: Sequence[str]) -> re.Pattern[str]:
    return compile_patterns([rf"(?:{'|'.join(patterns)}){_END}"])
