"""Tables of what mails carry besides words (``tables/*.toml``, one a language) → one expression for each kind."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from support_agent.triage.patterns import compile_patterns, patterns_of

TABLES = Path(__file__).parent / "tables"

# At the start of a line, behind marks of quotes and of bold type; or behind a sentence.
_LINE = r"^[>\t\x20*_]*+"
_SENTENCE = r"(?:^[>\t\x20*_|-]*+|(?<=[.!?)\]>]\s)|(?<=[。！？]))"
_LABEL = _LINE + r"(?:{})[*_]*+\s?[:：]"
_MARKER = _LINE + r"(?:[-_=*]{{2,40}}\s?(?:{0})\s?[-_=*]{{2,40}}|(?:{0})\s?[:：])[\t\x20]*+$"
WRAPPINGS: Mapping[str, str] = {
    "attribution": _LINE + r"(?:{})[\s*_]*+$",
    "forward marker": _MARKER,
    "original marker": _MARKER,
    "sender line": _LABEL,
    "date line": _LABEL,
    "header line": _LABEL,
    "reply separator": r"^[^\w\n]*+(?:{})[^\w\n]*+$",
    "device line": _SENTENCE + r"(?:{})[\t\x20*_.!]*+(?:<https?://[^\s>]*+>)?[\t\x20*_.!]*+$",
    "banner": _SENTENCE + r"(?:{})",
    "footer": _SENTENCE + r"(?:{})",
    "farewell": r"^[\t\x20]*+(?:{0})(?:[\t\x20]*+[/|&][\t\x20]*+(?:{0}))?[\t\x20,.!;，。、！]*+$",
    "first person": r"(?:{})",
    "placeholder": r"\A[\s\[(<{{*]*+(?:{})[\s\])>}}*.]*+\Z",
    "empty subject": r"\A\W*+(?:{})\W*+\Z",
    "subject prefix": r"\A\s*+(?:{})(?:\s?\[\d{{1,3}}\]|\(\d{{1,3}}\)|\^\d{{1,3}})?\s?[:：]\s*+",
    "pointer": r"\A\W*+(?:{})\W*+\Z",
    "about the sender": _LABEL,
    "form subject": _LABEL,
    "form message": _LABEL,
    "automatic subject": r"\A\W*+(?:{})",
    "automatic text": _SENTENCE + r"(?:{})",
    "absence": _SENTENCE + r"(?:{})",
    "absence follows": r"(?:{})",
}
"""Kind → where in a text its patterns may stand."""


def compile_kind(kind: str, patterns: Sequence[str]) -> re.Pattern[str]:
    """One expression of many, in the place where the kind may stand."""
    return compile_patterns([WRAPPINGS[kind].format("|".join(patterns))])


@cache
def expression(kind: str) -> re.Pattern[str]:
    """Every pattern of a kind in every language; read with the first ticket and not at import."""
    return compile_kind(kind, _patterns()[kind])


@cache
def _patterns() -> dict[str, list[str]]:
    return patterns_of(sorted(TABLES.glob("*.toml")))


def inside(kinds: Sequence[str]) -> re.Pattern[str]:
    """The white space before a label of these kinds that stands inside a line and begins with no small letter."""
    labels = compile_patterns(["|".join(pattern for kind in kinds for pattern in _patterns()[kind])])
    return re.compile(rf"(?<=\S)\s+(?=(?-i:[^\Wa-z\d_]))(?=(?:{labels.pattern})\s?[:：]\s)", re.IGNORECASE)
