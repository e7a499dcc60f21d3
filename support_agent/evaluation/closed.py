"""Routes and reasons of many tickets → whether a closed gate is all that was measured.

Comes in: what became of each ticket. Goes out: the sentence that stands before every figure. Does not know why the gate
was closed: the reasons' own sentences say it.
"""

from __future__ import annotations

from collections.abc import Sequence

from support_agent.evaluation.run import Outcome
from support_agent.records import Reason, Reply, Route

# Reasons that hold for every ticket of a run alike: no calibration fits, or none keeps the promise.
CLOSED = (Reason.NOT_CALIBRATED, Reason.NO_PROMISE)


def closed_gate(replies: Sequence[Outcome | Reply]) -> str:
    """What a reader must know first where a closed gate answered nothing; empty where something was answered."""
    closed = [reason for reply in replies for reason in reply.reasons[:1] if reason in CLOSED]
    if not closed or any(reply.route == Route.ANSWER for reply in replies):
        return ""
    return (
        f"The gate is closed: {len(closed):,} of {len(replies):,} tickets went to a person for that alone, and the "
        f"figures speak of nothing else. {Reason[closed[0].upper()].staff} To measure without a promise, give "
        "--calibration none."
    )
