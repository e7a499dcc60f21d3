"""An index folder, opened: tickets' texts in, passages out, best first. building.py makes the folder.

Passages are ordered by meaning (FAISS over unit vectors). Words (BM25) have no vote on the order, and are a signal: of
640 customers' questions about lamini_docs the passage that answers is first for 34 % by meaning and for 18 % with both
ranks fused; of StackFAQ's 1,250 for 95 % and 89 %, of TechQA's 384 for 72 % and 73 %
(tests/benchmarks/customers_lamini.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support_agent.errors import IndexFolderError
from support_agent.records import Passage
from support_agent.retrieval.bm25 import WordIndex
from support_agent.retrieval.embedders import Embedder, encode_queries, open_embedder
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
from support_agent.retrieval.pairs import SUFFIXES as PAIR_FILES
from support_agent.wording import token_f1

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from support_agent.models import OnProgress

DEPTH = 50
# Two passages give the same answer from this token-F1 on.
SAME_ANSWER_F1 = 0.6


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

    def search(self, texts: Sequence[str], k: int) -> list[list[Passage]]:
        """The ``k`` passages nearest to each text, best first; all texts are embedded together.

        A text is searched with the product's name where it names nothing (``Subject.query``).
        """
        if not texts:
            return []
        queries = [self.subject.query(text) for text in texts]
        vectors = encode_queries(self.embedder, queries)
        cosines, nearest = self._vectors.search(vectors, min(DEPTH, len(self.passages)))
        return [
            self._scored(text, [(int(at), _sane(cosine)) for at, cosine in zip(*found, strict=True) if at >= 0], k)
            for text, found in zip(queries, zip(nearest, cosines, strict=True), strict=True)
        ]

    def vectors(self) -> NDArray[np.float32]:
        """Every passage's vector, shape ``(passages, dimension)``."""
        rows: NDArray[np.float32] = self._vectors.reconstruct_n(0, self._vectors.ntotal)
        return rows

    def _scored(self, text: str, nearest: list[tuple[int, float]], k: int) -> list[Passage]:
        """The first ``k`` of the nearest positions with their cosines, as passages with all three scores."""
        ordered = sorted(nearest, key=lambda found: (-found[1], found[0]))
        by_words = {at: rank for rank, at in enumerate(self.words.rank(text, DEPTH), start=1)}
        return [
            replace(
                self.passages[at],
                score=cosine,
                lead=self._lead(ordered[place:]),
                word_score=1 / by_words[at] if at in by_words else 0.0,
            )
            for place, (at, cosine) in enumerate(ordered[: max(0, k)])
        ]

    def _lead(self, ordered: list[tuple[int, float]]) -> float:
        """By how much the first is nearer than the next that says something else; 1 where none does."""
        first, cosine = self.passages[ordered[0][0]], ordered[0][1]
        others = (other for at, other in ordered[1:] if _says_else(self.passages[at], first))
        return cosine - next(others, cosine - 1.0)


def _says_else(one: Passage, other: Passage) -> bool:
    """Whether neither text nor question say that both answer the same; a document's title is no question."""
    same_question = one.title == other.title and Path(one.source).suffix.lower() in PAIR_FILES
    return not same_question and token_f1(one.text, other.text) < SAME_ANSWER_F1


def _sane(cosine: float) -> float:
    """A cosine within its bounds; a vector that is no number is near to nothing."""
    return max(-1.0, min(1.0, float(cosine))) if cosine == cosine else -1.0
