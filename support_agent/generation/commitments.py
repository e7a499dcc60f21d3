"""Sentence → does it commit us to something that will not happen? The patterns stand in ``commitments.toml``."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from support_agent.triage.patterns import read_table

TABLE = Path(__file__).with_suffix(".toml")


def commits(sentence: str) -> bool:
    """Whether the sentence says that a call, a hand-over, a ticket, money or work will follow."""
    return any(pattern.search(sentence) for pattern in _patterns())


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(entry.pattern, re.IGNORECASE) for entry in read_table(TABLE))
