"""Index folders: which one a name means, and what is in one, every file held against its hash."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from support_agent.artefacts import MANIFEST, check_listed, read_manifest
from support_agent.errors import IndexFolderError
from support_agent.records import Passage
from support_agent.retrieval.bm25 import WORD_FILES
from support_agent.retrieval.sifting import LeftOut
from support_agent.retrieval.subject import Subject
from support_agent.shelves import INDEXES

VECTORS, PASSAGES, WORDS, LEFT_OUT = "vectors.faiss", "passages.jsonl", WORD_FILES, "left_out.jsonl"
SUBJECT = "subject.json"
KIND, FORMAT = "support-agent index", 2
SOURCE_FACTS = {"file": str, "sha256": str, "rows": int}


def find_index(name: str | Path) -> Path:
    """The folder of an index: a path wins over the user's own indexes, those over the shipped ones.

    Raises:
        IndexFolderError: there is none; the message lists those that there are.
    """
    path = Path(name)
    if (path / MANIFEST).is_file():
        return path
    known = INDEXES.known()
    if str(name) in known:
        return known[str(name)]
    listed = ", ".join(sorted(known)) or "none"
    raise IndexFolderError(
        f"There is no index {str(name)!r}; known are: {listed}. Build one: support-agent index build NAME FILES…"
    )


def mend(folder: Path) -> str:
    """What a person should do about a damaged index folder."""
    if INDEXES.is_shipped(folder):
        return "Run `pip install --force-reinstall .` in the folder you installed support_agent from."
    real = folder.resolve()
    command = f"Build it again: support-agent index build {shlex.quote(real.name)} FILES…"
    return command if real.parent == INDEXES.own().resolve() else f"{command} --output {shlex.quote(str(folder))}"


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
    with must_fit(folder):
        _check_facts(manifest)
    check_listed(manifest, folder, _read_files(folder, manifest["data"]), IndexFolderError, mend(folder))
    return manifest


def _read_files(folder: Path, data: str) -> list[str]:
    """What is read of an index; it has no files of words where no passage has an indexable word."""
    words = sorted(path.name for path in (folder / data / WORDS).glob("*"))
    return [f"{data}/{name}" for name in (VECTORS, PASSAGES, LEFT_OUT, SUBJECT, *(f"{WORDS}/{name}" for name in words))]


@contextmanager
def must_fit(folder: Path) -> Iterator[None]:
    """Translate what is raised over files whose hashes match but which are no index."""
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
    """Hash of all that a manifest says, of its files only the names: their contents have hashes of their own."""
    facts = {key: value for key, value in manifest.items() if key != "facts_sha256"}
    facts["files"] = sorted(facts["files"])
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def read_subject(folder: Path, manifest: dict[str, Any]) -> Subject:
    """What an index is about."""
    with must_fit(folder):
        return Subject.from_json((folder / str(manifest["data"]) / SUBJECT).read_bytes())


def read_passages(folder: Path, manifest: dict[str, Any]) -> list[Passage]:
    """The passages of an index folder, in the order of their vectors."""
    with must_fit(folder), (folder / str(manifest["data"]) / PASSAGES).open(encoding="utf-8") as lines:
        return [_passage(json.loads(line)) for line in lines]


def read_left_out(folder: Path, manifest: dict[str, Any]) -> list[LeftOut]:
    """The rows that the builds left out, with the reason of each."""
    with must_fit(folder), (folder / str(manifest["data"]) / LEFT_OUT).open(encoding="utf-8") as lines:
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


def read_vectors(path: Path, advice: str) -> Any:
    """The FAISS index of a file that has its hash."""
    import numpy as np

    faiss = import_faiss()
    try:
        return faiss.deserialize_index(np.frombuffer(path.read_bytes(), dtype=np.uint8))
    except (RuntimeError, OSError) as error:
        raise IndexFolderError(f"{path} cannot be read by FAISS ({error}). {advice}") from error
