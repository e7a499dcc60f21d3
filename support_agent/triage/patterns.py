"""A table of patterns → one signal. The words themselves stand in the file of each signal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from support_agent.records import Signal
from support_agent.triage.disguises import readings


def compile_patterns(patterns: Sequence[str]) -> re.Pattern[str]:
    """One case-blind expression of many; apostrophes match straight and curly ones, a space any white space.

    " ?" stands for white space that may be missing. ``^`` and ``$`` are those of a line.
    """
    joined = "|".join(f"(?:{pattern})" for pattern in patterns)
    spaced = joined.replace(" ?", r"\s*").replace(" ", r"\s+")
    return re.compile(spaced.replace("'", "['’ʼ]?"), re.IGNORECASE | re.MULTILINE)


# Compiled on the first ticket (all tables together 0.3 s) and not at import.
compiled = cache(compile_patterns)


def pattern_signal(name: str, patterns: tuple[str, ...], text: str) -> Signal:
    """Fires on the first match in any reading of the text; ``value`` is the number of matches in the richest."""
    pattern = compiled(patterns)
    count = max(sum(1 for _ in pattern.finditer(reading)) for reading in readings(text))
    return Signal(name, float(count), 1.0, count >= 1)
