"""A function for each job beside answering one ticket. The command line parses, calls one of these, and prints.

Heavy libraries are loaded when a job is called, not when this file is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from support_agent.batch import Counts, Summary
    from support_agent.models import OnProgress
    from support_agent.protocols import Answerer
    from support_agent.retrieval import Embedder
    from support_agent.retrieval.building import Built, OnStep


def build_index(
    index: str | Path,
    files: Sequence[str | Path],
    *,
    embedder: str | Embedder | None = None,
    product: str | None = None,
    offline: bool = False,
    threads: int = 0,
    on_progress: OnProgress | None = None,
    on_step: OnStep | None = None,
) -> Built:
    """Make an index of question/answer pairs and documents; one that is there is replaced.

    >>> build_index("shop", ["faq.csv", "handbook.pdf"])  # then Agent.load(index="shop")

    Args:
        index: the index's name among your own, or, as a ``Path``, the folder to build in.
        files: question/answer pairs (``.jsonl .csv .tsv``) or, with the extra ``documents``, documents
            (``.md .txt .html .pdf``).
        embedder: a name that ``open_embedder`` takes, or an open one; the default one if left out.
        product: the name of the product that the answers are about, "" for none; found among them if left out.
        offline: never fetch a model file.
        threads: CPU threads of the embedder; 0 leaves it to the engine.
        on_progress: told of every download.
        on_step: called with the number of texts embedded so far and the number of all.

    Raises:
        DocumentError: a file cannot be read, two passages have the same id, or nothing is left to index.
        ConfigError: the name cannot be a folder's, or the embedder is unknown or needs an extra.
        ModelFileError: the embedder's files are missing and cannot be fetched.
        IndexFolderError: the folder cannot be written.
    """
    from support_agent.retrieval import building, open_embedder, read_sources
    from support_agent.retrieval.embedders import DEFAULT
    from support_agent.shelves import INDEXES

    folder = index if isinstance(index, Path) else INDEXES.place(index)
    sources = read_sources([Path(file) for file in files])
    if embedder is None or isinstance(embedder, str):
        embedder = open_embedder(embedder or DEFAULT, offline=offline, threads=threads, on_progress=on_progress)
    return building.build_index(folder, sources, embedder, product=product, on_step=on_step)


def add_to_index(
    index: str | Path,
    files: Sequence[str | Path],
    *,
    offline: bool = False,
    threads: int = 0,
    on_progress: OnProgress | None = None,
    on_step: OnStep | None = None,
) -> Built:
    """Put more files into an index; only what is new is embedded.

    A shipped index is never changed: what is new goes into a copy of it among your own, whose folder ``Built`` names.

    Args:
        index: name or folder of the index; the other arguments are those of ``build_index``.

    Raises:
        DocumentError: a file cannot be read, or a passage has the id of one that is there, but other words.
        IndexFolderError: the index is missing, damaged, or cannot be written.
        ModelFileError: the embedder's files are missing and cannot be fetched.
    """
    from support_agent.retrieval import Index, building, find_index, read_sources
    from support_agent.shelves import INDEXES

    sources = read_sources([Path(file) for file in files])
    folder = find_index(index)
    opened = Index.open(folder, offline=offline, threads=threads, on_progress=on_progress)
    into = INDEXES.place(folder.name) if INDEXES.is_shipped(folder) else folder
    return building.add_to_index(opened, sources, into=into, on_step=on_step)


def answer_csv(
    source: str | Path,
    output: str | Path,
    *,
    agent: Answerer | None = None,
    mapping: Mapping[str, str] | None = None,
    limit: int | None = None,
    fresh: bool = False,
    on_progress: Callable[[Counts], None] = lambda counts: None,
) -> Summary:
    """Answer every ticket of a CSV; the same call goes on where an unfinished run was stopped.

    >>> answer_csv("tickets.csv", "answered.csv", agent=Agent.load(index="shop"))

    Args:
        source: tickets as a helpdesk exports them.
        output: the file to write: the same rows with the ``sa_`` columns after them.
        agent: what answers; ``Agent.load()`` if left out, once the input is read and no other run holds the output.
        mapping: role ("text", "subject", "id") → column, for a header that is not recognised.
        limit: take only the first so many rows.
        fresh: throw the replies of an unfinished run away.
        on_progress: told after each change how many rows are done, by status.

    Raises:
        BatchError: the input is no sound table, another run writes the output, or a file cannot be written.
        ConfigError, ModelFileError, IndexFolderError, CalibrationError: the agent cannot be opened.
    """
    from support_agent.agent import Agent
    from support_agent.batch import plan_batch, run_batch

    plan = plan_batch(Path(source), Path(output), mapping or {}, limit)
    return run_batch(plan, lambda: agent or Agent.load(), fresh=fresh, on_progress=on_progress)
