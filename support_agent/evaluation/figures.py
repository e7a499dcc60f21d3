"""Scores → pictures, as SVG text that stands inside an HTML page.

Comes in: numbers. Goes out: SVG without script, date or random id; axes and letters take the page's own colour
(``currentColor``), so that they can be read in light and dark. Does not know what the page says about them.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's colours, told apart with every kind of colour vision; both stand out on white and on black.
BLUE, ORANGE, GREEN, VERMILION = "#0072b2", "#e69f00", "#009e73", "#d55e00"
# Stands for the page's colour until the SVG is written; a colour that nothing else uses.
_INK = "#010203"
_STYLE: Any = {
    "svg.fonttype": "none",  # letters stay letters: smaller, and in the page's own font
    "text.parse_math": False,  # a tag with dollar signs is a tag
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "text.color": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": _INK,
    "grid.alpha": 0.15,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
}
_WIDTH = 6.4

Draw = Callable[["Axes"], None]


def as_svg(draw: Draw, name: str, height: float = 3.6) -> str:
    """Draw one picture and return its ``<svg>`` element.

    Args:
        name: makes the ids inside the SVG differ from those of the page's other pictures.
        height: in inches; the width is that of the page's column.
    """
    import matplotlib

    with matplotlib.rc_context({**_STYLE, "svg.hashsalt": name}):
        figure = _figure(draw, height)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return _for_page(buffer.getvalue())


def _for_page(svg: str) -> str:
    """The element alone, in the page's colour and width, without ids that nothing refers to: they would stand twice."""
    svg = svg[svg.index("<svg") :].replace(_INK, "currentColor")
    used = set(re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', svg))
    named = {name for pair in used for name in pair if name}
    svg = re.sub(r' id="([^"]*)"', lambda match: match[0] if match[1] in named else "", svg)
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    # Hidden from a screen reader, which gets the words beside it.
    return re.sub(r'<svg ([^>]*?)width="[^"]*" height="[^"]*"|<svg ', r'<svg aria-hidden="true" \1', svg, count=1)


def _figure(draw: Draw, height: float) -> Figure:
    # The figure is made without pyplot: no global state, no window system.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, height), layout="constrained")
    draw(figure.add_subplot())
    return figure


def risk_coverage(curve: Sequence[Sequence[float]], promise: float, sent: tuple[float, float]) -> Draw:
    """Risk at each coverage, the promise as a line, and the point at which the run stood.

    Args:
        curve: (threshold, coverage, risk) rows.
        sent: coverage and risk of what was sent.
    """

    def draw(axes: Axes) -> None:
        coverage, risk = [point[1] for point in curve], [point[2] for point in curve]
        axes.plot(coverage, risk, color=BLUE, drawstyle="steps-post", label="every threshold")
        axes.axhline(promise, color=VERMILION, linestyle="--", linewidth=1.2, label=f"allowed: {promise:.0%} wrong")
        axes.plot(
            *sent, "o", color=ORANGE, markersize=8, label=f"this run: {sent[0]:.0%} answered, {sent[1]:.0%} wrong"
        )
        top = max([*risk, sent[1], promise, 0.1])
        axes.set(xlim=(0, 1), ylim=(0, min(1.02, top * 1.12)), xlabel="share of tickets answered")
        axes.set_ylabel("share wrong among them")
        _percent(axes, "both")
        # Below the axes: the curve may run anywhere.
        axes.figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=9)

    return draw


def reliability(rows: Sequence[Mapping[str, float]]) -> Draw:
    """Share right against mean confidence, bin by bin, with Wilson's interval."""

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color=_INK, linestyle=":", linewidth=1, label="confidence as good as its word")
        for row in rows:
            low, high = wilson(row["right"], int(row["n"]))
            axes.plot([row["confidence"]] * 2, [low, high], color=BLUE, alpha=0.5)
        axes.plot(*zip(*[(r["confidence"], r["right"]) for r in rows], strict=True), "o-", color=BLUE, label="bins")
        axes.set(xlim=(0, 1), ylim=(-0.02, 1.02), xlabel="confidence", ylabel="share right")
        axes.figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=9)

    return draw


def histograms(right: Sequence[float], wrong: Sequence[float]) -> Draw:
    """How confidence is spread over right texts and over wrong ones."""
    from matplotlib.ticker import MaxNLocator

    def draw(axes: Axes) -> None:
        edges = [step / 20 for step in range(21)]
        axes.hist([right, wrong], edges, color=[BLUE, VERMILION], stacked=True, label=["right", "wrong"])
        axes.set(xlim=(0, 1), xlabel="confidence", ylabel="tickets")
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        axes.figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=9)

    return draw


def confusion(table: Mapping[str, Mapping[str, int]]) -> Draw:
    """Expected route by actual route, each row as shares of its tickets."""

    def draw(axes: Axes) -> None:
        wanted, came = list(table), list(next(iter(table.values())))
        for y, row in enumerate(wanted):
            total = max(1, sum(table[row].values()))
            for x, column in enumerate(came):
                count = table[row][column]
                colour = GREEN if row == column else VERMILION
                axes.fill_between([x - 0.47, x + 0.47], y - 0.46, y + 0.46, color=colour, alpha=0.75 * count / total)
                axes.text(x, y, f"{count:,}\n{count / total:.0%}", ha="center", va="center")
        axes.set(xlim=(-0.5, len(came) - 0.5), ylim=(len(wanted) - 0.5, -0.5), xlabel="came", ylabel="wanted")
        axes.set_xticks(range(len(came)), came)
        axes.set_yticks(range(len(wanted)), wanted)
        axes.grid(visible=False)

    return draw


def bars(rows: Sequence[tuple[str, Mapping[str, Any]]], label: str) -> Draw:
    """One point with its interval for each slice, 0–1."""

    def draw(axes: Axes) -> None:
        for y, (_, found) in enumerate(rows):
            _whisker(axes, found, y, BLUE)
            axes.plot(found["value"], y, "o", color=BLUE)
        axes.set(xlim=(-0.02, 1.02), ylim=(len(rows) - 0.4, -0.6), xlabel=label)
        axes.set_yticks(range(len(rows)), [f"{name} ({found['n']})" for name, found in rows])
        _percent(axes, "x")

    return draw


def latency(stages: Sequence[Mapping[str, Any]]) -> Draw:
    """Median and 95th percentile of each stage, on a logarithmic axis."""

    def draw(axes: Axes) -> None:
        for y, found in enumerate(stages):
            spread = [max(1e-3, found[name]["value"]) for name in ("p50", "p95")]
            axes.plot(spread, [y, y], color=BLUE, linewidth=2, alpha=0.6)
            axes.plot(spread[0], y, "o", color=BLUE, label="p50" if y == 0 else None)
            axes.plot(spread[1], y, "D", color=ORANGE, label="p95" if y == 0 else None)
        axes.set_xscale("log")
        axes.set(ylim=(len(stages) - 0.4, -0.6), xlabel="milliseconds a ticket")
        axes.set_yticks(range(len(stages)), [found["stage"] for found in stages])
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")
        axes.figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=9)

    return draw


def differences(rows: Sequence[tuple[str, Mapping[str, Any], bool]], label: str) -> Draw:
    """One difference with its interval a row, around zero; those beyond chance in another colour."""

    def draw(axes: Axes) -> None:
        axes.axvline(0, color=_INK, linewidth=1)
        for y, (_, found, beyond_chance) in enumerate(rows):
            colour = VERMILION if beyond_chance else BLUE
            _whisker(axes, found, y, colour)
            axes.plot(found["value"], y, "D" if beyond_chance else "o", color=colour)
        ends = [found[end] for _, found, _ in rows for end in ("low", "value", "high") if found[end] is not None]
        low, high = min([*ends, -0.01]), max([*ends, 0.01])
        pad = (high - low) * 0.06
        axes.set(xlim=(low - pad, high + pad), ylim=(len(rows) - 0.4, -0.6), xlabel=label)
        axes.set_yticks(range(len(rows)), [name for name, _, _ in rows])

    return draw


def _whisker(axes: Axes, found: Mapping[str, Any], y: int, colour: str) -> None:
    """The interval, where the tickets are enough for one."""
    if found["low"] is not None:
        axes.plot([found["low"], found["high"]], [y, y], color=colour, linewidth=2, alpha=0.6)


def wilson(share: float, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share (Wilson 1927)."""
    z = 1.959964
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)) ** 0.5
    return max(0.0, middle - half), min(1.0, middle + half)


def _percent(axes: Axes, which: str) -> None:
    from matplotlib.ticker import PercentFormatter

    for axis in [axes.xaxis] * (which in ("x", "both")) + [axes.yaxis] * (which in ("y", "both")):
        axis.set_major_formatter(PercentFormatter(1, decimals=0))
