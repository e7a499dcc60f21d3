"""Cards, tables and pictures → one HTML file that needs no network and no script.

Comes in: plain texts, none of them trusted; only pictures of figures.py are taken as they are. Goes out: bytes, the
same for the same input. Does not know what is evaluated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
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


@dataclass(frozen=True)
class Section:
    """A picture with its words, and the tables beside it. ``alt`` says what the picture shows."""

    title: str
    words: str = ""
    svg: str = ""
    alt: str = ""
    tables: Sequence[Table] = ()


def render(title: str, summary: str, cards: Sequence[Card], sections: Sequence[Section]) -> bytes:
    """The page."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string((Path(__file__).parent / "page.html").read_text("utf-8"))
    page = template.render(
        title=title,
        summary=summary,
        cards=[asdict(card) for card in cards],
        sections=[asdict(section) for section in sections],
    )
    # Half a surrogate pair, which a ticket may hold, cannot be written as UTF-8.
    return page.encode("utf-8", "replace")


def number(value: float | None, digits: int = 3) -> str:
    """A figure, or a dash where there is none."""
    return "–" if value is None else f"{value:,.{digits}f}"


def percent(value: float | None) -> str:
    """A share in percent, or a dash where there is none."""
    return "–" if value is None else f"{value:.1%}"


def with_interval(found: Mapping[str, Any], digits: int = 3) -> str:
    """``0.842 [0.811, 0.870]``; ``0.842 (n 3)`` where the tickets are too few for an interval."""
    return _beside(found, *(number(found[name], digits) for name in ("value", "low", "high")))


def share_with_interval(found: Mapping[str, Any]) -> str:
    """``84.2% [81.1%, 87.0%]``; ``66.7% (n 3)`` where the tickets are too few for an interval."""
    return _beside(found, *(percent(found[name]) for name in ("value", "low", "high")))


def signed_with_interval(found: Mapping[str, Any]) -> str:
    """A difference, ``-0.152 [-0.210, -0.094]``; ``-0.152 (n 3)`` where the tickets are too few for an interval."""
    if found["value"] is None:
        return "–"
    return _beside(found, *("–" if found[name] is None else f"{found[name]:+.3f}" for name in ("value", "low", "high")))


def _beside(found: Mapping[str, Any], value: str, low: str, high: str) -> str:
    if found["value"] is None:
        return value
    return f"{value} (n {found['n']:,})" if found["low"] is None else f"{value} [{low}, {high}]"
