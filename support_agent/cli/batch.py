"""``support-agent batch``: a ticket CSV in, the same CSV answered out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from support_agent.cli.loading import (
    AdapterOption,
    CalibrationOption,
    ConfigOption,
    GeneratorOption,
    IndexOption,
    JsonOption,
    ModelOption,
    OfflineOption,
    ProfileOption,
    load_agent,
)

if TYPE_CHECKING:
    from support_agent.batch import Counts, Plan, Summary

REJECTED_ROWS = 3
STOPPED = 130


def batch(
    source: Annotated[Path, typer.Argument(metavar="IN.csv", help="Tickets as a helpdesk exports them.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="OUT.csv", help="Where the answered file goes.")],
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map", metavar="ROLE=COLUMN", help="Column for text, subject or id; may be given several times."
        ),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first so many rows.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done and write nothing.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Throw an unfinished run's replies away.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    profile: ProfileOption = None,
    index: IndexOption = None,
    generator: GeneratorOption = None,
    model: ModelOption = None,
    adapter: AdapterOption = None,
    calibration: CalibrationOption = None,
    offline: OfflineOption = None,
) -> None:
    """Answer every ticket of a CSV; the same command goes on where it was stopped.

    Ends with 3 if some rows were rejected: they stand in the output with sa_status=rejected and why.
    """
    from support_agent.batch import Counts, open_journal, parse_mapping, plan_batch, run_batch

    try:
        roles = parse_mapping(mapping or [])
    except ValueError as problem:
        raise typer.BadParameter(str(problem), param_hint="--map") from problem
    plan = plan_batch(source, output, roles, limit)
    _say_plan(plan)
    if dry_run:
        _print_dry_run(plan, as_json)
        return
    closed = Counts()
    try:
        with open_journal(plan.output) as journal:
            if fresh:
                journal.clear()
            agent = load_agent(config, profile, index, generator, model, adapter, calibration, offline)
            with _bar(plan) as draw:
                summary = run_batch(plan, agent, journal, closed, draw)
    except KeyboardInterrupt:
        typer.echo(f"Stopped after {closed.rows:,} of {plan.rows:,} rows; run the same command to go on.", err=True)
        raise SystemExit(STOPPED) from None
    _print_summary(summary, as_json)
    if summary.counts.rejected:
        raise typer.Exit(REJECTED_ROWS)


def _say_plan(plan: Plan) -> None:
    """The mapping, before anything is done with it."""
    taken = f"{plan.rows:,} of {plan.file_rows:,} rows" if plan.rows < plan.file_rows else f"{plan.rows:,} rows"
    typer.echo(f"{plan.layout.path}: {taken}, read as {plan.columns.format}", err=True)
    for role, column in plan.columns.describe(plan.layout.header).items():
        typer.echo(f"  {role:8}← {column}", err=True)
    if plan.faulty:
        typer.echo(f"  {plan.faulty:,} rows will be rejected; the output says why for each.", err=True)


def _print_dry_run(plan: Plan, as_json: bool) -> None:
    from support_agent.batch import count_distinct

    distinct = count_distinct(plan)
    if as_json:
        mapping = plan.columns.describe(plan.layout.header)
        _print_json(
            format=plan.columns.format, mapping=mapping, rows=plan.rows, rejected=plan.faulty, distinct_tickets=distinct
        )
        return
    for row in islice(plan.read(), 3):
        ticket = plan.columns.ticket(row)
        opening = " ".join(ticket.body.split()[:8])
        typer.echo(f"row {row.number} (line {row.line}): {len(ticket.body):,} characters: {opening[:80]}")
    typer.echo(f"{distinct:,} different tickets; at most so many would be generated. Nothing was written.")


@contextmanager
def _bar(plan: Plan) -> Iterator[Callable[[Counts], None]]:
    """A progress bar on stderr, where that is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    words = TextColumn("{task.description}")
    columns = (BarColumn(bar_width=20), MofNCompleteColumn(), words, TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=plan.rows)

        def draw(counts: Counts) -> None:
            progress.update(task, completed=counts.rows, description=_in_words(counts))

        yield draw


def _in_words(counts: Counts) -> str:
    """The four counts, and the fifth where there is something to count."""
    found = {status: rows for status, rows in asdict(counts).items() if rows or status != "skipped"}
    return " · ".join(f"{rows:,} {status}" for status, rows in found.items())


def _print_summary(summary: Summary, as_json: bool) -> None:
    if as_json:
        _print_json(
            output=str(summary.output),
            rows=summary.rows,
            **asdict(summary.counts),
            generated=summary.generated,
            defused_cells=summary.defused,
            generator_down=summary.generator_down,
        )
        return
    typer.echo(f"{summary.output}: {summary.rows:,} rows = {_in_words(summary.counts)}")
    if summary.generator_down:
        typer.secho(
            f"Rows that got the best passage's own words because the generator failed: {summary.generator_down:,}.",
            err=True,
            fg=typer.colors.YELLOW,
        )
    if summary.defused:
        typer.echo(
            f"Cells that a spreadsheet would run as a formula, given a leading apostrophe: {summary.defused:,}.",
            err=True,
        )


def _print_json(**facts: Any) -> None:
    typer.echo(json.dumps(facts, ensure_ascii=False))
