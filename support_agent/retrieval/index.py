"""An index folder, opened: tickets' texts in, passages out, best first. building.py makes the folder.

A passage is found by meaning (FAISS over unit vectors) and by words (BM25); the two ranks are fused by reciprocal rank
(Cormack, Clarke and Büttcher 2009, constant 60).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support_agent.errors import IndexFolderError
from support_agent.records import Passage
from support_agent.retrieval.bm25 import WordIndex
from support_agent.retrieval.embedders import Embedder, open_embedder
from support_agent.retrieval.folders import (
    VECTORS,
    WORDS,
    index_version,
    mend,
    must_fit,
    read_index_manifest,
    read_passages,
    read_subject,
    read_vectors,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from support_agent.models import OnProgress

DEPTH = 50
RANK_CONSTANT = 60


class Index:
    """Passages with their vectors and words, and what they are about. Open one with ``Index.open``."""

    def __init__(self, folder: Path, manifest: dict[str, Any], passages: Sequence[Passage], embedder: Embedder) -> None:
        self.folder = folder
        self.manifest = manifest
        self.passages = tuple(passages)
        self.embedder = embedder
        self.version = index_version(folder)
        self.subject = read_subject(folder, manifest)
        self._position = {passage.passage_id: at for at, passage in enumerate(self.passages)}
        data = folder / str(manifest["data"])
        self._vectors: Any = read_vectors(data / VECTORS, mend(folder))
        if "HNSW" in type(self._vectors).__name__:
            self._vectors.hnsw.efSearch = 4 * DEPTH  # its own 16 is fewer than the neighbours asked for
        with must_fit(folder):
            self.words = WordIndex.load(data / WORDS, len(self.passages))
        if self._vectors.ntotal != len(self.passages):
            raise IndexFolderError(
                f"{folder} holds {len(self.passages)} passages but {self._vectors.ntotal} vectors. {mend(folder)}"
            )
        if self._vectors.d != embedder.dimension:
            raise IndexFolderError(
                f"{folder} holds vectors of {self._vectors.d} dimensions, but {embedder.name} makes "
                f"{embedder.dimension}. {mend(folder)}"
            )

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        embedder: Embedder | None = None,
        offline: bool = False,
        threads: int = 0,
        on_progress: OnProgress | None = None,
    ) -> Index:
        """Open an index folder, holding every file against its hash.

        Args:
            embedder: to use instead of opening the one that the manifest names; must have the same fingerprint.
            offline: see ``open_embedder``; so are ``threads`` and ``on_progress``.

        Raises:
            IndexFolderError: the folder is missing, damaged, of another format, or made with another embedder.
        """
        manifest = read_index_manifest(folder)
        passages = read_passages(folder, manifest)
        made_with = manifest["embedder"]
        if embedder is None:
            embedder = open_embedder(made_with["name"], offline=offline, threads=threads, on_progress=on_progress)
        if embedder.fingerprint != made_with["fingerprint"]:
            raise IndexFolderError(
                f"{folder} was made with the embedder {made_with['name']} ({made_with['fingerprint'][:12]}), not with "
                f"{embedder.name} ({embedder.fingerprint[:12]}): their vectors cannot be compared. "
                f"{mend(folder)} --embedder {embedder.name}"
            )
        return cls(folder, manifest, passages, embedder)

    def search(
        self, texts: Sequence[str], k: int, without: Sequence[Collection[str]] | None = None
    ) -> list[list[Passage]]:
        """The ``k`` best passages for each text, best first; all texts are embedded together.

        A text is searched with the product's name where it names nothing (``Subject.query``). ``score`` of a passage is
        the cosine between it and the text, ``rank_score`` its fused reciprocal rank.

        Args:
            without: for each text the ids of passages that are passed over, as if they were not in the index.
        """
        if not texts:
            return []
        queries = [self.subject.query(text) for text in texts]
        vectors = self.embedder.encode(queries)
        hidden = [{self._position[one] for one in ids if one in self._position} for ids in without or [()] * len(texts)]
        depth = DEPTH + max(map(len, hidden))
        _, nearest = self._vectors.search(vectors, min(depth, len(self.passages)))
        return [
            self._fuse(text, vector, dense, k, ids)
            for text, vector, dense, ids in zip(queries, vectors, nearest, hidden, strict=True)
        ]

    def vectors(self) -> NDArray[np.float32]:
        """Every passage's vector, shape ``(passages, dimension)``."""
        rows: NDArray[np.float32] = self._vectors.reconstruct_n(0, self._vectors.ntotal)
        return rows

    def _fuse(
        self, text: str, vector: NDArray[np.float32], nearest: NDArray[np.int64], k: int, hidden: set[int]
    ) -> list[Passage]:
        dense = [int(position) for position in nearest if position >= 0]
        fused: dict[int, float] = {}
        for found_by in (dense, self.words.rank(text, DEPTH + len(hidden))):
            ranking = [position for position in found_by if position not in hidden][:DEPTH]
            for rank, position in enumerate(ranking, start=1):
                fused[position] = fused.get(position, 0.0) + 1.0 / (RANK_CONSTANT + rank)
        found = list(fused)
        cosines = dict(zip(found, self._cosines(found, vector), strict=True))
        best = sorted(found, key=lambda position: (-fused[position], -cosines[position], position))[: max(0, k)]
        return [
            replace(self.passages[position], score=cosines[position], rank_score=fused[position]) for position in best
        ]

    def _cosines(self, positions: list[int], vector: NDArray[np.float32]) -> list[float]:
        rows = self._vectors.reconstruct_batch(positions)
        return [max(-1.0, min(1.0, float(cosine))) for cosine in rows @ vector]
