"""Judged tickets → scores with intervals, over all and for each slice: the content of scores.json.

Comes in: a golden set, outcomes, a judge. Goes out: plain dictionaries, the same bytes for the same input. Does not
know how they are shown: report.py does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from support_agent.evaluation import curves
from support_agent.evaluation.golden import GoldenSet
from support_agent.evaluation.judging import DEPTHS, AnswerJudge, Judged, judge_all
from support_agent.evaluation.resampling import (
    LEVEL,
    RESAMPLES,
    SEED,
    draw_counts,
    estimate,
    mean_of,
    plain,
    quantile_of,
)
from support_agent.evaluation.run import Outcome
from support_agent.records import Route

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from support_agent.evaluation.resampling import Floats, Statistic

PROMISE = 0.10
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
    "similarity": ("cosine of answer and reference", True),
    "citation_precision": ("right citations, mean over answers that cite", True),
    **{f"recall@{k}": (f"relevant passages among the first {k}", True) for k in DEPTHS},
    "mrr": ("reciprocal rank of the first relevant passage", True),
    "aurc": ("area under the risk–coverage curve", False),
    "augrc": ("area under the generalised risk–coverage curve", False),
    **{f"coverage@{risk:.0%}": (f"largest coverage at a risk of {risk:.0%}", True) for risk in RISKS},
    "ece": (f"expected calibration error, {curves.BINS} bins of equal mass", False),
    "generated": ("tickets for which a draft was written", False),
}


def score(
    golden: GoldenSet,
    outcomes: Sequence[Outcome],
    judge: AnswerJudge,
    *,
    promise: float = PROMISE,
    seed: int = SEED,
    similarity: Callable[[Sequence[tuple[str, str]]], Sequence[float]] | None = None,
) -> dict[str, Any]:
    """Every score of a run.

    Args:
        promise: the largest share of wrong answers that the owner allows; drawn in the report, used nowhere else.
        similarity: pairs of (sent text, reference) → cosine, for the score of that name.
    """
    judged = judge_all(golden, outcomes, judge, similarity)
    return {
        "judge": judge.to_dict(),
        "labelled": judged.labelled,
        "bootstrap": {"resamples": RESAMPLES, "level": LEVEL, "seed": seed, "interval": "percentile"},
        "promise": promise,
        "overall": _table(judged, _everything(golden), seed),
        "slices": {name: _table(judged, slice_rows(golden, name), seed) for name in golden.slices},
        "routes": _confusion(golden, outcomes),
        "curve": [[plain(number) for number in point] for point in _curve(judged)],
        "reliability": _reliability(judged),
        "latency_ms": _stages([outcome.timings_ms for outcome in outcomes], seed),
        "words": _stages([outcome.words for outcome in outcomes], seed),
        "tokens": _stages([outcome.tokens for outcome in outcomes], seed),
        "tickets": _tickets(golden, judged, outcomes),
    }


def slice_rows(golden: GoldenSet, name: str) -> NDArray[np.int64]:
    """Positions of a slice's tickets."""
    import numpy as np

    return np.array([at for at, ticket in enumerate(golden.tickets) if name in ticket.tags], dtype=np.int64)


def statistics(
    values: Mapping[str, Floats], confidence: Floats, loss: Floats, written: Floats
) -> dict[str, tuple[Statistic, int]]:
    """Score → its statistic over resampled tickets, and the number of tickets it rests on; in the order of SCORES."""
    import numpy as np

    found = {name: (mean_of(column), int((~np.isnan(column)).sum())) for name, column in values.items()}
    n, some = len(loss), int(written.sum())
    found["aurc"] = curves.aurc_of(confidence, loss), n
    found["augrc"] = curves.augrc_of(confidence, loss), n
    for risk in RISKS:
        found[f"coverage@{risk:.0%}"] = curves.coverage_at(risk, confidence, loss), n
    chosen = written > 0
    found["ece"] = _only(chosen, curves.ece_of(confidence[chosen], loss[chosen])), some
    return {name: found[name] for name in SCORES if name in found and found[name][1]}


def _only(chosen: NDArray[np.bool_], statistic: Statistic) -> Statistic:
    """A statistic of some of the tickets; NaN for a resample that drew none of them."""

    def of_chosen(counts: Floats) -> Floats:
        import numpy as np

        drawn = counts[:, chosen]
        with np.errstate(invalid="ignore", divide="ignore"):
            return statistic(drawn)

    return of_chosen


def _table(judged: Judged, rows: NDArray[np.int64], seed: int) -> dict[str, Any]:
    values = {name: column[rows] for name, column in judged.values.items()}
    counts = draw_counts(len(rows), seed)
    made = statistics(values, judged.confidence[rows], judged.loss[rows], judged.written[rows])
    scores = {name: estimate(statistic, counts, n).to_dict() for name, (statistic, n) in made.items()}
    return {"n": len(rows), "scores": scores}


def _everything(golden: GoldenSet) -> NDArray[np.int64]:
    import numpy as np

    return np.arange(len(golden.tickets))


def _confusion(golden: GoldenSet, outcomes: Sequence[Outcome]) -> dict[str, dict[str, int]]:
    """Expected route → actual route → tickets."""
    seen = Counter((ticket.expected, outcome.route) for ticket, outcome in zip(golden.tickets, outcomes, strict=True))
    return {str(wanted): {str(came): seen[wanted, came] for came in Route} for wanted in Route}


def _curve(judged: Judged) -> list[tuple[float, float, float]]:
    """The curve over all tickets, as far as there were texts to send; beyond that there is nothing to accept."""
    points = curves.risk_coverage_curve(judged.confidence, judged.loss)
    written = judged.written.mean()
    return [point for point in points if point[1] <= written + 1e-9]


def _reliability(judged: Judged) -> list[dict[str, float | int | None]]:
    chosen = judged.written > 0
    if not chosen.any():
        return []
    rows = curves.reliability(judged.confidence[chosen], judged.loss[chosen])
    return [{**{key: plain(value) for key, value in row.items()}, "n": int(row["n"])} for row in rows]


def _stages(measured: Sequence[Mapping[str, float]], seed: int) -> list[dict[str, Any]]:
    """Median and 95th percentile of each stage, over the tickets that passed it; in the order of a ticket's way."""
    import numpy as np

    counts = draw_counts(len(measured), seed)
    longest_first = sorted(measured, key=len, reverse=True)
    names = dict.fromkeys(name for row in longest_first for name in row)
    found: list[dict[str, Any]] = []
    for stage in sorted(names, key=lambda name: name == "total"):
        values = np.array([row.get(stage, np.nan) for row in measured], dtype=float)
        n = int((~np.isnan(values)).sum())
        shares = {"p50": 0.50, "p95": 0.95}
        spread = {name: estimate(quantile_of(values, at), counts, n).to_dict() for name, at in shares.items()}
        found.append({"stage": stage, **spread})
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
