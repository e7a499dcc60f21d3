"""``support-agent models``: list, pull, path. Also the download bar that other commands show."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from support_agent.cli.loading import JsonOption, OfflineOption

if TYPE_CHECKING:
    import rich.progress
    from rich.console import Console

    from support_agent.models import ModelEntry, OnProgress, Progress

models_app = typer.Typer(no_args_is_help=True, help="Model files: which there are, fetch them, where they lie.")

NamesArgument = Annotated[list[str], typer.Argument(help="Names as `models list` shows them.", metavar="NAME…")]
FromOption = Annotated[
    Path | None,
    typer.Option("--from", help="Folder to take the files from first.", exists=True, file_okay=False, metavar="FOLDER"),
]


@models_app.command("list")
def list_models(as_json: JsonOption = False) -> None:
    """Show every known model, its licence and size, and whether it is here (its hashes are checked when it is used)."""
    from support_agent.models import registry

    rows = [_describe(entry) for entry in registry().values()]
    if as_json:
        typer.echo(json.dumps({"models": rows}, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in ("name", "licence", "size", "here"):
        table.add_column(column, no_wrap=True)
    table.add_column("from", overflow="fold")
    for row in rows:
        kinds = [source.split()[0] for source in row["sources"]]
        here = "yes" if row["came_from"] else "no"
        table.add_row(row["name"], row["licence"], _size(row["size_bytes"]), here, row["came_from"] or ", ".join(kinds))
    Console().print(table)


@models_app.command()
def pull(
    names: NamesArgument,
    from_folder: FromOption = None,
    again: Annotated[bool, typer.Option("--again", help="Replace what is damaged in the cache.")] = False,
    offline: OfflineOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch models into the cache, unless they are there, and check them."""
    from support_agent.config import load_config
    from support_agent.models import ensure_entry, find, pull_again

    fetch = pull_again if again else ensure_entry
    no_network = load_config(offline=offline or None).config.offline
    entries = [find(name) for name in names]
    for entry in entries:
        with download_progress() as on_progress:
            folder = fetch(entry, from_folder=from_folder, offline=no_network, on_progress=on_progress)
        typer.echo(_as_json(entry, folder) if as_json else f"{entry.name} is in {folder}")


@models_app.command()
def path(name: Annotated[str, typer.Argument(help="Name of a model.")], as_json: JsonOption = False) -> None:
    """Print the folder of a model that is in the cache, its files checked; nothing is downloaded."""
    from support_agent.models import ensure, find

    folder = ensure(name, offline=True)
    typer.echo(_as_json(find(name), folder) if as_json else str(folder))


@contextmanager
def download_progress() -> Iterator[OnProgress]:
    """A bar on stderr for each file fetched; where stderr is no terminal, one line for each instead.

    Nothing is shown before the first byte, so it may stand around what mostly fetches nothing.
    """
    from rich.console import Console

    console = Console(stderr=True)
    if console.is_terminal:
        with _Bars(console) as bars:
            yield bars.show
    else:
        yield _Lines(console).show


class _Bars:
    """Bars that move; begun with the first thing to show."""

    def __init__(self, console: Console) -> None:
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
        from rich.table import Column

        # A long file name must leave the bar its place on 80 columns.
        name = TextColumn("{task.description}", table_column=Column(max_width=34, no_wrap=True, overflow="ellipsis"))
        self._bars = Progress(name, BarColumn(20), DownloadColumn(), TimeRemainingColumn(), console=console)
        self._tasks: dict[tuple[str, str], rich.progress.TaskID] = {}

    def __enter__(self) -> _Bars:
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def show(self, progress: Progress) -> None:
        """Move the file's bar, or print the note above the bars."""
        self._bars.start()
        if progress.note:
            self._bars.console.print(progress.note, markup=False, highlight=False)
            return
        key = (progress.source, progress.file)
        if key not in self._tasks:
            self._tasks[key] = self._bars.add_task(progress.file, total=None)
        self._bars.update(self._tasks[key], completed=progress.done_bytes, total=progress.total_bytes)


class _Lines:
    """One line for each file and note, for logs and pipes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._seen: set[tuple[str, str]] = set()

    def show(self, progress: Progress) -> None:
        """Print the note, or the file's name the first time it is met."""
        key = (progress.source, progress.file)
        if progress.note:
            line = progress.note
        elif key not in self._seen:
            line = f"fetching {progress.file} ({_size(progress.total_bytes)}) from {progress.source}"
        else:
            return
        self._seen.add(key)
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


def _describe(entry: ModelEntry) -> dict[str, Any]:
    from support_agent.models import model_folder, origin

    came_from = origin(entry.name)
    return {
        "name": entry.name,
        "description": entry.description,
        "licence": entry.licence,
        "size_bytes": entry.known_bytes or None,
        "sources": [mirror.label for mirror in entry.mirrors],
        "came_from": came_from,
        "folder": str(model_folder(entry.name)) if came_from else None,
    }


def _as_json(entry: ModelEntry, folder: Path) -> str:
    return json.dumps({**_describe(entry), "folder": str(folder)}, ensure_ascii=False)


def _size(size_bytes: int | None) -> str:
    if size_bytes is None:
        return "unknown"
    from rich.filesize import decimal

    return decimal(size_bytes)
