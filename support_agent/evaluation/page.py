"""Tables, and the HTML page they stand in, which fetches nothing.

The pages' words stand in ``pages/``. The same values make the same bytes; every text is escaped, and only the pictures
of figures.py are taken as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Card:
    """One figure at the top. ``tone`` is "good", "bad" or empty."""

    label: str
    value: str
    note: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Table:
    """Rows under a head; ``numbers`` are the columns set to the right, ``folded`` hides the rows until asked for."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: Sequence[int] = ()
    folded: bool = False


def as_html(template: str, title: str, summary: str, cards: Sequence[Card], **parts: Any) -> bytes:
    """A page of ``pages/``, UTF-8."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(Path(__file__).parent / "pages")
    pages = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    page = pages.get_template(template).render(title=title, summary=summary, cards=cards, **parts)
    # Half a surrogate pair, which a ticket may hold, cannot be written as UTF-8.
    return page.encode("utf-8", "replace")
