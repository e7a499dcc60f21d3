"""Passages into an index folder, and more passages into one that is there.

The folder holds ``manifest.json`` and one ``data-…`` folder, named for its contents. New data is written beside the
old, then the manifest is replaced in one rename: whoever is killed leaves the old index whole or the new one. Other
files of the folder (sources, attribution) are never touched.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support_agent.artefacts import MANIFEST, sha256_file, write_bytes, write_manifest
from support_agent.disk import fsync, translated_errors
from support_agent.errors import DocumentError, IndexFolderError
from support_agent.records import Passage
from support_agent.retrieval.bm25 import STOPWORDS, WordIndex
from support_agent.retrieval.documents import Source
from support_agent.retrieval.embedders import Embedder, encode_queries
from support_agent.retrieval.fit_subject import fit_subject, texts_to_embed
from support_agent.retrieval.folders import (
    FORMAT,
    KIND,
    LEFT_OUT,
    PASSAGES,
    SUBJECT,
    VECTORS,
    WORDS,
    facts_hash,
    import_faiss,
    read_left_out,
)
from support_agent.retrieval.index import Index
from support_agent.retrieval.sifting import LeftOut, sift
from support_agent.retrieval.subject import Subject

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Up to here a flat index (exact) answers within a few milliseconds; above, a graph is needed.
FLAT_LIMIT = 30_000
STEP = 256
OnStep = Callable[[int, int], None]


@dataclass(frozen=True)
class Built:
    """What a build did: passages now in the index, passages new in it, what was left out, whether one was replaced."""

    folder: Path
    passages: int
    new: int
    left_out: tuple[LeftOut, ...]
    replaced: bool = False


def build_index(
    folder: Path,
    sources: Sequence[Source],
    embedder: Embedder,
    *,
    product: str | None = None,
    on_step: OnStep | None = None,
) -> Built:
    """Make an index folder of ``sources``, replacing the index that was there.

    Refusals, empty rows, orders for a model and exact duplicates are left out and written to ``left_out.jsonl``.

    Args:
        product: the name of the product that the passages are about, "" for none; found among them when None.
        on_step: called with the number of texts embedded so far and the number of all: the passages, and what tells
            what they are about.

    Raises:
        DocumentError: nothing is left to index, or two passages have the same id.
        IndexFolderError: the folder cannot be written.
    """
    kept, left_out = sift(passage for source in sources for passage in source.passages)
    _require_unique(kept)
    if not kept:
        reasons = ", ".join(f"{n} {reason}" for reason, n in _count(left_out).items()) or "the files hold no rows"
        raise DocumentError(f"There is nothing to index: {reasons}. Give files with answers that may be sent.")
    telling = _Telling(embedder, on_step, len(kept) + texts_to_embed(kept, _refused(left_out)))
    vectors = telling.encode([embedded_text(passage) for passage in kept])
    facts, replaced = [source.facts() for source in sources], (folder / MANIFEST).is_file()
    _write(folder, _Contents(kept, vectors, left_out), telling, facts, product)
    return Built(folder, len(kept), len(kept), tuple(left_out), replaced)


def add_to_index(
    index: Index, sources: Sequence[Source], *, into: Path | None = None, on_step: OnStep | None = None
) -> Built:
    """Put more sources beside those of an open index; only what is new is embedded, and what it is about fitted anew.

    Args:
        into: the folder that is written, the index's own where none is given; a shipped index is never changed.
        on_step: see ``build_index``.

    Raises:
        DocumentError: a passage has the id of one that is there, but other words.
        IndexFolderError: the folder cannot be written.
    """
    kept, left_out = sift((passage for source in sources for passage in source.passages), known=index.passages)
    _require_unique([*index.passages, *kept])
    folder = into or index.folder
    if not kept:
        return Built(index.folder, len(index.passages), 0, tuple(left_out))
    import numpy as np

    passages = [*index.passages, *kept]
    every_left_out = [*read_left_out(index.folder, index.manifest), *left_out]
    telling = _Telling(index.embedder, on_step, len(kept) + texts_to_embed(passages, _refused(every_left_out)))
    vectors = np.concatenate([index.vectors(), telling.encode([embedded_text(passage) for passage in kept])])
    facts = [*index.manifest["sources"], *(source.facts() for source in sources)]
    product = index.subject.product if index.subject.named else None
    _write(folder, _Contents(passages, vectors, every_left_out), telling, facts, product)
    return Built(folder, len(index.passages) + len(kept), len(kept), tuple(left_out))


def factory_for(count: int) -> str:
    """FAISS's own description of the kind of index that suits ``count`` vectors."""
    return "Flat" if count <= FLAT_LIMIT else "HNSW32,Flat"


def embedded_text(passage: Passage) -> str:
    """What is embedded of a passage: title and text (top-1 answer F1 0.393 on lamini_docs, the title alone 0.378)."""
    return f"{passage.title}\n{passage.text}"


def _require_unique(passages: Iterable[Passage]) -> None:
    seen: set[str] = set()
    for passage in passages:
        if passage.passage_id in seen:
            raise DocumentError(
                f"Two passages have the id {passage.passage_id!r} but different words (the second from "
                f"{passage.source}). Rename one file, or build the index again from all its files."
            )
        seen.add(passage.passage_id)


def _count(left_out: Sequence[LeftOut]) -> dict[str, int]:
    return dict(sorted(Counter(one.reason for one in left_out).items()))


def _refused(left_out: Sequence[LeftOut]) -> list[str]:
    return [one.passage.title for one in left_out if one.reason == "refusal"]


class _Telling:
    """An embedder that tells how many texts it has embedded, some at a time."""

    def __init__(self, embedder: Embedder, on_step: OnStep | None, total: int) -> None:
        self.name, self.fingerprint, self.dimension = embedder.name, embedder.fingerprint, embedder.dimension
        self._embedder = embedder
        self._on_step = on_step
        self._done, self._total = 0, total

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See ``Embedder``."""
        return self._steps(texts, self._embedder.encode)

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See ``AskingEmbedder``."""
        return self._steps(texts, partial(encode_queries, self._embedder))

    def _steps(
        self, texts: Sequence[str], encode: Callable[[Sequence[str]], NDArray[np.float32]]
    ) -> NDArray[np.float32]:
        import numpy as np

        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for start in range(0, len(texts), STEP):
            step = texts[start : start + STEP]
            rows[start : start + STEP] = encode(step)
            self._done += len(step)
            if self._on_step:
                self._on_step(self._done, self._total)
        return rows


@dataclass(frozen=True)
class _Contents:
    """What goes into an index; ``vectors`` has a row for each passage."""

    passages: Sequence[Passage]
    vectors: NDArray[np.float32]
    left_out: Sequence[LeftOut]


def _write(
    folder: Path, contents: _Contents, embedder: Embedder, sources: Sequence[dict[str, Any]], product: str | None
) -> None:
    refused = _refused(contents.left_out)
    subject = fit_subject(contents.passages, contents.vectors, refused, embedder, product=product)
    facts: dict[str, Any] = {
        "kind": KIND,
        "format": FORMAT,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "made_by": f"support-agent {_own_version()}",
        "embedder": {"name": embedder.name, "fingerprint": embedder.fingerprint, "dimension": embedder.dimension},
        "factory": factory_for(len(contents.passages)),
        "stopwords": STOPWORDS,
        "counts": {"passages": len(contents.passages), "left_out": _count(contents.left_out)},
        "sources": list(sources),
    }
    mend = "Make room or name another place with --output; what was there before is untouched."
    with translated_errors(folder, IndexFolderError, mend):
        folder.mkdir(parents=True, exist_ok=True)
        _clear_old_leftovers(folder)
        temporary = Path(tempfile.mkdtemp(prefix=".building-", dir=folder))
        try:
            _write_data(temporary, contents, subject, str(facts["factory"]))
            _commit(folder, temporary, facts)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def _write_data(folder: Path, contents: _Contents, subject: Subject, factory: str) -> None:
    faiss = import_faiss()
    index = faiss.index_factory(contents.vectors.shape[1], factory, faiss.METRIC_INNER_PRODUCT)
    index.add(contents.vectors)
    left_out = ({"reason": one.reason, "passage": _plain(one.passage)} for one in contents.left_out)
    write_bytes(folder / VECTORS, faiss.serialize_index(index).tobytes())
    write_bytes(folder / PASSAGES, _lines(_plain(passage) for passage in contents.passages))
    write_bytes(folder / LEFT_OUT, _lines(left_out))
    write_bytes(folder / SUBJECT, subject.to_json())
    WordIndex.make([f"{passage.title} {passage.text}" for passage in contents.passages]).save(folder / WORDS)


def _commit(folder: Path, temporary: Path, facts: dict[str, Any]) -> None:
    """Move the data to its final name, replace the manifest, then drop the data that the old manifest named."""
    files = sorted(path.relative_to(temporary).as_posix() for path in temporary.rglob("*") if path.is_file())
    digest = hashlib.sha256()
    for name in files:
        digest.update(f"{name} {sha256_file(temporary / name)}\n".encode())
        fsync(temporary / name)
    data = folder / f"data-{digest.hexdigest()[:12]}"
    old = _old_data(folder)
    if data.is_dir() and old != data.name:
        shutil.rmtree(data)  # left by a build that was killed before its manifest stood
    if data.is_dir():
        # The same content as the index has now; written again, in case a file of it was damaged.
        for name in files:
            (temporary / name).replace(data / name)
    else:
        temporary.chmod(0o755)
        temporary.rename(data)
    facts, listed = {**facts, "data": data.name}, [f"{data.name}/{name}" for name in files]
    write_manifest(folder, {**facts, "facts_sha256": facts_hash({**facts, "files": listed})}, listed)
    if old and old != data.name:
        shutil.rmtree(folder / old, ignore_errors=True)


def _old_data(folder: Path) -> str:
    """Name of the data folder that the present manifest stands for, "" where there is none to be read."""
    try:
        name = json.loads((folder / MANIFEST).read_text("utf-8"))["data"]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return name if isinstance(name, str) and name.startswith("data-") and "/" not in name else ""


def _clear_old_leftovers(folder: Path) -> None:
    """Remove what killed builds left; a day old, so that no build that is running now is meant."""
    for path in folder.glob(".building-*"):
        if time.time() - path.stat().st_mtime > 86_400:
            shutil.rmtree(path, ignore_errors=True)


def _plain(passage: Passage) -> dict[str, str]:
    """What is stored of a passage: all but the scores, which belong to a search."""
    return {key: value for key, value in asdict(passage).items() if isinstance(value, str)}


def _lines(rows: Iterable[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def _own_version() -> str:
    try:
        return version("support-agent")
    except PackageNotFoundError:
        return "(not installed)"
