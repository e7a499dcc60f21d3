"""An embedder that remembers the vectors of the texts it met last: several signals read the same ticket."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
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
        self._known: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._alone = Lock()

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One unit row for each text; see ``Embedder``."""
        import numpy as np

        with self._alone:
            new = [text for text in dict.fromkeys(texts) if text not in self._known]
            if new:
                self._known.update(zip(new, self._embedder.encode(new), strict=True))
            for text in texts:
                self._known.move_to_end(text)
            rows = [self._known[text] for text in texts]
            while len(self._known) > TEXTS_KEPT:
                self._known.popitem(last=False)
        return np.stack(rows) if rows else np.zeros((0, self.dimension), dtype=np.float32)
