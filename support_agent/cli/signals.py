"""``support-agent signals``: retrain."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from support_agent.cli.agent_options import JsonOption
from support_agent.cli.printing import print_either
from support_agent.cli.progress import counted_progress, download_progress

signals_app = typer.Typer(no_args_is_help=True, help="What triage reads out of an embedder's vectors: make it anew.")


@signals_app.callback()
def _group() -> None:
    """One command needs a group around it to keep its name."""


@signals_app.command()
def retrain(
    embedder: Annotated[str | None, typer.Option("--embedder", help="The embedder to make them for.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder to write.", show_default="found by the embedder")
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Never fetch a model file; say what is missing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Make the heads of hard routes and frustration for an embedder, from the data that ships; takes minutes.

    An index brings its own scope model: those built with another embedder are named, and keep theirs until rebuilt.
    """
    from support_agent.retrieval import open_embedder
    from support_agent.retrieval.embedders import DEFAULT
    from support_agent.triage.training.retraining import of_other_embedders, retrain

    with download_progress() as on_progress, counted_progress("embedding") as embedded:
        opened = open_embedder(embedder or DEFAULT, offline=offline, on_progress=on_progress)
        made = retrain(opened, output, on_step=embedded.show)
    others = of_other_embedders(opened.fingerprint)
    facts = {**made._asdict(), "folder": str(made.folder), "indexes_of_other_embedders": others}
    print_either(f"Made from {made.texts:,} texts: {made.folder}", facts, as_json)
    if others:
        typer.echo(f"Built with another embedder, rebuild to use this one: {', '.join(others)}", err=True)
