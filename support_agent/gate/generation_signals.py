"""Draft → how sure the generator was and whether it ended well. Costs nothing: all of it comes with the draft."""

from __future__ import annotations

import math

from support_agent.gate.given import Written
from support_agent.generation import endings
from support_agent.generation.extractive import QUOTING
from support_agent.records import Signal

MAX_LOOP_SHARE = 0.3
# A log-prob above zero or not a number comes from a broken engine and counts as the least likely of all.
_ROUNDING, _IMPOSSIBLE = 1e-3, -100.0


def loop_share(written: Written) -> Signal:
    """Share of the 4-grams that stand there before; a passage that repeats itself, such as a list, is no loop."""
    share = endings.loop_share(written.draft.text)
    loops = share > MAX_LOOP_SHARE and written.draft.backend != QUOTING
    return Signal("loop_share", round(share, 4), MAX_LOOP_SHARE, loops)


def cut_off(written: Written) -> Signal:
    """1 where the draft reached its longest length before it had ended."""
    cut = written.draft.finish == "length"
    return Signal("cut_off", float(cut), 0.5, cut)


def mean_log_prob(written: Written) -> Signal | None:
    """Natural log of the probability a token, where the backend gives it."""
    value = written.draft.mean_log_prob
    if value is None:
        return None
    possible = value if math.isfinite(value) and value <= _ROUNDING else _IMPOSSIBLE
    return Signal("mean_log_prob", round(possible, 4), None, False)
