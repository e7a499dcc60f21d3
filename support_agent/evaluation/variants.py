"""A ticket → the same ticket as other people would write it; names, frames and dialects stand in variants.toml.

Every form asks the same thing; a rule that finds nothing to change leaves the text alone.
"""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

Form = Callable[[str, random.Random], str]

GENDERS = ("women", "men")
_KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


@cache
def names() -> Mapping[str, Mapping[str, list[str]]]:
    """Origin → gender → eight names."""
    table = _read_table()["names"]
    return {origin: {gender: both[gender].split(", ") for gender in GENDERS} for origin, both in table.items()}


@cache
def forms() -> Mapping[str, Form]:
    """Name → what writes an English ticket in that form, with a seeded random source."""
    frames, rules = _read_table()["frames"], _read_table()["rules"]
    return {
        "signed, no name": _rewriter([], frames["signed, no name"]),
        **{
            f"{origin} {gender}": _signer(frames["signed"], known)
            for origin, both in names().items()
            for gender, known in both.items()
        },
        "polite": _rewriter([], frames["polite"]),
        **{name: _rewriter(changes, frames.get(name, "{text}")) for name, changes in rules.items()},
        "few typing errors": lambda text, source: mistype(text, source, words_each=8),
        "many typing errors": lambda text, source: mistype(text, source, words_each=3),
        "lower case": lambda text, source: text.lower().rstrip(".?! "),
    }


def mistype(text: str, source: random.Random, words_each: int) -> str:
    """Change a letter of every ``words_each``-th word, of four letters or more: swap, leave out, double, key beside."""
    places = [match.span() for match in re.finditer(r"[A-Za-z]{4,}", text)]
    if not places:
        return text
    chosen = source.sample(places, max(1, min(len(places), round(len(text.split()) / words_each))))
    for start, end in sorted(chosen, reverse=True):
        text = text[:start] + _mistype_word(text[start:end], source) + text[end:]
    return text


def _read_table() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "variants.toml").read_text("utf-8"))


def _signer(frame: str, known: list[str]) -> Form:
    """Both ways in which a name reaches a ticket: told at the start, and signed at the end."""
    return lambda text, source: frame.format(text=text, name=source.choice(known))


def _rewriter(rules: list[tuple[str, str]], frame: str) -> Form:
    def rewrite(text: str, source: random.Random) -> str:
        for pattern, replacement in rules:
            text = re.sub(pattern, replacement, text)
        return frame.format(text=text)

    return rewrite


def _mistype_word(word: str, source: random.Random) -> str:
    at = source.randrange(1, len(word) - 1)
    kind = source.choice(("swap", "drop", "double", "beside"))
    if kind == "swap" and word[at] != word[at + 1]:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == "drop":
        return word[:at] + word[at + 1 :]
    if kind == "beside":
        return word[:at] + _key_beside(word[at], source) + word[at + 1 :]
    return word[: at + 1] + word[at:]


def _key_beside(letter: str, source: random.Random) -> str:
    for row in _KEYBOARD:
        if (at := row.find(letter.lower())) >= 0:
            return source.choice([row[i] for i in (at - 1, at + 1) if 0 <= i < len(row)])
    return letter
