"""Cleaned text → tokens → the rows of the n-gram table that the frustration model adds up, in training and serving."""

from __future__ import annotations

import itertools
import re
import unicodedata
import zlib

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


def gram_rows(found: list[str]) -> list[int]:
    """Rows of the n-gram table that a token list holds: words, pairs of neighbours and letter groups, each once."""
    grams = set(found)
    grams.update(f"{first} {second}" for first, second in itertools.pairwise(["^", *found]))
    for token in set(found):
        grams.update(_pieces(token))
    return sorted({zlib.crc32(gram.encode("utf-8", "replace")) % GRAM_ROWS for gram in grams})


def _pieces(token: str) -> list[str]:
    if not token[0].isalpha():
        return []
    marked = f"<{token}>"
    return [f"#{marked[i : i + size]}" for size in (3, 4, 5) for i in range(len(marked) - size + 1)]
