"""Which ranking a knowledge base uses: the shipped one, or one fitted on its own labels once these are enough."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from support_agent.clusters import group_numbers
from support_agent.evidence.standing import label
from support_agent.gate.combiner import Combiner, cross_fit, fit, shipped
from support_agent.gate.measure import combined

if TYPE_CHECKING:
    from support_agent.evidence.records import Verdict
from support_agent.evidence.store import Store

# Labels of its own from which on a knowledge base may have a ranking of its own.
ENOUGH = 200
# Of the penalty on the weights (see ``combiner.fit``).
STRENGTH = 10.0

logger = logging.getLogger(__name__)


def choose_ranking(store: Store, parts: str) -> tuple[Combiner, dict[str, float]]:
    """The ranking for a new plan; with a fitted one the scores of its own tickets, each by one that has not seen it.

    Labels of every ticket count, also of those that somebody picked. The knowledge base's own ranking is taken when its
    out-of-fold scores rank right before wrong more often than the shipped one's.
    """
    said: dict[str, list[Verdict]] = {}
    for one in store.verdicts():
        said.setdefault(one.key, []).append(one)
    offers = store.offers(parts)
    rows = [
        (known, offers[known.key].signals, said_right)
        for known in store.tickets()
        if known.key in said
        and known.key in offers
        and offers[known.key].signals
        and (said_right := label(said[known.key], offers[known.key].sent)) is not None
    ]
    if len(rows) < ENOUGH or len({one[2] for one in rows}) < 2:
        return shipped(), {}
    right = [one[2] for one in rows]
    values = [one[1] for one in rows]
    groups = group_numbers([one[0].ticket.body for one in rows])
    own = cross_fit(values, right, groups, combined(), strength=STRENGTH)
    theirs = [shipped().probability(one) for one in values]
    mine, other = auroc(own, right), auroc(theirs, right)
    if mine <= other:
        logger.info("The shipped ranking stays: AUROC %.3f, and %.3f fitted on %d labels here.", other, mine, len(rows))
        return shipped(), {}
    logger.info("A ranking fitted on %d labels here: AUROC %.3f, and %.3f shipped.", len(rows), mine, other)
    fitted = fit(values, right, combined(), strength=STRENGTH)
    return fitted, {one[0].key: score for one, score in zip(rows, own, strict=True)}


def auroc(scores: Sequence[float], right: Sequence[bool]) -> float:
    """How often a right answer scores above a wrong one (0–1), ties half."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(list(right), list(scores)))
