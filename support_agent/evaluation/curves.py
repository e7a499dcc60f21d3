"""How well confidence orders answers: risk–coverage curve, the area under it, coverage at a risk.

Each takes a confidence and a loss (1 = wrong) for every ticket, and gives a statistic of counts (resampling.py).
Tickets of one confidence cannot be told apart: no threshold stands between them. The area takes them in every order at
once (the mean over orders), coverage at a risk takes all of them or none. So nothing depends on the order of the file.

AUGRC: mean share of tickets that are accepted and wrong (Traub et al. 2024, arXiv 2407.01032, section 3): between 0 and
1/2, low is better, and equal to (1 − AUROC)·a·(1 − a) + (1 − a)²/2 at an accuracy of a.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from support_agent.evaluation.resampling import Floats, Statistic


@dataclass(frozen=True)
class _Groups:
    """Tickets of equal confidence, the surest first: how many were drawn, how much loss, both with running sums.

    Each of shape (resamples, groups); the running sums end with the group.
    """

    drawn: Floats
    loss: Floats
    drawn_sum: Floats
    loss_sum: Floats


def _grouping(confidence: Floats, loss: Floats) -> Callable[[Floats], _Groups]:
    """Counts → groups of equal confidence; the order is worked out once."""
    import numpy as np

    _, group = np.unique(-confidence, return_inverse=True)
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    ordered_loss = loss[order]

    def grouped(counts: Floats) -> _Groups:
        ordered = counts[:, order]
        drawn = np.add.reduceat(ordered, starts, axis=1)
        lost = np.add.reduceat(ordered * ordered_loss, starts, axis=1)
        return _Groups(drawn, lost, np.cumsum(drawn, axis=1), np.cumsum(lost, axis=1))

    return grouped


def augrc_of(confidence: Floats, loss: Floats) -> Statistic:
    """Area under the generalised risk–coverage curve, 0–1/2, by trapezoids (exact: the curve is piecewise linear)."""
    grouped = _grouping(confidence, loss)

    def augrc(counts: Floats) -> Floats:
        groups = grouped(counts)
        area: Floats = (groups.drawn * (groups.loss_sum - groups.loss / 2)).sum(axis=1) / counts.sum(axis=1) ** 2
        return area

    return augrc


def coverage_at(risk: float, confidence: Floats, loss: Floats) -> Statistic:
    """The largest share of tickets that one threshold on the confidence accepts at no more than this risk.

    The threshold is chosen on the same tickets, so that this is what was possible and no promise.
    """
    import numpy as np

    grouped = _grouping(confidence, loss)

    def coverage(counts: Floats) -> Floats:
        groups = grouped(counts)
        kept = groups.loss_sum <= risk * groups.drawn_sum + 1e-9
        most: Floats = np.where(kept, groups.drawn_sum, 0.0).max(axis=1, initial=0.0) / counts.sum(axis=1)
        return most

    return coverage


def risk_coverage_curve(confidence: Floats, loss: Floats) -> list[tuple[float, float, float]]:
    """(threshold, coverage, risk) at every confidence that occurs, the surest first."""
    import numpy as np

    groups = _grouping(confidence, loss)(np.ones((1, len(loss))))
    thresholds = np.unique(confidence)[::-1]
    coverages, risks = groups.drawn_sum[0] / len(loss), groups.loss_sum[0] / groups.drawn_sum[0]
    return list(zip(thresholds.tolist(), coverages.tolist(), risks.tolist(), strict=True))
