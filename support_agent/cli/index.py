"""``support-agent index``: build, add, info, lint."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from support_agent.cli.agent_options import AgentOptions, JsonOption
from support_agent.cli.printing import print_json, print_table
from support_agent.cli.progress import counted_progress, download_progress
from support_agent.cli.promise import renew_promise
from support_agent.retrieval.embedders import DEFAULT
from support_agent.wording import counted

if TYPE_CHECKING:
    from support_agent.config import Config
    from support_agent.records import Passage
    from support_agent.retrieval import Embedder
    from support_agent.retrieval.building import Built

index_app = typer.Typer(no_args_is_help=True, help="Your own answers: make an index, add to it, check it for problems.")

NameArgument = Annotated[str, typer.Argument(help="Name of the index, or its folder.", show_default=False)]
FilesArgument = Annotated[
    list[Path],
    typer.Argument(
        help="Question/answer pairs (.jsonl .csv .tsv) or documents (.md .txt .html .pdf).", metavar="FILES…"
    ),
]
EmbedderOption = Annotated[
    str,
    typer.Option(
        "--embedder", help="An embedder of `models list`, use-multilingual-v3, or a sentence-transformers name or path."
    ),
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
    embedder: EmbedderOption = DEFAULT,
    product: Annotated[
        str | None,
        typer.Option("--product", metavar="NAME", help="Product the answers are about.", show_default="found in them"),
    ] = None,
    offline: OfflineOption = False,
    threads: ThreadsOption = 0,
) -> None:
    """Make an index of question/answer pairs and documents; one of the same name is replaced."""
    from support_agent.jobs import build_index

    with download_progress() as on_progress, counted_progress("embedding") as embedded:
        built = build_index(
            output or name,
            files,
            embedder=embedder,
            product=product,
            offline=offline,
            threads=threads,
            on_progress=on_progress,
            on_step=embedded.show,
        )
    _report(built, f"{counted(built.passages, 'passage')} from {counted(len(files), 'file')}")
    _say_hidden(built.folder)
    typer.echo(f"Ask it: support-agent ask --index {output or name} '…'", err=True)


@index_app.command()
def add(
    name: NameArgument,
    files: FilesArgument,
    renew: Annotated[bool, typer.Option("--renew", help="Renew what was promised, as the command renew does.")] = False,
    offline: OfflineOption = False,
    threads: ThreadsOption = 0,
) -> None:
    """Put more into an index; only what is new is embedded. A shipped index is copied to your own folder first."""
    from support_agent.jobs import add_to_index
    from support_agent.retrieval import find_index
    from support_agent.shelves import INDEXES

    folder = find_index(name)
    if INDEXES.is_shipped(folder):
        typer.echo(f"{folder.name} is shipped with the package; what is new goes into a copy of your own.", err=True)
    with download_progress() as on_progress, counted_progress("embedding") as embedded:
        built = add_to_index(
            folder, files, offline=offline, threads=threads, on_progress=on_progress, on_step=embedded.show
        )
    _report(built, f"{counted(built.new, 'new passage')} from {counted(len(files), 'file')}, {built.passages:,} in all")
    if built.folder != folder:
        _say_hidden(built.folder)
    if renew:
        renew_promise(AgentOptions(index=str(name), offline=offline or None).settings())
    elif built.new:
        _say_what_waits(AgentOptions(index=str(name)).settings())


def _say_what_waits(settings: Config) -> None:
    """Say that a promise is to be renewed, where there is one."""
    from support_agent.evidence.ledger import last_promise

    if last_promise(settings) is not None:
        renew = settings.command("renew")
        typer.echo(f"What was promised waits for: {renew} (or, the next time, index add --renew).", err=True)


@index_app.command()
def info(name: NameArgument, as_json: JsonOption = False) -> None:
    """Show what an index holds and what it was made from; checks every file against its hash."""
    from support_agent.retrieval import find_index
    from support_agent.retrieval.folders import index_version, read_index_manifest, read_subject

    folder = find_index(name)
    manifest = read_index_manifest(folder)
    subject = read_subject(folder, manifest)
    about = {"names": subject.names, "product": subject.product, "nearness": asdict(subject.nearness)}
    facts = {"folder": str(folder), "version": index_version(folder), "subject": about, **manifest}
    if as_json:
        print_json(facts)
        return
    counts, embedder = manifest["counts"], manifest["embedder"]
    size = sum(file["bytes"] for file in manifest["files"].values())
    typer.echo(f"{folder.name}  {folder}")
    typer.echo(f"  version     {facts['version']}, made {manifest['made']} by {manifest['made_by']}")
    typer.echo(f"  passages    {counts['passages']:,}; left out: {_counted(counts['left_out'])}")
    typer.echo(f"  embedder    {embedder['name']}, {embedder['dimension']} dimensions ({embedder['fingerprint'][:12]})")
    typer.echo(f"  vectors     FAISS {manifest['factory']}")
    names, scope = ", ".join(subject.names) or "none", "fitted" if subject.scope else "none, for too few texts"
    typer.echo(f"  subject     {subject.product or 'no one product'}; names: {names}; scope model: {scope}")
    for source in manifest["sources"]:
        typer.echo(f"  source      {source['file']}: {counted(source['rows'], 'row')} ({source['sha256'][:12]})")
    typer.echo(f"  files       {len(manifest['files'])}, {size / 1e6:.1f} MB, all as listed")


@index_app.command("lint")
def lint_command(
    target: Annotated[list[str], typer.Argument(help="An index, or files.", metavar="NAME|FILES…", show_default=False)],
    as_json: JsonOption = False,
    embedder: EmbedderOption = DEFAULT,
    offline: OfflineOption = False,
    threads: ThreadsOption = 0,
) -> None:
    """Look for duplicates, contradictions, refusals, empty rows, e-mail addresses, phone numbers. Changes nothing."""
    from dataclasses import asdict

    from support_agent.retrieval import lint

    passages, opened = _lint_target(target, embedder, offline, threads)
    findings = lint(passages, opened)
    if as_json:
        print_json([asdict(finding) for finding in findings])
        return
    rows = [(finding.kind, "\n".join(finding.passage_ids), finding.message) for finding in findings]
    if rows:
        print_table(("kind", "passages", "what"), rows, fold="what")
    counts = Counter(finding.kind for finding in findings)
    found = _counted(counts) if counts else "nothing found"
    typer.echo(f"{counted(len(passages), 'passage')}; {found}", err=True)


def _lint_target(target: list[str], embedder: str, offline: bool, threads: int) -> tuple[list[Passage], Embedder]:
    """The passages to look at: of files where all of the target are files, else of an index with what it left out."""
    from support_agent.retrieval import find_index, read_sources
    from support_agent.retrieval.folders import read_index_manifest, read_left_out, read_passages

    if all(Path(one).is_file() for one in target):
        sources = read_sources([Path(one) for one in target])
        passages = [passage for source in sources for passage in source.passages]
        return passages, _open_embedder(embedder, offline, threads)
    if len(target) > 1:
        missing = next(one for one in target if not Path(one).is_file())
        raise typer.BadParameter(f"{missing} is not a file; name one index, or only files.")
    folder = find_index(target[0])
    manifest = read_index_manifest(folder)
    opened = _open_embedder(manifest["embedder"]["name"], offline, threads)
    left_out = [one.passage for one in read_left_out(folder, manifest)]
    return [*read_passages(folder, manifest), *left_out], opened


def _open_embedder(name: str, offline: bool, threads: int) -> Embedder:
    from support_agent.retrieval import open_embedder

    with download_progress() as on_progress:
        return open_embedder(name, offline=offline, threads=threads, on_progress=on_progress)


def _report(built: Built, done: str) -> None:
    counts = Counter(one.reason for one in built.left_out)
    folder = f"{built.folder} (replaced)" if built.replaced else f"{built.folder}"
    typer.echo(f"{folder}: {done}; left out: {_counted(counts)}", err=True)
    if counts:
        typer.echo("What was left out stands in left_out.jsonl beside the passages, with the reasons.", err=True)


def _say_hidden(folder: Path) -> None:
    """Say that an own index hides a shipped one of its name, and how that one comes back."""
    from support_agent.shelves import INDEXES

    if INDEXES.hides_shipped(folder):
        typer.echo(f"{folder.name} now means your own copy in {folder}: delete that to have the shipped one.", err=True)


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {kind}" for kind, number in sorted(counts.items())) or "nothing"
