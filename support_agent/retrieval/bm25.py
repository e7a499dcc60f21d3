"""Words: which passages share the ticket's rarer words (BM25, through bm25s).

Saved as bm25s' own .npy and .json files, read without pickle.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

# English words that carry no subject; in other languages BM25's own weighting has to do without a list.
STOPWORDS = "en"
WORD_FILES = "bm25"


class WordIndex:
    """BM25 over passages; without a single indexable word in all of them it finds nothing, and that is no error."""

    def __init__(self, bm25: Any | None) -> None:
        self._bm25 = bm25

    @classmethod
    def make(cls, texts: Sequence[str]) -> WordIndex:
        """Index ``texts`` in their order."""
        import bm25s

        # Numbered here in the order of the texts; bm25s itself numbers by a set, otherwise in every process.
        tokens = bm25s.tokenize(list(texts), stopwords=STOPWORDS, show_progress=False)
        if not any(tokens.ids):
            return cls(None)
        bm25 = bm25s.BM25()
        bm25.index(tokens, show_progress=False)
        return cls(bm25)

    @classmethod
    def load(cls, folder: Path, passages: int) -> WordIndex:
        """Read what ``save`` wrote for so many passages; the caller has checked the hashes.

        Raises:
            ValueError, KeyError, TypeError, AttributeError, OSError: the files are of something else.
        """
        import bm25s

        if not folder.is_dir():
            return cls(None)
        bm25 = bm25s.BM25.load(folder, mmap=False, allow_pickle=False, show_progress=False)
        _check(bm25, passages)
        return cls(bm25)

    def save(self, folder: Path) -> None:
        """Write into ``folder``; nothing is written where there is nothing to find."""
        if self._bm25 is not None:
            self._bm25.save(folder, allow_pickle=False, show_progress=False)

    def rank(self, text: str, depth: int) -> list[int]:
        """Positions of at most ``depth`` passages that share a word with ``text``, best first."""
        import numpy as np

        if self._bm25 is None:
            return []
        known = [token for token in _words(text) if token in self._bm25.vocab_dict]
        if not known:  # bm25s raises IndexError on an empty list
            return []
        scores = self._bm25.get_scores(known)
        found = np.flatnonzero(scores > 0)
        best = found[np.argsort(-scores[found], kind="stable")][:depth]
        return [int(position) for position in best]


def _check(bm25: Any, passages: int) -> None:
    """Raise ValueError unless every number in the index points at something that is there."""
    data, indices, starts = (bm25.scores[name] for name in ("data", "indices", "indptr"))
    # bm25s gives the empty word a number without scores; no ticket holds it.
    tokens = [number for word, number in bm25.vocab_dict.items() if word]
    if not (
        bm25.scores["num_docs"] == passages
        and len(data) == len(indices) == starts[-1]
        and indices.dtype.kind == starts.dtype.kind == "i"
        and 0 <= indices.min(initial=0) <= indices.max(initial=0) < passages
        and max(tokens, default=0) < len(starts) - 1
    ):
        raise ValueError(f"the words in {WORD_FILES} are not those of {passages} passages")


def _words(text: str) -> list[str]:
    import bm25s

    tokens: list[list[str]] = bm25s.tokenize([text], stopwords=STOPWORDS, return_ids=False, show_progress=False)
    return tokens[0]
