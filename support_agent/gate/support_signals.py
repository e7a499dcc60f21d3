"""Draft and passages → what of the draft may be sent, and how well it is carried. Costs no model: 3 ms."""

from __future__ import annotations

from support_agent.gate.given import Written
from support_agent.records import Signal

# A draft of which less than this share of sentences is carried was not written from the passages at all.
_MIN_KEPT_SHARE = 0.5


def empty_draft(written: Written) -> Signal:
    """1 where nothing is left of the draft."""
    empty = not written.checked.every
    return Signal("empty_draft", float(empty), 0.5, empty)


def unsupported_share(written: Written) -> Signal:
    """Of its sentences, those that are not sent; all of them where no sentence that is left cites a passage."""
    checked = written.checked
    share = checked.dropped / len(checked.every) if checked.support else float(bool(checked.every))
    return Signal("unsupported_share", round(share, 4), _MIN_KEPT_SHARE, share > _MIN_KEPT_SHARE)


def mean_support(written: Written) -> Signal:
    """Share of a sent sentence's content words that its passage holds, in the mean; low = less sure."""
    scores = written.checked.support
    return Signal("mean_support", round(sum(scores) / len(scores), 4) if scores else 0.0, None, False)
