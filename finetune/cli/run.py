"""``support-agent finetune run`` and ``cross-fit``: train adapters; ``recipes``: which there are."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from support_agent.cli.agent_options import JsonOption, OfflineOption
from support_agent.cli.printing import print_table

if TYPE_CHECKING:
    from finetune.answer_trainer import TrainingProgress
    from finetune.train import Listeners

RecipeArgument = Annotated[str, typer.Argument(help="Name that `finetune recipes` shows, or a TOML file.")]
OutputOption = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Folder of the adapter.", show_default="under the recipe's name, as your own"),
]
SetOption = Annotated[
    list[str],
    typer.Option("--set", help="Another value for a key of the recipe; may be repeated.", metavar="KEY=VALUE"),
]
ResumeOption = Annotated[bool, typer.Option("--resume", help="Continue a run that was stopped.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace an adapter or a stopped run of that name.")]
TensorBoardOption = Annotated[
    Path | None, typer.Option("--tensorboard", help="Folder for TensorBoard's event files.", metavar="FOLDER")
]

_LINE_EVERY_S = 10.0


def run(
    recipe: RecipeArgument,
    output: OutputOption = None,
    changes: SetOption = [],  # noqa: B006 - typer copies it
    resume: ResumeOption = False,
    force: ForceOption = False,
    tensorboard: TensorBoardOption = None,
    offline: OfflineOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train a LoRA adapter as a recipe says.

    The agent then uses it by name: `support-agent ask --adapter NAME …`. A run that was stopped, by Ctrl-C or a power
    cut, continues with --resume.
    """
    from finetune import train
    from finetune.checkpoints import work_folder
    from finetune.recipe import load_recipe
    from support_agent.config import load_config
    from support_agent.shelves import ADAPTERS

    chosen = load_recipe(recipe, parsed_changes(changes))
    folder = output or ADAPTERS.place(Path(recipe).stem)
    if resume and force:
        raise typer.BadParameter("--resume continues and --force begins anew: give one of them.")
    start = train.resume if resume else train.replace if force else train.run
    no_network = load_config(offline=offline or None).config.offline
    with _listeners(tensorboard) as listeners:
        try:
            start(chosen, folder, offline=no_network, listeners=listeners)
        except KeyboardInterrupt:
            if work_folder(folder).is_dir():
                listeners.on_stage("The same command with --resume continues from the last checkpoint.")
            raise
    _print_result(folder, as_json)


def recipes(as_json: JsonOption = False) -> None:
    """Show the recipes that come with the package."""
    from finetune.recipe import load_recipe, shipped_recipes

    rows = [(name, load_recipe(name)) for name in shipped_recipes()]
    if as_json:
        typer.echo(json.dumps({"recipes": {name: recipe.model_dump(mode="json") for name, recipe in rows}}))
        return
    layers = [one.target_modules for _, one in rows]
    shown = [
        (name, one.base, one.method, one.rank, of if isinstance(of, str) else ", ".join(of))
        for (name, one), of in zip(rows, layers, strict=True)
    ]
    print_table(("name", "base", "method", "rank", "layers"), shown, fold="layers")


def parsed_changes(changes: list[str]) -> dict[str, Any]:
    """What ``--set`` says: ``rank=16`` → {"rank": 16}; a value that is no TOML is text."""
    parsed: dict[str, Any] = {}
    for change in changes:
        key, sign, value = change.partition("=")
        if not sign:
            raise typer.BadParameter(f"--set takes KEY=VALUE, not {change!r}, such as --set rank=16.")
        try:
            parsed[key.strip()] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            parsed[key.strip()] = value.strip()
    return parsed


def _print_result(folder: Path, as_json: bool) -> None:
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    if as_json:
        typer.echo(json.dumps({"folder": str(folder), **manifest}, ensure_ascii=False))
        return
    result = manifest["result"]
    typer.echo(f"{folder.name} is in {folder}: {result['steps']:,} steps, final loss {result['final_loss']:.4f}")
    if "dev_perplexity" in result:
        typer.echo(
            f"perplexity on {result['dev_rows']} rows held back: {result['dev_perplexity']:.3f}, "
            f"{result['dev_perplexity_base']:.3f} without the adapter"
        )


@contextmanager
def _listeners(tensorboard: Path | None) -> Iterator[Listeners]:
    """Downloads, stages and steps on stderr: a bar on a terminal, a line now and then elsewhere."""
    from finetune.train import Listeners
    from support_agent.cli.progress import counted_progress, download_progress

    with download_progress() as on_files, counted_progress("step", line_every_s=_LINE_EVERY_S) as steps:

        def on_step(progress: TrainingProgress) -> None:
            steps.show(progress.step, progress.steps, _in_words(progress))

        yield Listeners(on_files, on_step, steps.say, tensorboard)


def _in_words(progress: TrainingProgress) -> str:
    speed, peak = f"{progress.tokens_per_s:,.0f} tokens/s", f"{progress.peak_bytes / 2**20:,.0f} MiB"
    return f"loss {progress.loss:.3f}  {speed}  {peak}"
