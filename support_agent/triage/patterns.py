"""A table of patterns → one signal. The words themselves stand in the file of each signal."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from support_agent.records import Signal


def compile_patterns(patterns: Sequence[str]) -> re.Pattern[str]:
    """One case-blind expression of many; apostrophes match straight and curly ones, a space any white space.

    " ?" stands for white space that may be missing. ``^`` and ``$`` are those of a line.
    """
    joined = "|".join(f"(?:{pattern})" for pattern in patterns)
    spaced = joined.replace(" ?", r"\s*").replace(" ", r"\s+")
    return re.compile(spaced.replace("'", "['’ʼ]?"), re.IGNORECASE | re.MULTILINE)


def pattern_signal(name: str, pattern: re.Pattern[str], text: str) -> Signal:
    """Fires on the first match; ``value`` is the number of matches."""
    count = sum(1 for _ in pattern.finditer(unicodedata.normalize("NFKC", text)))
    return Signal(name, float(count), 1.0, count >= 1)
