"""``support-agent calibrate``: from the index's own questions to a promise about the answers."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from support_agent.cli.agent_options import AgentOptions, JsonOption, with_agent_options

if TYPE_CHECKING:
    from support_agent.config import Config
    from support_agent.gate.calibrating.job import Prepared
    from support_agent.gate.calibrating.run import Promise
    from support_agent.gate.calibration import Calibration

MaxErrorOption = Annotated[
    float, typer.Option(min=0.001, max=0.99, help="Largest share of the answers that may be wrong.")
]
DeltaOption = Annotated[
    float, typer.Option(min=0.0001, max=0.5, help="Largest chance that the promise is broken all the same.")
]
AboutOption = Annotated[
    Literal["supported", "agrees"] | None,
    typer.Option(
        help="What right means: carried by the passages, or agreeing with the reference answer, which is all that the "
        "judge can tell.",
        show_default="supported with --labels, else agrees",
    ),
]
LabelsOption = Annotated[
    Path | None,
    typer.Option("--labels", "-l", help="JSONL of verdicts by readers.", show_default="a judge by the references"),
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
    about: AboutOption = None,
    labels: LabelsOption = None,
    cross_fitted: CrossFittedOption = None,
    drafts: DraftsOption = None,
    to_read: ToReadOption = None,
    output: OutputOption = None,
    options: AgentOptions = AgentOptions(),
    as_json: JsonOption = False,
) -> None:
    """Measure how often answers are wrong, and set the threshold that keeps the promise.

    Every question of the index is answered without its own passage (about a second each), the answers are labelled, and
    Learn then Test picks the threshold. The agent then uses the calibration by itself. That no threshold keeps the
    promise is an ordinary outcome: everything then goes to a human.
    """
    from support_agent.gate.calibrating.run import Promise
    from support_agent.gate.opening import own_calibration

    settings = options.settings()
    target = output or own_calibration(settings)
    job = _Job(settings, drafts or own_calibration(settings).with_suffix(".drafts.jsonl"), cross_fitted)
    if to_read:
        _write_to_read(job, to_read)
        return
    made = _calibrated(job, Promise(about or ("supported" if labels else "agrees"), max_error, delta), labels)
    _write(made, target, settings, show=_print_json if as_json else _print)


@dataclass(frozen=True)
class _Job:
    """What is to be drafted, by what, and where the drafts are kept."""

    settings: Config
    drafts: Path
    cross_fitted: Path | None


def _write_to_read(job: _Job, file: Path) -> None:
    from support_agent.errors import CalibrationError
    from support_agent.gate.calibrating.verdicts import write_to_read

    if file.exists():
        raise CalibrationError(f"{file} is there already, and may hold labels. Name another file for --to-read.")
    typer.echo(f"{write_to_read(file, _prepare(job).rows):,} answers to label are in {file}")


def _calibrated(job: _Job, promise: Promise, labels: Path | None) -> Calibration:
    """Draft, label, certify; what can be found wrong before the drafts, which take hours, is found then."""
    from support_agent.gate.calibrating.judge import check_judge, judged
    from support_agent.gate.calibrating.run import calibrate as certify
    from support_agent.gate.calibrating.verdicts import read_verdicts
    from support_agent.retrieval import find_index
    from support_agent.retrieval.index import read_index_manifest

    if labels:
        verdicts = read_verdicts(labels)
        prepared = _prepare(job)
        labelled = verdicts.labels(prepared.rows, promise.about)
    else:
        check_judge(promise.about, read_index_manifest(find_index(job.settings.index))["embedder"]["fingerprint"])
        prepared = _prepare(job)
        labelled = judged(prepared.rows, promise.about, prepared.embedder)
    return certify(prepared.with_labels(labelled), promise)


def _write(made: Calibration, target: Path, settings: Config, *, show: Callable[[Path, Calibration], None]) -> None:
    from support_agent.gate.calibration import write_calibration

    write_calibration(target, made)
    show(target, made)
    typer.echo(f"\n{_how_to_use(target, made, settings)}", err=True)


def _how_to_use(target: Path, made: Calibration, settings: Config) -> str:
    """Whether the agent finds the calibration by itself, and what it then does."""
    from support_agent.gate.opening import AUTO, own_folder

    by_itself = settings.calibration == AUTO and target.suffix == ".json" and _same(target.parent, own_folder())
    if by_itself or _same(target, Path(settings.calibration)):
        use = f"{target} is in force for this index, generator and prompt"
    else:
        use = f"{target} is used where it is named: --calibration {shlex.quote(str(target))}"
    return use if made.certificate.threshold is not None else f"{use}. With it every ticket goes to a human."


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


def _prepare(job: _Job) -> Prepared:
    """Drafts and signals, with a bar on stderr."""
    from support_agent.cli.progress import counted_progress, download_progress
    from support_agent.gate.calibrating.job import prepare

    with download_progress() as on_progress, counted_progress("drafts", line_every_s=60) as drafts:
        return prepare(
            job.settings, job.drafts, cross_fitted=job.cross_fitted, on_progress=on_progress, on_drafted=drafts.show
        )


def _print_json(target: Path, made: Calibration) -> None:
    typer.echo(json.dumps({"output": str(target), "version": made.version, **made.to_dict()}, ensure_ascii=False))


def _print(_target: Path, made: Calibration) -> None:
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
