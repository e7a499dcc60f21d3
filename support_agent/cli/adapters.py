"""``support-agent adapters``: list, check, path."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from support_agent.cli.agent_options import ConfigOption, JsonOption, ProfileOption
from support_agent.cli.printing import print_either, print_json, print_table

if TYPE_CHECKING:
    from support_agent.generation.adapters import Adapter

adapters_app = typer.Typer(
    no_args_is_help=True, help="Adapters: list them, check that they fit, find them. Choose one with --adapter."
)

NameArgument = Annotated[str, typer.Argument(help="Name as `adapters list` shows it, or a folder.")]


@adapters_app.command("list")
def list_all(config: ConfigOption = None, profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """List the adapters on this machine, the model each was made for, and which is in use."""
    from support_agent.config import load_config
    from support_agent.generation.adapters import adapter_name, list_adapters

    in_use = adapter_name(load_config(config, profile=profile).config)
    rows = [_describe(adapter, in_use) for adapter in list_adapters()]
    if as_json:
        print_json({"adapters": rows, "in_use": in_use})
        return
    print_table(("", "name", "base", "prompt", "place"), [_cells(row) for row in rows], fold="place")
    if any(row["in_use"] for row in rows):
        typer.echo("* is the one in use.", err=True)
    if not rows:
        typer.echo("No adapter is here: `support-agent finetune run` makes one.", err=True)


@adapters_app.command()
def check(
    name: NameArgument,
    base: Annotated[
        str | None,
        typer.Option(
            "--base", metavar="MODEL", help="Model to check it against.", show_default="the one it was made for"
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check an adapter's files, its base model and its prompt; downloads nothing."""
    from support_agent.config import load_config
    from support_agent.generation.adapters import check_adapter, find_adapter, read_adapter

    folder = find_adapter(name, offline=True)
    model = base or read_adapter(folder).base or load_config().config.model
    adapter = check_adapter(folder, model, offline=True)
    words = f"{adapter.name} fits {model}: {_evidence(adapter)}."
    print_either(words, {**_describe(adapter, None), "checked_against": model}, as_json)


@adapters_app.command()
def path(name: NameArgument, as_json: JsonOption = False) -> None:
    """Print an adapter's folder; downloads nothing."""
    from support_agent.generation.adapters import find_adapter

    folder = find_adapter(name, offline=True)
    print_either(folder, {"folder": str(folder)}, as_json)


def _evidence(adapter: Adapter) -> str:
    if adapter.base_fingerprint:
        return "its files, its base's weights and the prompt are those of its manifest"
    return "nothing speaks against it, but it does not record its base's weights nor its prompt"


def _describe(adapter: Adapter, in_use: str | None) -> dict[str, Any]:
    return {
        "name": adapter.name,
        "place": adapter.place,
        "base": adapter.base or None,
        "mode": adapter.mode or None,
        "made": adapter.made or None,
        "prompt_fits": adapter.prompt_fits,
        "in_use": adapter.name == in_use or (in_use is not None and Path(in_use).resolve() == adapter.folder.resolve()),
        "folder": str(adapter.folder),
    }


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    prompt = {True: "today's", False: "another", None: "unknown"}[row["prompt_fits"]]
    return "*" if row["in_use"] else "", row["name"], row["base"] or "unknown", prompt, row["place"]
