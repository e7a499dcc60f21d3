"""``support-agent finetune run``: train an adapter; ``recipes``: which there are."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from support_agent.cli.agent_options import JsonOption, OfflineOption

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

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
ResumeOption = Annotated[bool, typer.Option("--resume", help="Go on with a run that was stopped.")]
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
    cut, goes on with --resume.
    """
    from finetune import train
    from finetune.checkpoints import work_folder
    from finetune.recipe import load_recipe
    from support_agent.config import load_config
    from support_agent.generation.adapters import own_adapter

    chosen = load_recipe(recipe, parsed_changes(changes))
    folder = output or own_adapter(Path(recipe).stem)
    if resume and force:
        raise typer.BadParameter("--resume goes on and --force begins anew: give one of them.")
    start = train.resume if resume else train.replace if force else train.run
    no_network = load_config(offline=offline or None).config.offline
    with listeners_on_stderr(tensorboard) as listeners:
        try:
            start(chosen, folder, offline=no_network, listeners=listeners)
        except KeyboardInterrupt:
            if work_folder(folder).is_dir():
                listeners.on_stage("The same command with --resume goes on from the last checkpoint.")
            raise
    _print_result(folder, as_json)


def recipes(as_json: JsonOption = False) -> None:
    """Show the recipes that come with the package."""
    from finetune.recipe import load_recipe, shipped_recipes

    rows = [(name, load_recipe(name)) for name in shipped_recipes()]
    if as_json:
        typer.echo(json.dumps({"recipes": {name: recipe.model_dump(mode="json") for name, recipe in rows}}))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in ("name", "base", "method", "rank", "layers"):
        table.add_column(column, no_wrap=True)
    for name, one in rows:
        layers = one.target_modules if isinstance(one.target_modules, str) else ", ".join(one.target_modules)
        table.add_row(name, one.base, one.method, str(one.rank), layers)
    Console().print(table)


def parsed_changes(changes: list[str]) -> dict[str, Any]:
    """What ``--set`` says, by key."""
    return dict(_parsed(change) for change in changes)


def _parsed(change: str) -> tuple[str, Any]:
    """``rank=16`` → ("rank", 16); a value that is no TOML is text."""
    key, sign, value = change.partition("=")
    if not sign:
        raise typer.BadParameter(f"--set takes KEY=VALUE, not {change!r}, such as --set rank=16.")
    try:
        return key.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return key.strip(), value.strip()


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
def listeners_on_stderr(tensorboard: Path | None) -> Iterator[Listeners]:
    """Downloads, stages and steps on stderr: a bar on a terminal, a line now and then elsewhere."""
    from rich.console import Console

    from finetune.train import Listeners
    from support_agent.cli.progress import download_progress

    console = Console(stderr=True)
    steps: _Bar | _Lines = _Bar(console) if console.is_terminal else _Lines(console)
    with download_progress() as on_files:
        try:
            yield Listeners(on_files, steps.show, steps.say, tensorboard)
        finally:
            steps.stop()


class _Bar:
    """A bar that moves with the steps; begun with the first of them."""

    def __init__(self, console: Console) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        self._console = console
        self._bar: Progress = Progress(
            TextColumn("step"), MofNCompleteColumn(), BarColumn(16), TextColumn("{task.description}"), console=console
        )
        self._task: Any = None

    def show(self, progress: TrainingProgress) -> None:
        """Move the bar."""
        if self._task is None:
            self._bar.start()
            self._task = self._bar.add_task("", total=progress.steps)
        self._bar.update(self._task, completed=progress.step, description=_in_words(progress))

    def say(self, stage: str) -> None:
        """Print a line above the bar."""
        self.stop()
        self._console.print(stage, markup=False, highlight=False, soft_wrap=True)

    def stop(self) -> None:
        """Leave the bar as it stands."""
        self._bar.stop()


class _Lines:
    """A line for each stage, and for a step at most every ten seconds."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last_s = 0.0

    def show(self, progress: TrainingProgress) -> None:
        """Print where the run stands, unless it was said just now."""
        from time import monotonic

        if monotonic() - self._last_s >= _LINE_EVERY_S or progress.step == progress.steps:
            self._last_s = monotonic()
            self.say(f"step {progress.step}/{progress.steps}  {_in_words(progress)}")

    def say(self, stage: str) -> None:
        """Print one line."""
        self._console.print(stage, markup=False, highlight=False, soft_wrap=True)

    def stop(self) -> None:
        """Nothing is open."""


def _in_words(progress: TrainingProgress) -> str:
    minutes, seconds = divmod(round(progress.left_s), 60)
    return (
        f"loss {progress.loss:.3f}  {progress.tokens_per_s:,.0f} tokens/s  "
        f"{progress.peak_bytes / 2**20:,.0f} MiB  {minutes}:{seconds:02d} left"
    )
