"""An index folder, opened: tickets' texts in, passages out, best first. building.py makes the folder.

A passage is found by meaning (FAISS over unit vectors) and by words (BM25); the two ranks are fused by reciprocal rank
(Cormack, Clarke and Büttcher 2009, constant 60).
"""

from __future__ import annotations

import hashlib
import json
import re
import warnings
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support_agent.artefacts import MANIFEST, check_listed, read_manifest
from support_agent.errors import IndexFolderError
from support_agent.records import Passage
from support_agent.retrieval.bm25 import WORD_FILES, WordIndex
from support_agent.retrieval.embedders import Embedder, open_embedder
from support_agent.retrieval.folders import mend
from support_agent.retrieval.sifting import LeftOut
from support_agent.retrieval.subject import Subject

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from support_agent.models import OnProgress

VECTORS, PASSAGES, WORDS, LEFT_OUT = "vectors.faiss", "passages.jsonl", WORD_FILES, "left_out.jsonl"
SUBJECT = "subject.json"
KIND, FORMAT = "support-agent index", 2
DEPTH = 50
RANK_CONSTANT = 60
SOURCE_FACTS = {"file": str, "sha256": str, "rows": int}


class Index:
    """Passages with their vectors and words, and what they are about. Open one with ``Index.open``."""

    def __init__(self, folder: Path, manifest: dict[str, Any], passages: Sequence[Passage], embedder: Embedder) -> None:
        self.folder = folder
        self.manifest = manifest
        self.passages = tuple(passages)
        self.embedder = embedder
        self.version = index_version(folder)
        self._position = {passage.passage_id: at for at, passage in enumerate(self.passages)}
        data = folder / str(manifest["data"])
        self._vectors: Any = _read_faiss(data / VECTORS, mend(folder))
        with _must_fit(folder):
            self.words = WordIndex.load(data / WORDS, len(self.passages))
            self.subject = Subject.from_json((data / SUBJECT).read_bytes())
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


def read_index_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of an index folder, every file held against its hash, its kind and format known.

    Raises:
        IndexFolderError: see ``Index.open``.
    """
    if not folder.is_dir():
        raise IndexFolderError(f"There is no index folder {folder}. Build one: support-agent index build NAME FILES…")
    manifest = read_manifest(folder, IndexFolderError, mend(folder), reads=())
    if manifest.get("kind") != KIND or manifest.get("format") != FORMAT:
        raise IndexFolderError(
            f"{folder / MANIFEST} describes {manifest.get('kind')!r} of format {manifest.get('format')!r}; "
            f"this version reads {KIND!r} of format {FORMAT}. {mend(folder)}"
        )
    if manifest.get("facts_sha256") != facts_hash(manifest):
        raise IndexFolderError(f"{folder / MANIFEST} was changed or damaged. {mend(folder)}")
    with _must_fit(folder):
        _check_facts(manifest)
    check_listed(manifest, folder, _read_files(folder, manifest["data"]), IndexFolderError, mend(folder))
    return manifest


def _read_files(folder: Path, data: str) -> list[str]:
    """What is read of an index; it has no files of words where no passage has an indexable word."""
    words = sorted(path.name for path in (folder / data / WORDS).glob("*"))
    return [f"{data}/{name}" for name in (VECTORS, PASSAGES, LEFT_OUT, SUBJECT, *(f"{WORDS}/{name}" for name in words))]


@contextmanager
def _must_fit(folder: Path) -> Iterator[None]:
    """Translate what is raised over contents that have their hashes and are not an index all the same."""
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OSError) as problem:
        raise IndexFolderError(
            f"{folder} has its hashes, but its contents do not fit: {type(problem).__name__}: {problem}. {mend(folder)}"
        ) from problem


def _check_facts(manifest: dict[str, Any]) -> None:
    """Raise ValueError or KeyError unless everything that is read of a manifest is there and of its kind."""
    data, embedder, counts = manifest["data"], manifest["embedder"], manifest["counts"]
    # Joined to the folder's path: a name with more than one part would lead out of it.
    if not isinstance(data, str) or not re.fullmatch(r"\w[\w.-]*", data):
        raise ValueError(f"data is {data!r}, not the name of a folder")
    kinds: list[tuple[Any, type]] = [
        (embedder["name"], str),
        (embedder["fingerprint"], str),
        (embedder["dimension"], int),
        (counts["passages"], int),
        (counts["left_out"], dict),
        (manifest["sources"], list),
        (manifest["made"], str),
        (manifest["made_by"], str),
        (manifest["factory"], str),
        *((source[key], kind) for source in manifest["sources"] for key, kind in SOURCE_FACTS.items()),
    ]
    wrong = [value for value, kind in kinds if not isinstance(value, kind)]
    if wrong:
        raise ValueError(f"{wrong[0]!r:.60} is of the wrong kind")


def facts_hash(manifest: dict[str, Any]) -> str:
    """Hash of all that a manifest says but the files, which have hashes of their own."""
    facts = {key: value for key, value in manifest.items() if key not in ("files", "facts_sha256")}
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def read_passages(folder: Path, manifest: dict[str, Any]) -> list[Passage]:
    """The passages of an index folder, in the order of their vectors."""
    with _must_fit(folder), (folder / str(manifest["data"]) / PASSAGES).open(encoding="utf-8") as lines:
        return [_passage(json.loads(line)) for line in lines]


def read_left_out(folder: Path, manifest: dict[str, Any]) -> list[LeftOut]:
    """The rows that the builds left out, with the reason of each."""
    with _must_fit(folder), (folder / str(manifest["data"]) / LEFT_OUT).open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
        return [LeftOut(_passage(row["passage"]), str(row["reason"])) for row in rows]


def _passage(row: dict[str, Any]) -> Passage:
    if not all(isinstance(value, str) for value in row.values()):
        raise TypeError(f"a passage has a column that is no text: {row!r:.60}")
    return Passage(**row)


def index_version(folder: Path) -> str:
    """Twelve hex digits of the manifest's hash: they change with anything in the index."""
    return hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()[:12]


def import_faiss() -> Any:
    """Import faiss; the wrappers that SWIG writes warn about themselves on newer Pythons."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="builtin type .* has no __module__", category=DeprecationWarning)
        import faiss
    return faiss


def _read_faiss(path: Path, advice: str) -> Any:
    import numpy as np

    faiss = import_faiss()
    try:
        vectors = faiss.deserialize_index(np.frombuffer(path.read_bytes(), dtype=np.uint8))
    except (RuntimeError, OSError) as error:
        raise IndexFolderError(f"{path} cannot be read by FAISS ({error}). {advice}") from error
    if "HNSW" in type(vectors).__name__:
        vectors.hnsw.efSearch = 4 * DEPTH  # its own 16 is fewer than the neighbours asked for
    return vectors
