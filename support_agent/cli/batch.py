"""``support-agent batch``: a ticket CSV in, the same CSV answered out."""

from __future__ import annotations

from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from support_agent.cli.agent_options import AgentOptions, JsonOption, with_agent_options
from support_agent.cli.printing import print_json
from support_agent.cli.progress import counted_progress
from support_agent.wording import counted

if TYPE_CHECKING:
    from support_agent.batch import BatchPlan, Counts, Summary

REJECTED_ROWS = 3
STOPPED = 130


@with_agent_options()
def batch(
    source: Annotated[Path, typer.Argument(metavar="IN.csv", help="Tickets as a helpdesk exports them.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="OUT.csv", help="Where the answered file goes; not needed with --dry-run."
        ),
    ] = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map", metavar="ROLE=COLUMN", help="Column that holds the text, subject or id; may be repeated."
        ),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Answer only this many rows, from the top.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done and write nothing.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Discard an unfinished run's replies and start over.")] = False,
    as_json: JsonOption = False,
    options: AgentOptions = AgentOptions(),
) -> None:
    """Answer every ticket of a CSV; after a stop, run the same command to go on.

    Send the column sa_reply: in a first message it says that a machine answers. sa_answer is the same without that
    notice, and is what readers judge.

    The exit code is 3 if rows were rejected; the output gives them sa_status=rejected and says why in sa_error.
    """
    from support_agent.batch import parse_mapping, plan_batch, run_batch

    try:
        roles = parse_mapping(mapping or [])
    except ValueError as problem:
        raise typer.BadParameter(str(problem), param_hint="--map") from problem
    if output is None and not dry_run:
        raise typer.BadParameter("name the file to write, such as -o answered.csv", param_hint="--output")
    plan = plan_batch(source, output or _never_written(source), roles, limit)
    _say_plan(plan)
    if dry_run:
        _print_dry_run(plan, as_json)
        return
    with counted_progress("rows") as bar:
        try:
            summary = run_batch(
                plan,
                options.load_agent,
                fresh=fresh,
                on_progress=lambda counts: bar.show(counts.rows, plan.rows, _in_words(counts)),
            )
        except KeyboardInterrupt:
            bar.say(f"Stopped after {bar.done:,} of {counted(plan.rows, 'row')}; run the same command to go on.")
            raise SystemExit(STOPPED) from None
    _print_summary(summary, as_json)
    if summary.counts.rejected:
        raise typer.Exit(REJECTED_ROWS)


def _never_written(source: Path) -> Path:
    """What a dry run has for an output where none is named."""
    return source.with_name(f"answered-{source.name}")


def _say_plan(plan: BatchPlan) -> None:
    """The mapping, before anything is done with it."""
    every = counted(plan.file_rows, "row")
    taken = f"{plan.rows:,} of {every}" if plan.rows < plan.file_rows else every
    typer.echo(f"{plan.layout.path}: {taken}, read as {plan.columns.format}", err=True)
    for role, column in plan.columns.describe(plan.layout.header).items():
        typer.echo(f"  {role:8}← {column}", err=True)
    if plan.faulty:
        typer.echo(f"  {counted(plan.faulty, 'row')} will be rejected; the output says why for each.", err=True)


def _print_dry_run(plan: BatchPlan, as_json: bool) -> None:
    from support_agent.batch import count_distinct

    distinct = count_distinct(plan)
    if as_json:
        mapping = plan.columns.describe(plan.layout.header)
        rows = {"rows": plan.rows, "rejected": plan.faulty, "distinct_tickets": distinct}
        print_json({"format": plan.columns.format, "mapping": mapping, **rows})
        return
    for row in islice(plan.read(), 3):
        ticket = plan.columns.ticket(row)
        opening = " ".join(ticket.body.split()[:8])
        typer.echo(f"row {row.number} (line {row.line}): {counted(len(ticket.body), 'character')}: {opening[:80]}")
    typer.echo(f"{counted(distinct, 'different ticket')}; at most so many would be generated. Nothing was written.")


def _in_words(counts: Counts) -> str:
    """The four counts, and the fifth where there is something to count."""
    found = {status: rows for status, rows in asdict(counts).items() if rows or status != "skipped"}
    return " · ".join(f"{rows:,} {status}" for status, rows in found.items())


def _print_summary(summary: Summary, as_json: bool) -> None:
    if as_json:
        facts = {**asdict(summary), **asdict(summary.counts), "output": str(summary.output)}
        facts["defused_cells"] = facts.pop("defused")
        del facts["counts"]
        print_json(facts)
        return
    typer.echo(f"{summary.output}: {counted(summary.rows, 'row')} = {_in_words(summary.counts)}")
    if summary.suggested:
        words = "Rows with a suggestion for the person who takes over (sa_suggestion)"
        typer.echo(f"{words}: {summary.suggested:,}.", err=True)
    if summary.generator_down:
        words = "Rows that got the best passage's own words because the generator failed"
        typer.secho(f"{words}: {summary.generator_down:,}.", err=True, fg=typer.colors.YELLOW)
    if summary.defused:
        words = "Cells that a spreadsheet would run as a formula, given a leading apostrophe"
        typer.echo(f"{words}: {summary.defused:,}.", err=True)
