"""Answers on stdout: one JSON object for machines, or a table."""

from __future__ import annotations

import json
from collections.abc import Iterable
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


def print_table(columns: Iterable[str], rows: Iterable[Iterable[Any]], *, fold: str) -> None:
    """A table; the cells of the column named ``fold`` are broken over lines where the terminal is narrow."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for name in columns:
        table.add_column(name, no_wrap=name != fold, overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    Console().print(table)


def size_in_words(size_bytes: int | None) -> str:
    """Such as "98.4 MB"."""
    from rich.filesize import decimal

    return "unknown" if size_bytes is None else decimal(size_bytes)
