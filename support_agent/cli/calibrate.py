"""``support-agent calibrate``: from the index's own questions to a promise about the answers."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from support_agent.cli.agent_options import AgentOptions, JsonOption, with_agent_options
from support_agent.cli.printing import print_json, print_table
from support_agent.records import About

if TYPE_CHECKING:
    from support_agent.config import Config
    from support_agent.evidence.calibration import Calibration
    from support_agent.evidence.group_table import GroupRow
    from support_agent.evidence.job import OnMeasured
    from support_agent.models import OnProgress

MaxErrorOption = Annotated[
    float, typer.Option(min=0.001, max=0.99, help="Largest share of the answers that may be wrong.")
]
DeltaOption = Annotated[
    float, typer.Option(min=0.0001, max=0.5, help="Largest chance that the promise is broken all the same.")
]
AboutOption = Annotated[
    About, typer.Option(help="What right means: carried by the passages, or agreeing with the known answer.")
]
LabelsOption = Annotated[
    Path | None, typer.Option("--labels", "-l", help="JSONL of labels by readers.", show_default=False)
]
CrossFittedOption = Annotated[
    Path | None, typer.Option(help="Folder that `finetune cross-fit` made.", show_default=False, metavar="FOLDER")
]
DraftsOption = Annotated[
    Path | None, typer.Option(help="JSONL that keeps the drafts.", show_default="among your own calibrations")
]
ToReadOption = Annotated[
    Path | None, typer.Option(help="Write the answers to be labelled there, and stop.", show_default=False)
]
OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", help="The file to write.", show_default="among your own calibrations")
]


@with_agent_options(without=["calibration"])
def calibrate(
    max_error: MaxErrorOption = 0.10,
    delta: DeltaOption = 0.05,
    about: AboutOption = "supported",
    labels: LabelsOption = None,
    cross_fitted: CrossFittedOption = None,
    drafts: DraftsOption = None,
    to_read: ToReadOption = None,
    output: OutputOption = None,
    options: AgentOptions = AgentOptions(),
    as_json: JsonOption = False,
) -> None:
    """Measure how often answers are wrong, and set the threshold that keeps the promise.

    Every question of the index is answered without its own passage (about a second each). With --to-read the answers
    are written for readers to label; with --labels Learn then Test picks the threshold. The agent then uses the
    calibration by itself. That no threshold keeps the promise is an ordinary outcome: everything then goes to a human.
    """
    from support_agent.errors import CalibrationError
    from support_agent.evidence import job
    from support_agent.evidence.opening import own_calibration

    settings = options.settings()
    if to_read:
        _write_to_read(settings, to_read, drafts, cross_fitted)
        return
    if labels is None:
        raise CalibrationError(
            "A promise rests on what readers say of the answers. Write these with --to-read FILE, have each labelled "
            "true or false, and give the file with --labels."
        )
    target = output or own_calibration(settings)
    with _progress() as (on_progress, on_measured):
        made = job.calibrate(
            labels,
            config=settings,
            max_error=max_error,
            delta=delta,
            about=about,
            output=target,
            drafts=drafts,
            cross_fitted=cross_fitted,
            on_progress=on_progress,
            on_measured=on_measured,
        )
    if as_json:
        print_json({"output": str(target), "version": made.version, **made.to_dict()})
    else:
        _print(made)
    typer.echo(f"\n{_how_to_use(target, made, settings)}", err=True)


def _write_to_read(settings: Config, file: Path, drafts: Path | None, cross_fitted: Path | None) -> None:
    from support_agent.errors import CalibrationError
    from support_agent.evidence.job import measure_index
    from support_agent.evidence.labels import write_to_read

    if file.exists():
        raise CalibrationError(f"{file} is there already, and may hold labels. Name another file for --to-read.")
    with _progress() as (on_progress, on_measured):
        found = measure_index(
            settings, drafts=drafts, cross_fitted=cross_fitted, on_progress=on_progress, on_measured=on_measured
        )
    typer.echo(f"{write_to_read(file, found.rows, found.references):,} answers to label are in {file}")


def _how_to_use(target: Path, made: Calibration, settings: Config) -> str:
    """Whether the agent finds the calibration by itself, and what it then does."""
    from support_agent.evidence.opening import AUTO, own_calibration

    own = own_calibration(settings)
    by_itself = settings.calibration == AUTO and target.suffix == ".json" and _same(target.parent, own.parent)
    if by_itself or _same(target, Path(settings.calibration)):
        use = f"{target} is in force for this index, generator and prompt"
    else:
        use = f"{target} is used where it is named: --calibration {shlex.quote(str(target))}"
    return use if made.certificate.threshold is not None else f"{use}. With it every ticket goes to a human."


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


@contextmanager
def _progress() -> Iterator[tuple[OnProgress, OnMeasured]]:
    """Downloads, and how many questions are measured, shown on stderr."""
    from support_agent.cli.progress import counted_progress, download_progress

    with download_progress() as on_progress, counted_progress("answers", line_every_s=60) as answers:
        yield on_progress, answers.show


def _print(made: Calibration) -> None:
    typer.echo(made.in_words())
    for kind, rows in made.tables.items():
        columns = (kind, "n", "answered", "coverage", "wrong", "95 % interval", "")
        typer.echo()
        print_table(columns, map(_cells, rows), numbers=range(1, 6))


def _cells(row: GroupRow) -> tuple[str, ...]:
    wrong = "–" if row.risk is None else f"{row.risk:.1%}"
    interval = "–" if row.risk is None else f"{row.low:.1%} to {row.high:.1%}"
    flag = "the promise is broken here" if row.broken else ""
    return row.group, str(row.n), str(row.answered), f"{row.coverage:.0%}", wrong, interval, flag
