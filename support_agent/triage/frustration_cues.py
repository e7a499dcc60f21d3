"""Words and marks of anger at us. Cleaned text → a weight; each cue has its patterns in the tables.

Less sure: high. Cost: 0.4 ms for an ordinary ticket. The weights are set by hand (2 = alone enough, 1 and 0.5 = only
with others), from the development half of ``tests/triage/frustration_tickets.jsonl``. Asking for a person is a signal
of its own (``human_request.py``), and so is insulting one (``abuse.py``).
"""

from __future__ import annotations

import re
import unicodedata

from support_agent.triage.patterns import compiled

# By the name that the cue has in the tables.
WEIGHTS = {
    "asks again": 2.0,
    "not yet": 1.0,
    "not heard": 2.0,
    "own feeling": 2.0,
    "verdict on us": 2.0,
    "threat to leave": 2.0,
    "reproach": 2.0,
    "sarcasm": 1.0,
}
# "?!" and "???" are impatience; one "!" is not, nor "!=" or "!!" before a name, as in code.
_RUN = re.compile(r"(?:[!?]\s*){3,}|!\?|\?!|!!(?=\s|$)|\?\?(?=\s|$)")
_SENTENCE = re.compile(r"[^.!?\n]+")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_PEOPLE = set(
    "I WE YOU MY OUR YOUR ME US THIS NOBODY WHY HOW STOP PLEASE FIX ICH WIR SIE MEIN YO MI JE NOUS VOUS".split()
)
_STRESSED = set("NOT STILL NEVER AGAIN DID DO HAVE NOW ALREADY EVERY ANY NOTHING TWICE REALLY NO ANYTHING".split())


def cue_weight(text: str) -> float:
    """Summed weight of the cues in the text, each counted once."""
    return sum(weight for weight in found_cues(text).values())


def found_cues(text: str) -> dict[str, float]:
    """Each cue that the text holds, with its weight; the empty dictionary for an ordinary ticket."""
    plain = unicodedata.normalize("NFKC", text)
    found = {name: weight for name, weight in WEIGHTS.items() if compiled(name).search(plain)}
    if _RUN.search(plain):
        found["exclamation run"] = 0.5
    if any(_is_shouted(sentence) for sentence in _SENTENCE.findall(plain)):
        found["shouting"] = 1.0
    elif _STRESSED & set(_WORD.findall(plain)):
        found["stressed word"] = 0.5
    return found


def _is_shouted(sentence: str) -> bool:
    """Four or more words, all in capitals, one of them about people: a log line in capitals has none."""
    words = [word for word in _WORD.findall(sentence) if len(word) > 1 or word == "I"]
    return len(words) >= 4 and all(word.isupper() for word in words) and bool(_PEOPLE & set(words))
