"""``support-agent finetune cross-fit``: the adapters that a calibration drafts with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from support_agent.cli.agent_options import JsonOption, OfflineOption
from support_agent.cli.finetune.run import RecipeArgument, SetOption, listeners_on_stderr, parsed_changes


def cross_fit(
    recipe: RecipeArgument,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder that holds an adapter for each fold.")],
    folds: Annotated[int, typer.Option(min=2, max=100, help="Parts of the rows; each adapter leaves one out.")] = 2,
    changes: SetOption = [],  # noqa: B006 - typer copies it
    offline: OfflineOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train one adapter for each part of the rows, which it leaves out.

    `support-agent calibrate --cross-fitted FOLDER` then drafts every row with an adapter that has not learned it. The
    same command goes on with what was stopped.
    """
    from finetune import cross_fit as folds_of
    from finetune.recipe import load_recipe
    from support_agent.config import load_config

    chosen = load_recipe(recipe, parsed_changes(changes))
    no_network = load_config(offline=offline or None).config.offline
    with listeners_on_stderr(None) as listeners:
        made = folds_of.cross_fit(chosen, folds, output, offline=no_network, listeners=listeners)
    names = [str(folder) for folder in made]
    typer.echo(json.dumps({"folders": names}) if as_json else "\n".join(names))
