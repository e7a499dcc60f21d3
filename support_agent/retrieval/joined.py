"""The default embedder: MiniLM, which is best on English, joined with multilingual-e5-small, which reads a hundred
languages and whose vectors tell anger and danger better.

A row is both embedders' rows side by side, so that a cosine is a weighted mean of theirs. Of a passage the second
embeds title and whole text apart: alone, either finds less (tests/benchmarks/embedders.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from support_agent.retrieval.embedders import Embedder, encode_queries

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# e5's cosines spread over a fifth of the range of MiniLM's: four times the weight lets both count.
WEIGHT = 4.0


class JoinedEmbedder:
    """Two embedders as one; a text's first line is its title."""

    def __init__(self, name: str, first: Embedder, second: Embedder) -> None:
        parts = f"{first.fingerprint} {second.fingerprint} {WEIGHT}"
        self.name, self.fingerprint = name, hashlib.sha256(parts.encode()).hexdigest()
        self.dimension = first.dimension + second.dimension
        self._first, self._second = first, second

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One unit row for each passage."""
        import numpy as np

        whole = self._second.encode(texts)
        titles = list(dict.fromkeys(text.partition("\n")[0] for text in texts))
        row_of = dict(zip(titles, self._second.encode(titles), strict=True))
        both = whole + np.stack([row_of[text.partition("\n")[0]] for text in texts]) if len(texts) else whole
        lengths = np.maximum(np.linalg.norm(both, axis=1, keepdims=True), np.finfo(np.float32).tiny)
        return _side_by_side(self._first.encode(texts), both / lengths)

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One unit row for each question."""
        return _side_by_side(encode_queries(self._first, texts), encode_queries(self._second, texts))


def _side_by_side(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    import numpy as np

    share = WEIGHT / (1 + WEIGHT)
    rows: NDArray[np.float32] = np.hstack([np.sqrt(1 - share) * first, np.sqrt(share) * second]).astype(np.float32)
    return rows
