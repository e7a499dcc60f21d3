"""A result folder → the page that a person reads.

Comes in: golden set, outcomes, scores, manifest. Goes out: one HTML file; the same result gives the same bytes.
Computes nothing that is not in scores.json.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from support_agent.evaluation import figures
from support_agent.evaluation.closed import closed_gate
from support_agent.evaluation.page import (
    Card,
    Section,
    Table,
    number,
    percent,
    render,
    share_with_interval,
    with_interval,
)
from support_agent.evaluation.results import Result
from support_agent.evaluation.run import Outcome
from support_agent.evaluation.scores import SCORES
from support_agent.records import Route

_SLICE_SCORES = ("right", "answered", "risk", "false_alarm")
_TEXT_CHARS = 600


def write_report(result: Result) -> bytes:
    """The page of a result."""
    scores = result.scores
    sections = [
        _slices(scores),
        _risk_coverage(scores),
        _reliability(scores),
        _confusion(scores),
        _all_scores(scores),
        _latency(scores),
        _tickets(result),
        _made_by(result),
    ]
    summary = f"{closed_gate(result.outcomes)} {_summary(scores)}".lstrip()
    return render(f"Evaluation on {result.manifest['set']}", summary, _cards(scores), sections)


def _summary(scores: Mapping[str, Any]) -> str:
    """Two sentences that say how it went."""
    overall = scores["overall"]
    answered, risk = _value(overall, "answered"), _value(overall, "risk")
    kept = (
        "no ticket was answered"
        if risk is None
        else f"{percent(risk)} of the answers were wrong, {percent(scores['promise'])} are allowed"
    )
    judge = scores["judge"]
    how = f"token-F1 with the reference of at least {judge['right_f1']:g}"
    by = f"{_readers(scores)}, else {how}" if judge["verdicts"] else how
    return (
        f"Of {overall['n']:,} tickets {percent(answered)} were answered; {kept}. "
        f"{percent(_value(overall, 'right'))} were dealt with rightly, right refusals included. "
        f"An answer is held to be right by {by}."
    )


def _readers(scores: Mapping[str, Any]) -> str:
    """How many of the texts somebody has read: a label on another text does not count."""
    about = {"supported": " on whether passages carry it", "agrees": " on whether it agrees with the reference"}
    judge, written = scores["judge"], sum(bool(ticket["written"]) for ticket in scores["tickets"])
    return f"readers' labels{about.get(judge.get('about', ''), '')} ({scores['labelled']:,} of {written:,} texts)"


def _cards(scores: Mapping[str, Any]) -> list[Card]:
    overall, promise = scores["overall"], scores["promise"]
    risk = overall["scores"].get("risk")
    tone = ""
    if risk and risk["low"] is not None:
        tone = "good" if risk["high"] <= promise else "bad" if risk["low"] > promise else ""
    return [
        _card("dealt with rightly", overall, "right"),
        _card("answered", overall, "answered"),
        _card("wrong among the answered", overall, "risk", tone),
        _card("to be answered, but not", overall, "false_alarm"),
        _card("rightly not answered", overall, "abstention_recall"),
    ]


def _card(label: str, table: Mapping[str, Any], name: str, tone: str = "") -> Card:
    found = table["scores"].get(name)
    if found is None:
        return Card(label, "–")
    spread = "" if found["low"] is None else f"{percent(found['low'])} to {percent(found['high'])}, "
    return Card(label, percent(found["value"]), f"{spread}n {found['n']:,}", tone)


def _slices(scores: Mapping[str, Any]) -> Section:
    slices = scores["slices"]
    rows = [(name, table["scores"]["right"]) for name, table in slices.items()]
    svg = figures.as_svg(figures.bars(rows, "dealt with rightly"), "slices", 1.1 + 0.27 * len(rows)) if rows else ""
    body = [
        [name, f"{table['n']:,}", *(_cell(table, score) for score in _SLICE_SCORES)] for name, table in slices.items()
    ]
    head = ["slice", "n", "dealt with rightly", "answered", "wrong among them", "false alarms"]
    table = Table(
        "By slice, with 95% bootstrap intervals, or n where fewer than five tickets allow none; a false alarm is a "
        "ticket to be answered that was not.",
        head,
        body,
        range(1, 6),
    )
    return Section("Slices", "", svg, _alt_slices(rows), [table])


def _alt_slices(rows: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    if not rows:
        return ""
    worst = min(rows, key=lambda row: row[1]["value"])
    return (
        "Share of tickets dealt with rightly in each slice (number of tickets in brackets), with its interval "
        "where there are five or more. "
        f"Lowest: {worst[0]}, {percent(worst[1]['value'])}."
    )


def _risk_coverage(scores: Mapping[str, Any]) -> Section:
    overall, curve = scores["overall"], scores["curve"]
    if not curve:
        return Section("Risk and coverage", "There was no text to send for any ticket.")
    sent = _value(overall, "answered") or 0.0, _value(overall, "risk") or 0.0
    svg = figures.as_svg(figures.risk_coverage(curve, scores["promise"], sent), "risk-coverage")
    names = ("aurc", "augrc", *(name for name in SCORES if name.startswith("coverage@")))
    words = (
        "If only the surest tickets were answered: how many of the answers would be wrong. A text that was held back "
        "is judged as it would have been sent; a ticket for which nothing could be sent ranks last and counts as "
        "wrong. The coverage at a risk is the best that any threshold reaches on these very tickets, and no promise "
        "for others."
    )
    alt = f"Risk–coverage curve. This run answered {percent(sent[0])}, of which {percent(sent[1])} were wrong."
    return Section("Risk and coverage", words, svg, alt, [_score_table("Curve", overall, names)])


def _reliability(scores: Mapping[str, Any]) -> Section:
    rows = scores["reliability"]
    if not rows:
        return Section("Confidence", "There was no text to send for any ticket.")
    right = [t["confidence"] for t in scores["tickets"] if t["written"] and not t["loss"]]
    wrong = [t["confidence"] for t in scores["tickets"] if t["written"] and t["loss"]]
    svg = figures.as_svg(figures.reliability(rows), "reliability") + figures.as_svg(
        figures.histograms(right, wrong), "histograms", 2.8
    )
    body = [[number(row["confidence"]), number(row["right"]), f"{row['n']:,}"] for row in rows]
    table = Table("Bins of equal mass", ["mean confidence", "share right", "n"], body, range(3))
    alt = (
        "Above: share right against confidence, in bins of equal mass with 95% intervals; on the dotted line "
        f"confidence keeps its word. Below: confidence of {len(right):,} right texts and {len(wrong):,} wrong ones."
    )
    return Section("Confidence", "", svg, alt, [_score_table("Calibration error", scores["overall"], ("ece",)), table])


def _confusion(scores: Mapping[str, Any]) -> Section:
    routes = {wanted: row for wanted, row in scores["routes"].items() if sum(row.values())}
    svg = figures.as_svg(figures.confusion(routes), "confusion", 1.3 + 0.75 * len(routes))
    body = [[wanted, *(f"{count:,}" for count in row.values())] for wanted, row in routes.items()]
    came = [str(route) for route in next(iter(routes.values()))]
    table = Table("Routes, wanted by came", ["wanted", *came], body, range(1, 4))
    alt = "; ".join(
        f"wanted {w}: " + ", ".join(f"{n:,} {route}" for route, n in row.items()) for w, row in routes.items()
    )
    words = "Where nothing but a refusal is asked for, the wanted route stands as human, and clarify is right as well."
    return Section("Routes", words, svg, f"Tickets by wanted and actual route. {alt}.", [table])


def _all_scores(scores: Mapping[str, Any]) -> Section:
    tables = [_score_table("All tickets", scores["overall"], SCORES)]
    tables += [_score_table(f"Slice {name}", table, SCORES, folded=True) for name, table in scores["slices"].items()]
    boot = scores["bootstrap"]
    words = (
        f"Intervals: {boot['level']:.0%} percentile bootstrap over tickets, {boot['resamples']:,} resamples; none "
        "where a score rests on fewer than five tickets."
    )
    return Section("Every score", words, tables=tables)


def _score_table(
    caption: str, table: Mapping[str, Any], names: Sequence[str] | Mapping[str, Any], folded: bool = False
) -> Table:
    found = table["scores"]
    body = [
        [name, with_interval(found[name]), f"{found[name]['n']:,}", SCORES[name][0]] for name in names if name in found
    ]
    return Table(caption, ["score", "value [interval]", "n", "what it says"], body, (1, 2), folded)


def _latency(scores: Mapping[str, Any]) -> Section:
    stages = scores["latency_ms"]
    if not stages:
        return Section("Time", "Nothing was timed.")
    svg = figures.as_svg(figures.latency(stages), "latency", 1.3 + 0.3 * len(stages))
    tables = [_spread("Milliseconds a ticket", stages, 1)]
    if scores["tokens"]:
        tables.append(_spread("Tokens generated, of a ticket for which a draft was written", scores["tokens"], 0))
    tables.append(_spread("Words a ticket, of the draft and of what was sent", scores["words"], 0))
    words = "Of this run, on this machine" + ("." if scores["tokens"] else "; this generator counts no tokens.")
    alt = "Median and 95th percentile of each stage, in milliseconds a ticket, on a logarithmic axis."
    return Section("Time", words, svg, alt, tables)


def _spread(caption: str, stages: Sequence[Mapping[str, Any]], digits: int) -> Table:
    body = [
        [row["stage"], with_interval(row["p50"], digits), with_interval(row["p95"], digits), f"{row['p50']['n']:,}"]
        for row in stages
    ]
    return Table(caption, ["stage", "p50 [interval]", "p95 [interval]", "n"], body, (1, 2, 3))


def _tickets(result: Result) -> Section:
    """What went wrong, to be read."""
    judged = {ticket["id"]: ticket for ticket in result.scores["tickets"]}
    wrong: list[list[str]] = []
    missed: list[list[str]] = []
    for golden, outcome in zip(result.golden.tickets, result.outcomes, strict=True):
        if judged[golden.id]["values"]["right"]:
            continue
        answered = outcome.route == Route.ANSWER
        came = f"{outcome.route} {outcome.confidence:.2f} {', '.join(outcome.reasons)}".strip()
        text = outcome.text if answered else _held(outcome)
        (wrong if answered else missed).append(
            [golden.id, golden.question[:_TEXT_CHARS], came, text[:_TEXT_CHARS], golden.reference[:_TEXT_CHARS]]
        )
    head = ["id", "ticket", "route, confidence, reasons", "text", "reference"]
    tables = [
        Table(f"{len(wrong):,} answered wrongly (text: as sent)", head, wrong, folded=True),
        Table(f"{len(missed):,} went another way than wanted (text: what was held back)", head, missed, folded=True),
    ]
    return Section("Tickets that went wrong", "", tables=[table for table in tables if table.rows])


def _held(outcome: Outcome) -> str:
    """What would have been sent; where nothing could be, the draft, and that it is one."""
    if outcome.held_text or not outcome.draft:
        return outcome.held_text
    return f"Nothing could be sent; the draft: {outcome.draft}"


def _made_by(result: Result) -> Section:
    facts = {"set": result.golden.sha256, **result.manifest["versions"]}
    files = {name: listed["sha256"] for name, listed in result.manifest["files"].items() if name != "golden.jsonl"}
    rows = [[name, str(value)] for name, value in {**facts, **files}.items()]
    return Section("Made by", "", tables=[Table("Versions and sha256", ["part", "version"], rows)])


def _value(table: Mapping[str, Any], name: str) -> float | None:
    found = table["scores"].get(name)
    return found["value"] if found else None


def _cell(table: Mapping[str, Any], name: str) -> str:
    found = table["scores"].get(name)
    return share_with_interval(found) if found else "–"
