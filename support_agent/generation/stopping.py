"""Text as it is written → how much of it is the draft's."""

from __future__ import annotations

from support_agent.generation.prompt import STOP_STRINGS


def before_stop(text: str) -> str:
    """``text`` up to the first stop string in it."""
    return text[: _first_stop(text)]


def stop_string_start(text: str) -> int:
    """Where a stop string begins in ``text``, or might begin at its end: what stands before may be shown already."""
    starts = [_first_stop(text)]
    for stop in STOP_STRINGS:
        starts += [len(text) - size for size in range(1, len(stop)) if text.endswith(stop[:size])]
    return min(starts)


def _first_stop(text: str) -> int:
    return min((at for stop in STOP_STRINGS if (at := text.find(stop)) >= 0), default=len(text))
