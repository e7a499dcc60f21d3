"""Text → the token and n-gram numbers that the frustration model adds up. Training and serving share this file.

Comes in: cleaned text. Goes out: tokens, and for each the rows of the model's tables. Knows no weights.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
import zlib
from functools import lru_cache

PIECE_ROWS = 1 << 13
GRAM_ROWS = 1 << 16
WINDOW = 60
"""Tokens read at once: comments of the training set have at most 33 words, so longer tickets are read in windows."""

_TOKEN = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*|\d+|[!?]+|\.{2,}|[^\w\s]")
_LONG_RUN = re.compile(r"(.)\1{3,}")


def tokens(text: str) -> list[str]:
    """Case-folded words, numbers and marks; runs of a character are cut to three, of ``!`` and ``?`` to two."""
    plain = unicodedata.normalize("NFKC", text).replace("’", "'").replace("ʼ", "'").casefold()
    found: list[str] = _TOKEN.findall(_LONG_RUN.sub(r"\1\1\1", plain))
    return [token[:2] if token[0] in "!?" else token for token in found]


@lru_cache(maxsize=20_000)
def piece_rows(token: str) -> tuple[int, ...]:
    """Rows of a word's letter groups in the table of pieces; a mark or a number has none."""
    return tuple(_hash(piece, PIECE_ROWS) for piece in _pieces(token))


def gram_rows(found: list[str]) -> list[int]:
    """Rows of the n-gram table that a token list holds: words, pairs of neighbours and letter groups, each once."""
    grams = set(found)
    grams.update(f"{first} {second}" for first, second in itertools.pairwise(["^", *found]))
    for token in set(found):
        grams.update(_pieces(token))
    return sorted({_hash(gram, GRAM_ROWS) for gram in grams})


def _pieces(token: str) -> list[str]:
    if not token[0].isalpha():
        return []
    marked = f"<{token}>"
    return [f"#{marked[i : i + size]}" for size in (3, 4, 5) for i in range(len(marked) - size + 1)]


def _hash(gram: str, rows: int) -> int:
    return zlib.crc32(gram.encode("utf-8", "replace")) % rows
