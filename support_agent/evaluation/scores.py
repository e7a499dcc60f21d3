"""Judged tickets → scores with intervals, over all and for each slice: the content of scores.json."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from support_agent.evaluation import curves
from support_agent.evaluation.defaults import PROMISE, SEED
from support_agent.evaluation.golden import GoldenSet
from support_agent.evaluation.judging import DEPTHS, AnswerJudge, Judged, judge_all
from support_agent.evaluation.resampling import LEVEL, RESAMPLES, draw_counts, estimate, mean_of, plain
from support_agent.evaluation.run import Outcome
from support_agent.records import Route

if TYPE_CHECKING:
    from support_agent.evaluation.resampling import Floats, Statistic

RISKS = (0.05, 0.10, 0.20)
# Score → (what it says, whether more is better); in the order in which they are shown.
SCORES: dict[str, tuple[str, bool]] = {
    "right": ("tickets dealt with rightly: a right answer, or a right refusal", True),
    "answered": ("tickets answered (coverage)", True),
    "risk": ("wrong among the answered", False),
    "wrong_answer": ("tickets answered wrongly, of all", False),
    "false_alarm": ("tickets not answered, of those to be answered", False),
    "abstention_precision": ("rightly not answered, of all not answered", True),
    "abstention_recall": ("not answered wrongly, of those not to be answered", True),
    "token_f1": ("token-F1 with the reference, of answers", True),
    "token_f1_all": ("token-F1 with the reference, a hand-off counted as 0", True),
    "exact": ("answers that are the reference word for word", True),
    "citation_precision": ("right citations, mean over answers that cite", True),
    **{f"recall@{k}": (f"relevant passages among the first {k}", True) for k in DEPTHS},
    "mrr": ("reciprocal rank of the first relevant passage", True),
    "augrc": ("area under the generalised risk–coverage curve", False),
    **{f"coverage@{risk:.0%}": (f"largest coverage at a risk of {risk:.0%}", True) for risk in RISKS},
    "generated": ("tickets for which a draft was written", False),
}


def score(
    golden: GoldenSet,
    outcomes: Sequence[Outcome],
    judge: AnswerJudge,
    *,
    promise: float = PROMISE,
    seed: int = SEED,
) -> dict[str, Any]:
    """Every score of a run, as plain values; the same input scores the same.

    Args:
        promise: the largest share of wrong answers that the owner allows; drawn in the report, used nowhere else.
    """
    judged = judge_all(golden, outcomes, judge)
    tickets = golden.tickets
    slices = {name: [at for at, ticket in enumerate(tickets) if name in ticket.tags] for name in golden.slices}
    return {
        "judge": judge.to_dict(),
        "labelled": judged.labelled,
        "bootstrap": {"resamples": RESAMPLES, "level": LEVEL, "seed": seed, "interval": "percentile"},
        "promise": promise,
        "overall": _table(judged, list(range(len(tickets))), seed),
        "slices": {name: _table(judged, rows, seed) for name, rows in slices.items()},
        "routes": _confusion(golden, outcomes),
        "curve": _curve(judged),
        "latency_ms": _stages([outcome.timings_ms for outcome in outcomes]),
        "tokens": _stages([outcome.tokens for outcome in outcomes]),
        "tickets": _tickets(golden, judged, outcomes),
    }


def statistics(values: Mapping[str, Floats], confidence: Floats, loss: Floats) -> dict[str, tuple[Statistic, int]]:
    """Score → its statistic over resampled tickets, and the number of tickets it rests on; in the order of SCORES."""
    import numpy as np

    found = {name: (mean_of(column), int((~np.isnan(column)).sum())) for name, column in values.items()}
    n = len(loss)
    found["augrc"] = curves.augrc_of(confidence, loss), n
    for risk in RISKS:
        found[f"coverage@{risk:.0%}"] = curves.coverage_at(risk, confidence, loss), n
    return {name: found[name] for name in SCORES if name in found and found[name][1]}


def _table(judged: Judged, rows: Sequence[int], seed: int) -> dict[str, Any]:
    values = {name: column[rows] for name, column in judged.values.items()}
    counts = draw_counts(len(rows), seed)
    made = statistics(values, judged.confidence[rows], judged.loss[rows])
    scores = {name: asdict(estimate(statistic, counts, n)) for name, (statistic, n) in made.items()}
    return {"n": len(rows), "scores": scores}


def _confusion(golden: GoldenSet, outcomes: Sequence[Outcome]) -> dict[str, dict[str, int]]:
    """Expected route → actual route → tickets."""
    seen = Counter((ticket.expected, outcome.route) for ticket, outcome in zip(golden.tickets, outcomes, strict=True))
    return {str(wanted): {str(came): seen[wanted, came] for came in Route} for wanted in Route}


def _curve(judged: Judged) -> list[list[float | None]]:
    """The curve over all tickets, as far as there were texts to send; beyond that there is nothing to accept."""
    points = curves.risk_coverage_curve(judged.confidence, judged.loss)
    written = judged.written.mean()
    return [[plain(number) for number in point] for point in points if point[1] <= written + 1e-9]


def _stages(measured: Sequence[Mapping[str, float]]) -> list[dict[str, Any]]:
    """Median and 95th percentile of each stage, over the tickets that passed it; in the order of a ticket's way."""
    import numpy as np

    longest_first = sorted(measured, key=len, reverse=True)
    names = dict.fromkeys(name for row in longest_first for name in row)
    found: list[dict[str, Any]] = []
    for stage in sorted(names, key=lambda name: name == "total"):
        values = [row[stage] for row in measured if stage in row]
        p50, p95 = np.percentile(values, [50, 95], method="inverted_cdf")
        found.append({"stage": stage, "p50": plain(p50), "p95": plain(p95), "n": len(values)})
    return found


def _tickets(golden: GoldenSet, judged: Judged, outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """What compare.py needs of each ticket."""
    return [
        {
            "id": ticket.id,
            "tags": list(ticket.tags),
            "expected": str(ticket.expected),
            "route": outcomes[at].route,
            "confidence": plain(judged.confidence[at]),
            "loss": plain(judged.loss[at]),
            "written": plain(judged.written[at]),
            "values": {name: plain(v[at]) for name, v in judged.values.items() if plain(v[at]) is not None},
        }
        for at, ticket in enumerate(golden.tickets)
    ]
