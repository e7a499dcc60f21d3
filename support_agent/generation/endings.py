"""Draft → the same text, ended cleanly.

Invented turns, echoed marks, loops, unfinished sentences and commitments that nobody keeps are taken away; nothing is
ever added.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from support_agent.generation.commitments import commits
from support_agent.generation.prompt import STOP_STRINGS
from support_agent.sentences import split_sentences

_ROLES = r"(?:question|answer|user|customer|client|assistant|support agent|agent|support|human|ai|bot|system|q|a)"
# "Question: …" on a line of its own, bold or not, and "[2] What is …?" are the model going on with the prompt.
_NEXT_TURN = re.compile(
    r"^[ \t]*[*#_]*(?:follow-up question|next question|question|user|customer|client|human|q)[ ]?\d{0,2}[*_]*[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)
_OPENING_MARK = re.compile(
    rf"\s*(?:\[\d{{1,2}}\][:.]?\s+|[*#_]*{_ROLES}[*_]*[ \t]*:[*_]*[ \t]*|###[ \t]*{_ROLES}[ \t]*:?[ \t]*\n)",
    re.IGNORECASE,
)

_REPEATED_RUN = 4  # words in an n-gram of loop_share
_SAME_LINES = 3


def clean_draft(text: str, finish: str = "stop") -> str:
    """End a draft cleanly; cleaning twice changes nothing.

    Args:
        finish: "stop" for a draft that ended by itself; of any other the last, unfinished sentence goes.

    Returns:
        What is left, often all of it; empty if nothing is.
    """
    cleaned = _clean_once(text, finish)
    # Under what is taken away another mark may stand: "I will call you. Answer: Yes." becomes "Answer: Yes." at first.
    while cleaned != text:
        text, cleaned = cleaned, _clean_once(cleaned, "stop")
    return cleaned


def _clean_once(text: str, finish: str) -> str:
    sentences = split_sentences(_without_opening_marks(_before_next_turn(text)))
    if finish != "stop":
        sentences = _without_unfinished(sentences)
    kept = [s for s in _without_repeats(sentences) if "```" in s or not commits(s)]
    return _close_fence("".join(kept).strip())


def loop_share(text: str) -> float:
    """Share (0–1, high = worse) of the 4-grams of words that have stood in the text before."""
    words = re.findall(r"\w+", text.casefold())
    grams = Counter(zip(*(words[shift:] for shift in range(_REPEATED_RUN)), strict=False))
    total = sum(grams.values())
    return (total - len(grams)) / total if total else 0.0


def _before_next_turn(text: str) -> str:
    ends = [at for stop in STOP_STRINGS if (at := text.find(stop)) > 0]
    # At the very start it is an echoed mark, which _without_opening_marks takes off.
    ends += [match.start() for match in _NEXT_TURN.finditer(text) if text[: match.start()].strip()]
    return text[: min(ends, default=len(text))]


def _without_opening_marks(text: str) -> str:
    for stop in STOP_STRINGS:
        text = text.removeprefix(stop)
    while match := _OPENING_MARK.match(text):
        text = text[match.end() :]
    return text


def _without_unfinished(sentences: Sequence[str]) -> list[str]:
    if not sentences:
        return []
    finished = re.search(r"(?:[.!?…。！？｡।؟۔]|```)[\"'”’»)\]}*_」』）】]*\s*$", sentences[-1])
    return list(sentences if finished else sentences[:-1])


def _without_repeats(sentences: Sequence[str]) -> list[str]:
    """Stop where the text begins to say again what it has said.

    A single sentence said twice is dropped; after a whole run said again, or a sentence that circles in itself, nothing
    more is taken.
    """
    seen: set[str] = set()
    kept: list[str] = []
    repeats = 0
    for sentence in sentences:
        key = " ".join(re.findall(r"\w+", sentence.casefold()))
        if key in seen and len(key.split()) > 2:
            repeats += 1
            if repeats == _SAME_LINES:
                break
            continue
        if _circles(sentence):
            break
        seen.add(key)
        kept.append(sentence)
    return kept


def _circles(sentence: str) -> bool:
    return len(sentence.split()) >= 3 * _REPEATED_RUN and loop_share(sentence) > 0.4 and "```" not in sentence


def _close_fence(text: str) -> str:
    """Close a code fence that was left open; one with nothing in it goes."""
    if text.count("```") % 2 == 0:
        return text
    before, _, code = text.rpartition("```")
    has_code = "\n" in code and code.split("\n", 1)[1].strip()
    return f"{text}\n```" if has_code else before.rstrip()
