"""Sentence → does it commit us to something that will not happen? The patterns stand in ``commitments.toml``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_suffix(".toml")


def commits(sentence: str) -> bool:
    """Whether the sentence says that a call, a hand-over, a ticket, money or work will follow."""
    return any(pattern.search(sentence) for pattern in patterns())


@cache
def patterns() -> tuple[re.Pattern[str], ...]:
    """The table's patterns in its order, with the word lists put in; compiled at the first draft."""
    table = tomllib.loads(TABLE.read_text("utf-8"))
    words: dict[str, str] = {}
    for name, written in table["words"].items():
        words[name] = _filled(written, words)
    return tuple(re.compile(_filled(row["pattern"], words), re.IGNORECASE) for row in table["commitment"])


def _filled(written: str, words: Mapping[str, str]) -> str:
    return re.sub(r"\{([a-z_]+)\}", lambda found: words[found[1]], written)
