"""``support-agent index``: build, add, info, lint."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from support_agent.cli.loading import JsonOption

if TYPE_CHECKING:
    from support_agent.records import Passage
    from support_agent.retrieval import Embedder
    from support_agent.retrieval.building import Built

index_app = typer.Typer(
    no_args_is_help=True, help="Your own answers: make an index, add to it, look for trouble in it."
)

NameArgument = Annotated[str, typer.Argument(help="Name of the index, or its folder.", show_default=False)]
FilesArgument = Annotated[
    list[Path],
    typer.Argument(
        help="Question/answer pairs (.jsonl .csv .tsv) or documents (.md .txt .html .pdf).", metavar="FILES…"
    ),
]
EmbedderOption = Annotated[
    str,
    typer.Option("--embedder", help="all-minilm-l6-v2, use-multilingual-v3, or a sentence-transformers name or path."),
]
OfflineOption = Annotated[bool, typer.Option("--offline", help="Never fetch a model file; say what is missing.")]
ThreadsOption = Annotated[int, typer.Option("--threads", min=0, help="CPU threads; 0 leaves it to the engine.")]


@index_app.command()
def build(
    name: Annotated[str, typer.Argument(help="Name of the index.", show_default=False)],
    files: FilesArgument,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder to build in, instead of your own.")
    ] = None,
    embedder: EmbedderOption = "all-minilm-l6-v2",
    offline: OfflineOption = False,
    threads: ThreadsOption = 0,
) -> None:
    """Make an index of question/answer pairs and documents; one of the same name is replaced."""
    from support_agent.retrieval import build_index, read_sources
    from support_agent.shelves import INDEXES

    folder = output or INDEXES.place(name)
    sources = read_sources(files)
    opened = _open_embedder(embedder, offline, threads)
    with _step_progress() as on_step:
        built = build_index(folder, sources, opened, on_step=on_step)
    _report(built, f"{_number(built.passages, 'passage')} from {_number(len(files), 'file')}")
    typer.echo(f"Ask it: support-agent ask --index {output or name} '…'", err=True)


@index_app.command()
def add(name: NameArgument, files: FilesArgument, offline: OfflineOption = False, threads: ThreadsOption = 0) -> None:
    """Put more into an index; only what is new is embedded. A shipped index is copied to your own folder first."""
    from support_agent.retrieval import Index, add_to_index, find_index, read_sources
    from support_agent.shelves import INDEXES

    sources = read_sources(files)
    folder = find_index(name)
    index = Index.open(folder, embedder=_embedder_of(folder, offline, threads))
    into = INDEXES.place(folder.name) if INDEXES.is_shipped(folder) else folder
    if into != folder:
        typer.echo(f"{folder.name} is shipped with the package; what is new goes into a copy of your own.", err=True)
    with _step_progress() as on_step:
        built = add_to_index(index, sources, into=into, on_step=on_step)
    _report(built, f"{_number(built.new, 'new passage')} from {_number(len(files), 'file')}, {built.passages:,} in all")


@index_app.command()
def info(name: NameArgument, as_json: JsonOption = False) -> None:
    """Say what an index holds and what it was made from; every file is held against its hash."""
    from support_agent.retrieval import find_index
    from support_agent.retrieval.index import index_version, read_index_manifest

    folder = find_index(name)
    manifest = read_index_manifest(folder)
    facts = {"folder": str(folder), "version": index_version(folder), **manifest}
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False))
        return
    counts, embedder = manifest["counts"], manifest["embedder"]
    size = sum(file["bytes"] for file in manifest["files"].values())
    typer.echo(f"{folder.name}  {folder}")
    typer.echo(f"  version     {facts['version']}, made {manifest['made']} by {manifest['made_by']}")
    typer.echo(f"  passages    {counts['passages']:,}; left out: {_counted(counts['left_out'])}")
    typer.echo(f"  embedder    {embedder['name']}, {embedder['dimension']} dimensions ({embedder['fingerprint'][:12]})")
    typer.echo(f"  vectors     FAISS {manifest['factory']}")
    for source in manifest["sources"]:
        typer.echo(f"  source      {source['file']}: {_number(source['rows'], 'row')} ({source['sha256'][:12]})")
    typer.echo(f"  files       {len(manifest['files'])}, {size / 1e6:.1f} MB, all as listed")


@index_app.command("lint")
def lint_command(
    target: Annotated[list[str], typer.Argument(help="An index, or files.", metavar="NAME|FILES…", show_default=False)],
    as_json: JsonOption = False,
    embedder: EmbedderOption = "all-minilm-l6-v2",
    offline: OfflineOption = False,
    threads: ThreadsOption = 0,
) -> None:
    """Look for duplicates, contradictions, refusals, empty rows, e-mail addresses, phone numbers. Changes nothing."""
    from dataclasses import asdict

    from support_agent.retrieval import lint

    passages, opened = _lint_target(target, embedder, offline, threads)
    findings = lint(passages, opened)
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False))
        return
    _print_table(
        ("kind", "passages", "what"),
        [(finding.kind, "\n".join(finding.passage_ids), finding.message) for finding in findings],
    )
    counts = Counter(finding.kind for finding in findings)
    typer.echo(f"{len(passages):,} passages; {_counted(counts) if counts else 'nothing found'}", err=True)


def _lint_target(target: list[str], embedder: str, offline: bool, threads: int) -> tuple[list[Passage], Embedder]:
    """The passages to look at: of files where all of the target are files, else of an index with what it left out."""
    from support_agent.retrieval import find_index, read_sources
    from support_agent.retrieval.index import read_index_manifest, read_left_out, read_passages

    if all(Path(one).is_file() for one in target):
        sources = read_sources([Path(one) for one in target])
        passages = [passage for source in sources for passage in source.passages]
        return passages, _open_embedder(embedder, offline, threads)
    if len(target) > 1:
        missing = next(one for one in target if not Path(one).is_file())
        raise typer.BadParameter(f"{missing} is not a file; name one index, or only files.")
    folder = find_index(target[0])
    opened = _embedder_of(folder, offline, threads)
    manifest = read_index_manifest(folder)
    left_out = [one.passage for one in read_left_out(folder, manifest)]
    return [*read_passages(folder, manifest), *left_out], opened


def _embedder_of(folder: Path, offline: bool, threads: int) -> Embedder:
    from support_agent.retrieval.index import read_index_manifest

    return _open_embedder(read_index_manifest(folder)["embedder"]["name"], offline, threads)


def _open_embedder(name: str, offline: bool, threads: int) -> Embedder:
    from support_agent.cli.models import download_progress
    from support_agent.retrieval import open_embedder

    with download_progress() as on_progress:
        return open_embedder(name, offline=offline, threads=threads, on_progress=on_progress)


@contextmanager
def _step_progress() -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr for the embedding, where stderr is a terminal; gone when it is done."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("embedding", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _report(built: Built, done: str) -> None:
    counts = Counter(one.reason for one in built.left_out)
    typer.echo(f"{built.folder}: {done}; left out: {_counted(counts)}", err=True)
    if counts:
        typer.echo("What was left out stands in left_out.jsonl beside the passages, with the reasons.", err=True)


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{number:,} {kind}" for kind, number in sorted(counts.items())) or "nothing"


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _print_table(columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns)
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    if rows:
        Console().print(table)
