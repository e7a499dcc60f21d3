"""Answers on stdout: one JSON object for machines, or a table."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import typer


def print_json(value: Any) -> None:
    """One JSON object on one line."""
    typer.echo(json.dumps(value, ensure_ascii=False))


def print_either(words: object, value: Any, as_json: bool) -> None:
    """The words, or the value for machines where ``--json`` asks for it."""
    if as_json:
        print_json(value)
    else:
        typer.echo(words)


def print_table(
    columns: Sequence[str],
    rows: Iterable[Iterable[Any]],
    *,
    fold: str | None = None,
    numbers: Collection[int] = (),
    title: str | None = None,
) -> None:
    """A table.

    Args:
        fold: the one column whose cells are broken over lines where the terminal is narrow; any may be without it.
        numbers: places of the columns that are set to the right.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = None if title is None else Text(title)
    table = Table(title=shown, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for at, name in enumerate(columns):
        table.add_column(Text(name), no_wrap=fold not in (None, name), overflow="fold")
        table.columns[at].justify = "right" if at in numbers else "left"
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    Console(highlight=False).print(table)


def size_in_words(size_bytes: int | None) -> str:
    """Such as "98.4 MB"."""
    from rich.filesize import decimal

    return "unknown" if size_bytes is None else decimal(size_bytes)
