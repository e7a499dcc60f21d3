"""Draft and passages → may it be sent, and which sentences of it? The gate's second half.

First version: thresholds set by hand and a confidence that is a product of shares, not a probability. Knows nothing of
how the draft was made.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from support_agent.config import Config
from support_agent.gate.decision import Decision
from support_agent.gate.support import CheckedSentence, SupportChecker, carried_start, citations_of
from support_agent.generation.endings import clean_draft, loop_share
from support_agent.records import Draft, Passage, Route, Signal
from support_agent.triage.readable import clean

MAX_LOOP_SHARE = 0.3
# A log-prob above zero or not a number comes from a broken engine and counts as the least likely of all.
_ROUNDING, _IMPOSSIBLE = 1e-3, -100.0
# A draft of which less than this share of sentences is carried was not written from the passages at all.
_MIN_KEPT_SHARE = 0.5


def decide_after(draft: Draft, passages: Sequence[Passage], config: Config) -> Decision:
    """Decide on a draft: whole, up to the first sentence that nothing carries, or not at all.

    Signals: ``mean_log_prob`` (natural log a token, low = less sure), ``loop_share`` (share of repeated 4-grams, high
    = less sure), ``cut_off``, ``unsupported_share`` (of sentences that are not sent, high = less sure),
    ``invented_facts`` (count).
    """
    cleaned = clean(clean_draft(draft.text, draft.finish))
    checked = [s for s in SupportChecker(passages, config.min_support).check_all(cleaned) if s.text.strip()]
    kept = carried_start(checked)
    signals = _signals(draft, checked, kept, config)
    reasons = _reasons(cleaned, kept, signals)
    if reasons:
        return Decision(Route.HUMAN, reasons, signals)
    confidence = _confidence(draft, kept, passages)
    dropped = () if len(kept) == len(checked) else ("sentences_removed",)
    return Decision(Route.ANSWER, dropped, signals, _join(kept), citations_of(kept), confidence)


def _signals(
    draft: Draft, checked: Sequence[CheckedSentence], kept: Sequence[CheckedSentence], config: Config
) -> tuple[Signal, ...]:
    log_prob = draft.mean_log_prob
    loops = loop_share(draft.text)
    unsupported = 1 - len(kept) / len(checked) if checked else 0.0
    invented = sum(len(sentence.invented) for sentence in checked)
    found = [
        Signal("loop_share", round(loops, 4), MAX_LOOP_SHARE, loops > MAX_LOOP_SHARE),
        Signal("cut_off", float(draft.finish != "stop"), 0.5, draft.finish != "stop"),
        Signal("unsupported_share", round(unsupported, 4), _MIN_KEPT_SHARE, unsupported > _MIN_KEPT_SHARE),
        Signal("invented_facts", float(invented), None, False),
    ]
    if log_prob is not None:
        if not (math.isfinite(log_prob) and log_prob <= _ROUNDING):
            log_prob = _IMPOSSIBLE
        low = log_prob < config.min_mean_log_prob
        found.insert(0, Signal("mean_log_prob", round(log_prob, 4), config.min_mean_log_prob, low))
    return tuple(found)


# Signal → reason, the deciding one first.
_HELD = {
    "loop_share": "loop",
    "cut_off": "cut_off",
    "unsupported_share": "unsupported",
    "mean_log_prob": "low_log_prob",
}


def _reasons(cleaned: str, kept: Sequence[CheckedSentence], signals: Sequence[Signal]) -> tuple[str, ...]:
    fired = {signal.name for signal in signals if signal.fired}
    reasons = [reason for name, reason in _HELD.items() if name in fired]
    if not cleaned:
        reasons.insert(0, "empty_draft")
    elif not any(sentence.citation for sentence in kept) and "unsupported" not in reasons:
        reasons.append("unsupported")
    return tuple(reasons)


def _join(kept: Sequence[CheckedSentence]) -> str:
    return "".join(sentence.text for sentence in kept).strip()


def _confidence(draft: Draft, kept: Sequence[CheckedSentence], passages: Sequence[Passage]) -> float:
    """Best cosine × mean support × exp(mean log-prob), each 0–1: an order among answers, not a probability."""
    scores = [sentence.citation.score for sentence in kept if sentence.citation]
    support = sum(scores) / len(scores)
    nearness = max(0.0, min(1.0, max(passage.score for passage in passages)))
    likelihood = math.exp(draft.mean_log_prob) if draft.mean_log_prob is not None else 1.0
    return round(nearness * support * likelihood, 4)
