"""``support-agent calibrate``: from the index's own questions to a promise about the answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from support_agent.cli.loading import (
    AdapterOption,
    ConfigOption,
    GeneratorOption,
    IndexOption,
    JsonOption,
    ModelOption,
    OfflineOption,
    ProfileOption,
)

if TYPE_CHECKING:
    from support_agent.config import Config
    from support_agent.gate.calibrating.job import Prepared
    from support_agent.gate.calibration import Calibration

MaxErrorOption = Annotated[
    float, typer.Option(min=0.001, max=0.99, help="Largest share of the answers that may be wrong.")
]
DeltaOption = Annotated[
    float, typer.Option(min=0.0001, max=0.5, help="Largest chance that the promise is broken all the same.")
]
AboutOption = Annotated[
    Literal["supported", "agrees"],
    typer.Option(help="What right means: carried by the passages, or agreeing with the reference answer."),
]
LabelsOption = Annotated[
    Path | None,
    typer.Option("--labels", "-l", help="JSONL of verdicts by readers.", show_default="a judge by the references"),
]
CrossFittedOption = Annotated[
    Path | None, typer.Option(help="Folder that `finetune cross-fit` made.", show_default=False, metavar="FOLDER")
]
DraftsOption = Annotated[
    Path | None, typer.Option(help="JSONL that keeps the drafts.", show_default="beside the calibration")
]
ToReadOption = Annotated[
    Path | None, typer.Option(help="Write the answers to be labelled there, and stop.", show_default=False)
]
OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", help="The file to write.", show_default="among your own calibrations")
]


def calibrate(
    max_error: MaxErrorOption = 0.10,
    delta: DeltaOption = 0.05,
    about: AboutOption = "supported",
    labels: LabelsOption = None,
    cross_fitted: CrossFittedOption = None,
    drafts: DraftsOption = None,
    to_read: ToReadOption = None,
    output: OutputOption = None,
    config: ConfigOption = None,
    profile: ProfileOption = None,
    index: IndexOption = None,
    generator: GeneratorOption = None,
    model: ModelOption = None,
    adapter: AdapterOption = None,
    offline: OfflineOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure how often answers are wrong, and set the threshold that keeps the promise.

    Every question of the index is answered without its own passage (about a second each), the answers are labelled, and
    Learn then Test picks the threshold. The agent then uses the calibration by itself. That no threshold keeps the
    promise is an ordinary outcome: everything then goes to a human.
    """
    from support_agent.config import load_config
    from support_agent.gate.calibrating.judge import judged
    from support_agent.gate.calibrating.run import Promise
    from support_agent.gate.calibrating.run import calibrate as certify
    from support_agent.gate.calibrating.verdicts import read_verdicts, write_to_read
    from support_agent.gate.calibration import write_calibration
    from support_agent.gate.opening import own_calibration

    settings = load_config(
        config,
        profile=profile,
        index=index,
        generator=generator,
        model=model,
        adapter=adapter,
        offline=offline or None,
    ).config
    verdicts = read_verdicts(labels) if labels else None
    target = output or own_calibration(settings)
    prepared = _prepare(settings, drafts or target.with_suffix(".drafts.jsonl"), cross_fitted)
    if to_read:
        typer.echo(f"{write_to_read(to_read, prepared.rows)} answers to label are in {to_read}")
        return
    labelled = verdicts.labels(prepared.rows, about) if verdicts else judged(prepared.rows, about, prepared.embedder)
    made = certify(prepared.with_labels(labelled), Promise(about, max_error, delta))
    write_calibration(target, made)
    if as_json:
        typer.echo(json.dumps({"output": str(target), "version": made.version, **made.to_dict()}, ensure_ascii=False))
    else:
        _print(target, made)


def _prepare(settings: Config, drafts: Path, cross_fitted: Path | None) -> Prepared:
    """Drafts and signals, with a bar on stderr."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from support_agent.cli.models import download_progress
    from support_agent.gate.calibrating.job import prepare

    columns = TextColumn("drafts"), MofNCompleteColumn(), BarColumn(20), TimeRemainingColumn()
    with download_progress() as on_progress, Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=None, visible=False)

        def on_drafted(done: int, rows: int) -> None:
            bar.update(task, completed=done, total=rows, visible=True)

        return prepare(settings, drafts, cross_fitted=cross_fitted, on_progress=on_progress, on_drafted=on_drafted)


def _print(target: Path, made: Calibration) -> None:
    from rich.console import Console
    from rich.table import Table

    typer.echo(made.in_words())
    console = Console()
    for kind, rows in made.tables.items():
        table = Table(box=None, pad_edge=False, title_justify="left")
        for name in (kind, "n", "answered", "coverage", "wrong", "95 % interval", ""):
            table.add_column(name, justify="left" if name in (kind, "") else "right")
        for row in rows:
            wrong = "–" if row.risk is None else f"{row.risk:.1%}"
            interval = "–" if row.risk is None else f"{row.low:.1%} to {row.high:.1%}"
            flag = "[red]the promise is broken here[/red]" if row.broken else ""
            table.add_row(row.group, str(row.n), str(row.answered), f"{row.coverage:.0%}", wrong, interval, flag)
        console.print()
        console.print(table)
    typer.echo(f"\n{target} is in force for this index, generator and prompt", err=True)
