"""Scores → pictures, as SVG text that stands inside an HTML page: without script, date or random id.

Axes and letters take the page's own colour (``currentColor``), so that they can be read in light and dark.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    # A name, a score with its interval, and whether it is to stand out.
    Row = tuple[str, Mapping[str, Any], bool]

Data = ParamSpec("Data")

# Okabe and Ito's colours, told apart with every kind of colour vision; both stand out on white and on black.
BLUE, ORANGE, VERMILION = "#0072b2", "#e69f00", "#d55e00"
# Stands for the page's colour until the SVG is written; a colour that nothing else uses.
_INK = "#010203"
_STYLE: Any = {
    "svg.fonttype": "none",  # letters stay letters: smaller, and in the page's own font
    "text.parse_math": False,  # a tag with dollar signs is a tag
    "font.family": "sans-serif",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.alpha": 0.15,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    **dict.fromkeys(["axes.edgecolor", "axes.labelcolor", "text.color", "xtick.color", "ytick.color"], _INK),
    "grid.color": _INK,
    **dict.fromkeys(["figure.facecolor", "axes.facecolor", "savefig.facecolor"], "none"),
}
_WIDTH = 6.4


def as_svg(
    name: str, height: float, draw: Callable[Concatenate[Axes, Data], None], *data: Data.args, **more: Data.kwargs
) -> str:
    """Draw one picture and return its ``<svg>`` element.

    Args:
        name: makes the ids inside the SVG differ from those of the page's other pictures.
        height: in inches; the width is that of the page's column.
    """
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context({**_STYLE, "svg.hashsalt": name}):
        # Made without pyplot: no global state, no window system.
        figure = Figure(figsize=(_WIDTH, height), layout="constrained")
        draw(figure.add_subplot(), *data, **more)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return _for_page(buffer.getvalue())


def _for_page(svg: str) -> str:
    """The element alone, in the page's colour and width, without ids that nothing refers to: they would stand twice."""
    svg = svg[svg.index("<svg") :].replace(_INK, "currentColor")
    named = {name for pair in re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', svg) for name in pair}
    svg = re.sub(r' id="([^"]*)"', lambda match: match[0] if match[1] in named else "", svg)
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    # Hidden from a screen reader, which gets the words beside it.
    return re.sub(r'<svg ([^>]*?)width="[^"]*" height="[^"]*"|<svg ', r'<svg aria-hidden="true" \1', svg, count=1)


def risk_coverage(axes: Axes, curve: Sequence[Sequence[float]], promise: float, sent: tuple[float, float]) -> None:
    """Risk at each coverage, the promise as a line, and the point at which the run stood.

    Args:
        curve: (threshold, coverage, risk) rows.
        sent: coverage and risk of what was sent.
    """
    _, coverage, risk = zip(*curve, strict=True)
    axes.plot(coverage, risk, color=BLUE, drawstyle="steps-post", label="every threshold")
    axes.axhline(promise, color=VERMILION, linestyle="--", linewidth=1.2, label=f"allowed: {promise:.0%} wrong")
    here = f"this run: {sent[0]:.0%} answered, {sent[1]:.0%} wrong"
    axes.plot(*sent, "o", color=ORANGE, markersize=8, label=here)
    top = max([*risk, sent[1], promise, 0.1])
    axes.set(xlim=(0, 1), ylim=(0, min(1.02, top * 1.12)), xlabel="share of tickets answered")
    axes.set_ylabel("share wrong among them")
    axes.xaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    # Below the axes: the curve may run anywhere.
    axes.figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=9)


def shares(axes: Axes, rows: Sequence[tuple[str, Mapping[str, Any]]], label: str) -> None:
    """One point with its interval for each slice, 0–1."""
    _whiskers(axes, [(f"{name} ({found['n']})", found, False) for name, found in rows], label)
    axes.set_xlim(-0.02, 1.02)
    axes.xaxis.set_major_formatter(lambda share, _: f"{share:.0%}")


def differences(axes: Axes, rows: Sequence[Row], label: str) -> None:
    """One difference with its interval a row, around zero; those that stand out as diamonds in another colour."""
    axes.axvline(0, color=_INK, linewidth=1)
    _whiskers(axes, rows, label)
    ends = [found[end] for _, found, _ in rows for end in ("low", "value", "high") if found[end] is not None]
    low, high = min([*ends, -0.01]), max([*ends, 0.01])
    pad = (high - low) * 0.06
    axes.set_xlim(low - pad, high + pad)


def _whiskers(axes: Axes, rows: Sequence[Row], label: str) -> None:
    """A point a row, and its interval where the tickets are enough for one."""
    for y, (_, found, stands_out) in enumerate(rows):
        colour = VERMILION if stands_out else BLUE
        if found["low"] is not None:
            axes.plot([found["low"], found["high"]], [y, y], color=colour, linewidth=2, alpha=0.6)
        axes.plot(found["value"], y, "D" if stands_out else "o", color=colour)
    _name_rows(axes, [name for name, _, _ in rows], label)


def _name_rows(axes: Axes, names: Sequence[str], label: str) -> None:
    axes.set(ylim=(len(names) - 0.4, -0.6), xlabel=label)
    axes.set_yticks(range(len(names)), names)
