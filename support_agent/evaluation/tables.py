"""Scores, differences and effects → the tables that a page and a terminal show alike, and how a figure is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from support_agent.evaluation.compare import Comparison
from support_agent.evaluation.effects import MEASURES, Effect
from support_agent.evaluation.page import Table
from support_agent.evaluation.scores import SCORES

# How a figure is written: a score, a share, a difference.
SCORE, SHARE, SIGNED = ",.3f", ".1%", "+.3f"
_SLICE_SCORES = {
    "right": "dealt with rightly",
    "answered": "answered",
    "risk": "wrong among them",
    "false_alarm": "false alarms",
}


def figure(value: float | None, form: str = SCORE) -> str:
    """A figure, or a dash where there is none."""
    return "–" if value is None else format(value, form)


def with_interval(found: Mapping[str, Any] | None, form: str = SCORE) -> str:
    """``0.842 [0.811, 0.870]``; ``0.842 (n 3)`` where the tickets are too few for an interval."""
    if found is None or found["value"] is None:
        return "–"
    value = figure(found["value"], form)
    if found["low"] is None:
        return f"{value} (n {found['n']:,})"
    return f"{value} [{figure(found['low'], form)}, {figure(found['high'], form)}]"


def score_table(caption: str, scores: Mapping[str, Mapping[str, Any]], folded: bool = False) -> Table:
    """What each score is, and what it says."""
    rows = [
        [name, with_interval(scores[name]), f"{scores[name]['n']:,}", SCORES[name][0]]
        for name in SCORES
        if name in scores
    ]
    return Table(caption, ["score", "value [interval]", "n", "what it says"], rows, (1, 2), folded)


def slice_table(slices: Mapping[str, Mapping[str, Any]]) -> Table:
    """The deciding scores of each slice."""
    rows = [
        [name, f"{found['n']:,}", *(with_interval(found["scores"].get(score), SHARE) for score in _SLICE_SCORES)]
        for name, found in slices.items()
    ]
    caption = (
        "By slice, with 95% bootstrap intervals, or n where fewer than five tickets allow none; a false alarm is a "
        "ticket to be answered that was not."
    )
    return Table(caption, ["slice", "n", *_SLICE_SCORES.values()], rows, range(1, 6))


def route_table(routes: Mapping[str, Mapping[str, int]]) -> Table:
    """Tickets by wanted and actual route, with their share of those wanted."""
    rows = [
        [wanted, *(f"{count:,} ({count / sum(row.values()):.0%})" for count in row.values())]
        for wanted, row in routes.items()
        if sum(row.values())
    ]
    return Table("Routes, wanted by came", ["wanted", *next(iter(routes.values()))], rows, range(1, 4))


def spread_table(caption: str, stages: Sequence[Mapping[str, Any]], form: str) -> Table:
    """Median and 95th percentile of each stage."""
    rows = [[row["stage"], figure(row["p50"], form), figure(row["p95"], form), f"{row['n']:,}"] for row in stages]
    return Table(caption, ["stage", "p50", "p95", "n"], rows, (1, 2, 3))


def comparison_tables(found: Comparison) -> list[Table]:
    """Scores that differ, and tickets that went another way; without the table that would be empty."""
    scores = [
        [
            d.slice,
            f"{d.n:,}",
            d.score,
            f"{figure(d.first)} → {figure(d.second)}",
            with_interval({"value": d.difference, "low": d.low, "high": d.high, "n": d.n}, SIGNED),
            d.verdict,
        ]
        for d in found.differences
        if d.verdict != "same"
    ]
    was = {True: "right", False: "wrong"}
    moved = [
        [m.id, f"{m.first_route} ({was[m.first_right]})", f"{m.second_route} ({was[m.second_right]})"]
        for m in found.moved
    ]
    head = ["slice", "n", "score", "before → after", "difference [interval]", ""]
    tables = [
        Table("Scores that differ", head, scores, (1, 3, 4)),
        Table("Tickets that went another way", ["ticket", "before", "after"], moved),
    ]
    return [table for table in tables if table.rows]


def effect_table(family: str, effects: Iterable[Effect]) -> Table:
    """A family's differences, with p and Holm's p."""
    rows = [
        [
            e.name,
            MEASURES[e.measure],
            with_interval(asdict(e.difference), SIGNED),
            f"{e.difference.n:,}",
            figure(e.p, ".4f"),
            figure(e.p_holm, ".4f"),
            "yes" if e.beyond_chance else "no",
        ]
        for e in effects
        if e.family == family
    ]
    head = ["form", "measure", "difference [interval]", "n", "p", "p (Holm)", "beyond chance"]
    return Table(f"{family.capitalize()}: differences", head, rows, (2, 3, 4, 5))
