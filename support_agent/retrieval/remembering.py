"""An embedder that remembers the vectors of the texts it met last: several signals read the same ticket."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from support_agent.retrieval.embedders import Embedder

# 15 MB of MiniLM's vectors; more titles than most knowledge bases have.
TEXTS_KEPT = 10_000


class RememberingEmbedder:
    """Wraps an embedder, which may then be shared by agents and threads."""

    def __init__(self, embedder: Embedder) -> None:
        self.name = embedder.name
        self.fingerprint = embedder.fingerprint
        self.dimension = embedder.dimension
        self._embedder = embedder
        self._encode_queries = getattr(embedder, "encode_queries", None)
        self._known: OrderedDict[tuple[bool, str], NDArray[np.float32]] = OrderedDict()
        self._alone = Lock()

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One unit row for each text; see ``Embedder``."""
        return self._rows(texts, self._embedder.encode, asked=False)

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One unit row for each text; see ``AskingEmbedder``."""
        if self._encode_queries is None:
            return self.encode(texts)
        return self._rows(texts, self._encode_queries, asked=True)

    def _rows(
        self, texts: Sequence[str], encode: Callable[[Sequence[str]], NDArray[np.float32]], *, asked: bool
    ) -> NDArray[np.float32]:
        import numpy as np

        with self._alone:
            new = [text for text in dict.fromkeys(texts) if (asked, text) not in self._known]
            if new:
                self._known.update(zip([(asked, text) for text in new], encode(new), strict=True))
            for text in texts:
                self._known.move_to_end((asked, text))
            rows = [self._known[asked, text] for text in texts]
            while len(self._known) > TEXTS_KEPT:
                self._known.popitem(last=False)
        return np.stack(rows) if rows else np.zeros((0, self.dimension), dtype=np.float32)
