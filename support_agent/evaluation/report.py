"""A result → the page that a person reads; nothing is computed here that is not in scores.json."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from support_agent.evaluation.figures import as_svg, risk_coverage, shares
from support_agent.evaluation.page import Card, Table, as_html
from support_agent.evaluation.results import Result
from support_agent.evaluation.run import Outcome, closed_gate
from support_agent.evaluation.tables import SHARE, figure, route_table, score_table, slice_table, spread_table
from support_agent.records import Route

_TEXT_CHARS = 600


def result_page(result: Result) -> bytes:
    """The page of a result; the same result makes the same bytes."""
    scores = result.scores
    return as_html(
        "result.html",
        title=f"Evaluation on {result.manifest['set']}",
        summary=f"{closed_gate(result.outcomes)} {_summary(scores)}".lstrip(),
        cards=_cards(scores),
        scores=scores,
        pictures=_pictures(scores),
        tables={**_tables(scores), "tickets": _tickets(result), "made_by": _made_by(result)},
    )


def _summary(scores: Mapping[str, Any]) -> str:
    """Three sentences that say how it went."""
    overall, risk = scores["overall"], _value(scores, "risk")
    kept = f"{_share(risk)} of the answers were wrong, {_share(scores['promise'])} are allowed"
    judge = scores["judge"]
    how = f"token-F1 with the reference of at least {judge['right_f1']:g}"
    return (
        f"Of {overall['n']:,} tickets {_share(_value(scores, 'answered'))} were answered; "
        f"{'no ticket was answered' if risk is None else kept}. "
        f"{_share(_value(scores, 'right'))} were dealt with rightly, right refusals included. "
        f"An answer is held to be right by {f'{_readers(scores)}, else {how}' if judge['verdicts'] else how}."
    )


def _readers(scores: Mapping[str, Any]) -> str:
    """How many of the texts somebody has read: a label on another text does not count."""
    about = {"supported": " on whether passages carry it", "agrees": " on whether it agrees with the reference"}
    written = sum(bool(ticket["written"]) for ticket in scores["tickets"])
    kind = about.get(scores["judge"].get("about", ""), "")
    return f"readers' labels{kind} ({scores['labelled']:,} of {written:,} texts)"


def _cards(scores: Mapping[str, Any]) -> list[Card]:
    risk, promise = scores["overall"]["scores"].get("risk"), scores["promise"]
    tone = ""
    if risk and risk["low"] is not None:
        tone = "good" if risk["high"] <= promise else "bad" if risk["low"] > promise else ""
    return [
        _card(scores, "right", "dealt with rightly"),
        _card(scores, "answered", "answered"),
        _card(scores, "risk", "wrong among the answered", tone),
        _card(scores, "false_alarm", "to be answered, but not"),
        _card(scores, "abstention_recall", "rightly not answered"),
    ]


def _card(scores: Mapping[str, Any], name: str, label: str, tone: str = "") -> Card:
    found = scores["overall"]["scores"].get(name)
    if found is None:
        return Card(label, "–")
    spread = "" if found["low"] is None else f"{_share(found['low'])} to {_share(found['high'])}, "
    return Card(label, _share(found["value"]), f"{spread}n {found['n']:,}", tone)


def _pictures(scores: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Name → the picture, and what it shows in words; a picture without anything to show is left out."""
    found: dict[str, tuple[str, str]] = {}
    if scores["slices"]:
        rows = [(name, table["scores"]["right"]) for name, table in scores["slices"].items()]
        lowest, right = min(rows, key=lambda row: row[1]["value"])
        svg = as_svg("slices", 1.1 + 0.27 * len(rows), shares, rows, "dealt with rightly")
        found["slices"] = svg, f"{lowest}, {_share(right['value'])}"
    if scores["curve"]:
        sent = _value(scores, "answered") or 0.0, _value(scores, "risk") or 0.0
        svg = as_svg("risk-coverage", 3.6, risk_coverage, scores["curve"], scores["promise"], sent)
        found["risk_coverage"] = svg, f"This run answered {_share(sent[0])}, of which {_share(sent[1])} were wrong"
    return found


def _tables(scores: Mapping[str, Any]) -> dict[str, Table | list[Table]]:
    overall = scores["overall"]["scores"]
    time = [
        spread_table("Milliseconds a ticket", scores["latency_ms"], ",.1f"),
        spread_table("Tokens generated, of a ticket for which a draft was written", scores["tokens"], ",.0f"),
    ]
    every = [score_table("All tickets", overall)]
    every += [score_table(f"Slice {name}", found["scores"], folded=True) for name, found in scores["slices"].items()]
    return {
        "slices": slice_table(scores["slices"]),
        "routes": route_table(scores["routes"]),
        "every": every,
        "time": [table for table in time if table.rows],
    }


def _tickets(result: Result) -> list[Table]:
    """What went wrong, to be read."""
    wrong: list[list[str]] = []
    missed: list[list[str]] = []
    judged = result.scores["tickets"]
    for golden, outcome, ticket in zip(result.golden.tickets, result.outcomes, judged, strict=True):
        if ticket["values"]["right"]:
            continue
        answered = outcome.route == Route.ANSWER
        came = f"{outcome.route} {outcome.confidence:.2f} {', '.join(outcome.reasons)}".strip()
        texts = golden.question, came, outcome.text if answered else _held(outcome), golden.reference
        (wrong if answered else missed).append([golden.id, *(text[:_TEXT_CHARS] for text in texts)])
    head = ["id", "ticket", "route, confidence, reasons", "text", "reference"]
    tables = [
        Table(f"{len(wrong):,} answered wrongly (text: as sent)", head, wrong, folded=True),
        Table(f"{len(missed):,} went another way than wanted (text: what was held back)", head, missed, folded=True),
    ]
    return [table for table in tables if table.rows]


def _held(outcome: Outcome) -> str:
    """What would have been sent; where nothing could be, the draft, and that it is one."""
    if outcome.suggestion or not outcome.draft:
        return outcome.suggestion
    return f"Nothing could be sent; the draft: {outcome.draft}"


def _made_by(result: Result) -> Table:
    files = {name: listed["sha256"] for name, listed in result.manifest["files"].items() if name != "golden.jsonl"}
    facts = {"set": result.golden.sha256, **result.manifest["versions"], **files}
    return Table("Versions and sha256", ["part", "version"], [[name, str(value)] for name, value in facts.items()])


def _value(scores: Mapping[str, Any], name: str) -> float | None:
    """A score over all tickets; None where it applies to none."""
    found = scores["overall"]["scores"].get(name)
    return found["value"] if found else None


def _share(value: float | None) -> str:
    return figure(value, SHARE)
