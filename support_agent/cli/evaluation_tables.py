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


def print_comparison(found: Comparison, worse: list[str]) -> None:
    """What differs beyond chance, and the tickets that went another way."""
    changed = [d for d in found.differences if d.verdict != "same"]
    rows = [
        (
            d.slice,
            d.score,
            f"{d.first:.3f} → {d.second:.3f}",
            f"{d.difference:+.3f} [{d.low:+.3f}, {d.high:+.3f}]",
            d.verdict,
        )
        for d in changed
    ]
    if rows:
        _print_table(("slice", "score", "before → after", "difference [interval]", ""), rows)
    for ticket in found.moved:
        was, now = ("right" if right else "wrong" for right in (ticket.first_right, ticket.second_right))
        typer.echo(f"{ticket.id}: {ticket.first_route} ({was}) → {ticket.second_route} ({now})")
    compared = f"{len(found.differences):,} scores compared"
    typer.echo(f"{compared}, {len(changed):,} differ beyond chance; {len(found.moved):,} tickets went another way.")
    if worse:
        typer.secho(f"Worse beyond chance: {', '.join(worse)}.", err=True, fg=typer.colors.RED)


def print_audit(found: Audit) -> None:
    """Every comparison, a line each."""
    rows = [
        (
            f"{e.family}: {e.name}",
            e.measure,
            f"{e.difference.value:+.3f} [{e.difference.low:+.3f}, {e.difference.high:+.3f}]",
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
