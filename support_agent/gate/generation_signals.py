"""Draft → how sure the generator was and whether it ended well. Costs nothing: all of it comes with the draft.

Less sure: a low log-probability, a high share of loops, a draft that was cut off.
"""

from __future__ import annotations

import math

from support_agent.generation.endings import loop_share
from support_agent.records import Draft, Signal

MAX_LOOP_SHARE = 0.3
# A log-prob above zero or not a number comes from a broken engine and counts as the least likely of all.
_ROUNDING, _IMPOSSIBLE = 1e-3, -100.0


def generation_signals(draft: Draft) -> tuple[Signal, ...]:
    """``mean_log_prob`` (natural log a token, where the backend gives it), ``loop_share`` (of repeated 4-grams) and
    ``cut_off``; the last two decide alone.
    """
    loops = loop_share(draft.text)
    found = [
        Signal("loop_share", round(loops, 4), MAX_LOOP_SHARE, loops > MAX_LOOP_SHARE),
        Signal("cut_off", float(draft.finish != "stop"), 0.5, draft.finish != "stop"),
    ]
    if draft.mean_log_prob is not None:
        found.append(Signal("mean_log_prob", round(_possible(draft.mean_log_prob), 4), None, False))
    return tuple(found)


def _possible(log_prob: float) -> float:
    return log_prob if math.isfinite(log_prob) and log_prob <= _ROUNDING else _IMPOSSIBLE
