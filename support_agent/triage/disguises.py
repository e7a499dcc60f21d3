"""Cleaned text → the ways it can be read once tricks that hide words from a pattern are undone.

The ticket's own text stays as it is: a reading is only searched, never stored, sent or shown. Knows no meaning and no
signal. Every step reads the text once from left to right.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import unicodedata
from functools import lru_cache

# Letters of other alphabets that look Latin; undone in words that hold Latin letters too, and in any word of a text
# whose foreign letters all look Latin: "Как" of a Russian text stays as it is.
_LOOKALIKES = str.maketrans(
    "аеіоорсухјѕԁһӏтмквнпгѵԛԝАВЕІЈКМНОРСТУХЅԌαοερτικνυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧɡıɑⅼǀ",
    "aeiooрcyxjsdhltmkbhnrvqwABEIJKMHOPCTYXSGaoeptiknuxABEZHIKMNOPTYXgialI".replace("р", "p"),
)
_WORD = re.compile(r"[^\W\d_]*+")
_LATIN = re.compile(r"[A-Za-z]")
_FOREIGN = re.compile(r"[\u0370-\u03ff\u0400-\u052f]")
_LEET = str.maketrans("431057$@!|", "aeiostsail")
_LEET_WORD = re.compile(
    r"(?<![\w$@!|])(?=[\w$@!|]*[A-Za-z])(?=[\w$@!|]*[431057$@|])[A-Za-z431057$@!|]{3,20}(?![\w$@|])"
)
# Single letters with the same gap: "i g n o r e", "i.g.n.o.r.e". One run of four is a trick, then all are joined.
_SPACED_WORD = re.compile(r"(?<![^\W_])[^\W\d_]([ .\-_*·,/])(?:[^\W\d_]\1){2,200}[^\W\d_](?![^\W_])")
_SPACED = re.compile(r"(?<![^\W_])[^\W\d_]([ .\-_*·,/])(?:[^\W\d_]\1){0,200}[^\W\d_](?![^\W_])")
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,200}>")
_MARKS_IN_WORDS = re.compile(r"[*_~`]+")
_OVERLAY = re.compile(r"[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]")
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{16,4000}={0,2}(?![A-Za-z0-9+/=])")
_BACKWARDS = re.compile(
    r"(?:snoitcurtsni|tpmorp|erongi|laever|drager|tegrof|metsys|repoleved|senilediug)", re.IGNORECASE
)
_READ_BACKWARDS_CHARS = 2000


@lru_cache(maxsize=4)
def readings(text: str) -> tuple[str, ...]:
    """The text in NFKC, and what it says besides, each reading once: undisguised, decoded, read backwards."""
    written = unicodedata.normalize("NFKC", text)
    bare = _undisguise(written)
    found = [written, bare, _as_letters(bare), *_decoded(written)]
    if _BACKWARDS.search(bare):
        found.append(bare[:_READ_BACKWARDS_CHARS][::-1])
    return tuple(dict.fromkeys(found))


def _undisguise(text: str) -> str:
    """Entities, tags and marks between letters gone, look-alike letters Latin, spaced letters joined."""
    if "&" in text:
        text = html.unescape(text)
    if "<" in text:
        text = _TAG.sub("", text)
    if not text.isascii():
        text = _without_overlays(text)
        honest = _FOREIGN.search(text.translate(_LOOKALIKES)) is not None
        text = _WORD.sub(_latin_if_mixed if honest else _latin, text)
    if _SPACED_WORD.search(text):
        text = _SPACED.sub(_joined, text)
    return _MARKS_IN_WORDS.sub(_space_or_nothing, text)


def _without_overlays(text: str) -> str:
    """Marks stacked on Latin letters dropped where they are more than an accent: struck through, or on most letters."""
    taken_apart = unicodedata.normalize("NFD", text)
    marks = len(_OVERLAY.findall(taken_apart))
    return _OVERLAY.sub("", taken_apart) if marks > len(text) / 4 else text


def _latin(match: re.Match[str]) -> str:
    return match.group().translate(_LOOKALIKES)


def _latin_if_mixed(match: re.Match[str]) -> str:
    return _latin(match) if _LATIN.search(match.group()) else match.group()


def _joined(match: re.Match[str]) -> str:
    return match.group().replace(match.group(1), "")


def _space_or_nothing(match: re.Match[str]) -> str:
    return " " if match.group().strip("*~`") else ""


def _as_letters(text: str) -> str:
    """Digits and signs that stand for letters inside words turned into them: "1gn0r3" is "ignore"."""
    return _LEET_WORD.sub(lambda match: match.group().translate(_LEET), text)


def _decoded(text: str) -> list[str]:
    """What long base64 words of the text say, where they say something readable."""
    found = []
    for match in _BASE64.finditer(text):
        word = match.group().rstrip("=")
        try:
            plain = base64.b64decode(word + "=" * (-len(word) % 4), validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            continue
        if plain.isprintable() and " " in plain:
            found.append(plain)
    return found
