"""What ``support-agent eval`` prints for people: scores, comparisons, audits as tables on stdout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from support_agent.evaluation.compare import Comparison
    from support_agent.evaluation.effects import Audit


def print_scores(scores: Mapping[str, Any]) -> None:
    """Every score over all tickets."""
    from support_agent.evaluation.page import with_interval
    from support_agent.evaluation.scores import SCORES

    found = scores["overall"]["scores"]
    rows = [
        (name, with_interval(found[name]), f"{found[name]['n']:,}", SCORES[name][0]) for name in SCORES if name in found
    ]
    _print_table(("score", "value [interval]", "n", "what it says"), rows)


def print_comparison(found: Comparison, worse: Sequence[str], untold: Sequence[str]) -> None:
    """What differs, the tickets that went another way, and the slices that are worse or may be."""
    from support_agent.evaluation.page import signed_with_interval

    changed = [d for d in found.differences if d.verdict != "same"]
    rows = [
        (
            d.slice,
            f"{d.n:,}",
            d.score,
            f"{d.first:.3f} → {d.second:.3f}",
            signed_with_interval({"value": d.difference, "low": d.low, "high": d.high, "n": d.n}),
            d.verdict,
        )
        for d in changed
    ]
    if rows:
        _print_table(("slice", "n", "score", "before → after", "difference [interval]", ""), rows)
    for ticket in found.moved:
        was, now = ("right" if right else "wrong" for right in (ticket.first_right, ticket.second_right))
        typer.echo(f"{ticket.id}: {ticket.first_route} ({was}) → {ticket.second_route} ({now})")
    beyond = sum(d.verdict in ("better", "worse") for d in changed)
    compared = f"{len(found.differences):,} scores compared"
    typer.echo(f"{compared}, {beyond:,} differ beyond chance; {len(found.moved):,} tickets went another way.")
    if untold:
        typer.echo(f"Changed for the worse, but in too few tickets to tell: {', '.join(untold)}.", err=True)
    if worse:
        typer.secho(f"Worse beyond chance: {', '.join(worse)}.", err=True, fg=typer.colors.RED)


def print_audit(found: Audit) -> None:
    """Every comparison, a line each."""
    from support_agent.evaluation.page import signed_with_interval

    rows = [
        (
            f"{e.family}: {e.name}",
            e.measure,
            signed_with_interval(e.difference.to_dict()),
            f"{e.difference.n:,}",
            f"{e.p_holm:.4f}",
            "yes" if e.beyond_chance else "",
        )
        for e in found.effects
    ]
    _print_table(("form", "measure", "difference [interval]", "n", "p (Holm)", "beyond chance"), rows)
    typer.echo(f"{found.tickets:,} tickets, {found.asked:,} texts asked.", err=True)


def _print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in head:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*row)
    Console(highlight=False, markup=False).print(table)
