"""``support-agent eval``: run, score, compare, audit."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from support_agent.cli.agent_options import AgentOptions, JsonOption, with_agent_options
from support_agent.cli.printing import print_json, print_table
from support_agent.cli.progress import counted_progress
from support_agent.evaluation.defaults import PROMISE, RIGHT_F1
from support_agent.records import About
from support_agent.wording import counted

if TYPE_CHECKING:
    from support_agent.evaluation.page import Table
    from support_agent.evaluation.results import Result

eval_app = typer.Typer(no_args_is_help=True, help="Measure on golden tickets, compare two runs, audit for bias.")

SetArgument = Annotated[
    str, typer.Argument(metavar="SET", help="Golden set: a JSONL file, or an index that holds one.")
]
LabelsOption = Annotated[
    Path | None,
    typer.Option(
        "--labels",
        metavar="FILE",
        help='What people said of answers: rows of {"id", "right"}, or of {"id", "sent", "supported", "agrees"}.',
    ),
]
AboutOption = Annotated[About, typer.Option("--about", help="Which word of a reader counts, where --labels has both.")]
RightF1Option = Annotated[
    float, typer.Option("--right-f1", min=0, max=1, help="Token-F1 from which an answer counts as right.")
]
PromiseOption = Annotated[float, typer.Option(min=0, max=1, help="Largest share of wrong answers you allow.")]
ReportOption = Annotated[Path | None, typer.Option("--report", metavar="OUT.html", help="Write a page as well.")]


@eval_app.command()
@with_agent_options()
def run(
    golden_set: SetArgument,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FOLDER", help="Where the result goes.", show_default="runs/<set>"),
    ] = None,
    report: ReportOption = None,
    labels: LabelsOption = None,
    about: AboutOption = "supported",
    right_f1: RightF1Option = RIGHT_F1,
    promise: PromiseOption = PROMISE,
    as_json: JsonOption = False,
    options: AgentOptions = AgentOptions(),
) -> None:
    """Ask every ticket of a golden set, score the replies, write a result folder."""
    from support_agent.evaluation.job import evaluate

    with counted_progress("tickets") as tickets:
        result = evaluate(
            golden_set,
            options.load_agent,
            output=output,
            report=report,
            labels=labels,
            about=about,
            right_f1=right_f1,
            promise=promise,
            on_done=tickets.show,
        )
    _print_result(result, report, as_json)


@eval_app.command()
def score(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Result folder of `eval run`.")],
    report: ReportOption = None,
    labels: LabelsOption = None,
    about: AboutOption = "supported",
    right_f1: RightF1Option = RIGHT_F1,
    promise: PromiseOption = PROMISE,
    as_json: JsonOption = False,
) -> None:
    """Score a result anew, with other labels or another threshold; no ticket is asked again."""
    from support_agent.evaluation.job import rescore

    result = rescore(folder, report=report, labels=labels, about=about, right_f1=right_f1, promise=promise)
    _print_result(result, report, as_json)


@eval_app.command()
def compare(
    first: Annotated[Path, typer.Argument(metavar="BEFORE", help="Result folder.")],
    second: Annotated[Path, typer.Argument(metavar="AFTER", help="Result folder of the same golden set.")],
    slices: Annotated[
        list[str] | None,
        typer.Option("--slice", metavar="NAME", help="Fail only for this slice; may be given several times."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say what got better and worse; ends with 1 when a slice is worse by more than chance explains."""
    from support_agent.evaluation.compare import check_slices, compare
    from support_agent.evaluation.results import read_result
    from support_agent.evaluation.tables import comparison_tables

    before, after = read_result(first), read_result(second)
    check_slices(before, slices or [])
    found = compare(before, after)
    worse, untold = found.worse_slices(slices or []), found.untold_slices(slices or [])
    if as_json:
        print_json({**found.to_dict(), "worse": worse, "too_few_to_tell": untold})
    else:
        _print_tables(comparison_tables(found))
        beyond = sum(d.verdict in ("better", "worse") for d in found.differences)
        differ = "differs" if beyond == 1 else "differ"
        typer.echo(
            f"{counted(len(found.differences), 'score')} compared, {beyond:,} {differ} beyond chance; "
            f"{counted(len(found.moved), 'ticket')} went another way."
        )
        if untold:
            typer.echo(f"Changed for the worse, but in too few tickets to tell: {', '.join(untold)}.", err=True)
        _say_in_red(f"Worse beyond chance: {', '.join(worse)}." if worse else "")
    if worse:
        raise typer.Exit(1)


@eval_app.command()
@with_agent_options()
def audit(
    golden_set: SetArgument,
    slice_name: Annotated[str, typer.Option("--slice", metavar="NAME", help="Only tickets with this tag.")] = "",
    limit: Annotated[int | None, typer.Option(min=1, help="Only so many tickets, drawn at random.")] = None,
    report: ReportOption = None,
    as_json: JsonOption = False,
    options: AgentOptions = AgentOptions(),
) -> None:
    """Ask the same tickets under other names, in other tones, dialects and languages, and with typing errors."""
    from support_agent.evaluation.job import UNWATCHED, audit_agent
    from support_agent.evaluation.tables import effect_table

    with counted_progress("tickets") as tickets:
        found = audit_agent(
            golden_set,
            options.load_agent,
            slice_name=slice_name,
            limit=limit,
            report=report,
            on_done=tickets.show,
        )
    _say_in_red(found.closed)
    if as_json:
        print_json({**found.to_dict(), **UNWATCHED})
    else:
        _print_tables(effect_table(family, found.effects) for family in found.families)
        typer.echo(f"{counted(found.tickets, 'ticket')}, {counted(found.asked, 'text')} asked.", err=True)


def _print_result(result: Result, report: Path | None, as_json: bool) -> None:
    """The overall scores on stdout; what must be known of them on stderr."""
    from support_agent.evaluation.run import closed_gate
    from support_agent.evaluation.tables import score_table

    scores = result.scores
    _say_in_red(closed := closed_gate(result.outcomes))
    if as_json:
        shown = ("overall", "slices", "routes", "judge", "bootstrap", "labelled", "latency_ms", "tokens")
        told = {"gate_closed": closed} if closed else {}
        print_json({**told, "folder": str(result.folder), **{key: scores[key] for key in shown}})
    else:
        _print_tables([score_table("All tickets", scores["overall"]["scores"])])
    if given := scores["judge"]["verdicts"]:
        typer.echo(f"Of {given:,} labels {scores['labelled']:,} are of texts that were or would be sent.", err=True)
    typer.echo(f"Written: {result.folder}{f', {report}' if report else ''}", err=True)


def _print_tables(tables: Iterable[Table]) -> None:
    for table in tables:
        print_table(table.head, table.rows, numbers=table.numbers, title=table.caption)


def _say_in_red(warning: str) -> None:
    if warning:
        typer.secho(warning, err=True, fg=typer.colors.RED)
