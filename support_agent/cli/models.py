"""``support-agent models``: list, pull, path."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from support_agent.cli.agent_options import JsonOption, OfflineOption
from support_agent.cli.printing import print_either, print_json, print_table, size_in_words
from support_agent.cli.progress import download_progress

if TYPE_CHECKING:
    from support_agent.models import ModelEntry

models_app = typer.Typer(no_args_is_help=True, help="Model files: list them, fetch them, find them.")

NamesArgument = Annotated[list[str], typer.Argument(help="Names as `models list` shows them.", metavar="NAME…")]
FromOption = Annotated[
    Path | None,
    typer.Option("--from", help="Folder to take the files from first.", exists=True, file_okay=False, metavar="FOLDER"),
]


@models_app.command("list")
def list_models(as_json: JsonOption = False) -> None:
    """List every known model: its licence and size, whether it is here, and which files are not its makers' own."""
    from support_agent.models import registry

    rows = [_describe(entry) for entry in registry().values()]
    if as_json:
        print_json({"models": rows})
        return
    table = []
    for row in rows:
        places = row["came_from"].split(", ") if row["came_from"] else row["sources"]
        kinds = ", ".join(dict.fromkeys(place.split()[0] for place in places))
        here = "yes" if row["came_from"] else "no"
        table.append((row["name"], row["licence"], size_in_words(row["size_bytes"]), here, kinds))
    print_table(("name", "licence", "size", "here", "from"), table, fold="licence")
    for row in rows:
        if row["provenance"]:
            typer.echo(f"\n{row['name']}: {row['provenance']}")


@models_app.command()
def pull(
    names: NamesArgument,
    from_folder: FromOption = None,
    again: Annotated[bool, typer.Option("--again", help="Replace damaged files in the cache.")] = False,
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
        print_either(f"{entry.name} is in {folder}", {**_describe(entry), "folder": str(folder)}, as_json)


@models_app.command()
def path(name: Annotated[str, typer.Argument(help="Name of a model.")], as_json: JsonOption = False) -> None:
    """Check a model in the cache and print its folder; downloads nothing."""
    from support_agent.models import ensure, find

    folder = ensure(name, offline=True)
    print_either(folder, {**_describe(find(name)), "folder": str(folder)}, as_json)


def _describe(entry: ModelEntry) -> dict[str, Any]:
    from support_agent.models import model_folder, origin

    came_from = origin(entry.name)
    return {
        "name": entry.name,
        "description": entry.description,
        "licence": entry.licence,
        "provenance": entry.provenance or None,
        "size_bytes": entry.known_bytes or None,
        "sources": [mirror.label for mirror in entry.mirrors],
        "came_from": came_from,
        "folder": str(model_folder(entry.name)) if came_from else None,
    }
