"""Passages → how well retrieval knows the answer. Low means less sure. Costs no model.

All are of the passage that is offered, the first. Cosines are told on the index's own scale, so that a weight fitted on
one knowledge base means the same on another.
"""

from __future__ import annotations

from support_agent.gate.given import Found
from support_agent.records import Signal
from support_agent.triage.language import detect

LOWEST, HIGHEST = -2.0, 3.0
# Least probability (0–1) of both languages before they are said to differ.
_SURE = 0.9
_SHARE_A_SCRIPT = {"ja", "zh"}


def retrieval_score(found: Found) -> Signal:
    """Cosine of the nearest passage."""
    best = max((passage.score for passage in found.passages), default=-1.0)
    return Signal("retrieval_score", round(best, 4), None, False)


def nearness(found: Found) -> Signal:
    """Its place on the index's scale: 0 as far as anything else, 1 as near as a question of the index's own."""
    best = found.passages[0].score if found.passages else -1.0
    return Signal("nearness", _steps(found, best - found.nearness.far), None, False)


def lead(found: Found) -> Signal:
    """How much nearer it is than the next passage that says something else, on the same scale."""
    return Signal("lead", _steps(found, found.passages[0].lead if found.passages else 0.0), None, False)


def word_rank(found: Found) -> Signal:
    """1 / its rank by words alone; 0 where the words do not find it."""
    return Signal("word_rank", round(found.passages[0].word_score if found.passages else 0.0, 4), None, False)


def other_language(found: Found) -> Signal:
    """1 where it is surely in another language than the question: nobody is answered in a language they did not use.

    What is offered to a person may be in any; a writer's own translation is carried by no passage, word for word.
    """
    if not found.passages:
        return Signal("other_language", 0.0, 1.0, False)
    best = found.passages[0]
    asked, told = (detect(text) for text in (found.text, f"{best.title}\n{best.text}"))
    sure = min(asked[1], told[1]) >= _SURE and "und" not in (asked[0], told[0])
    differs = sure and asked[0] != told[0] and {asked[0], told[0]} != _SHARE_A_SCRIPT
    return Signal("other_language", float(differs), 1.0, differs)


def _steps(found: Found, difference: float) -> float:
    return round(max(LOWEST, min(HIGHEST, difference / found.nearness.step)), 4)
