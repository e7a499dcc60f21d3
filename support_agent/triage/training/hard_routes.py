"""Tickets and their vectors → a linear head for each hard route, against harmless ones.

One multinomial regression over all routes, "harmless" among them: a head is a route's weights less those of "harmless".
What a head needs to fire is chosen on tickets it has not seen and put into its bias.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from support_agent.triage.learned_routes import ROUTES
from support_agent.triage.training.fitting import cross_fits, fit, reached_by
from support_agent.triage.training.rows import HARMLESS, ORDINARY, Row
from support_agent.triage.windows import windows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = Mapping[str, NDArray[np.float32]]

INVERSE_PENALTY = 10.0
ALLOWED = 0.003
"""Share of the harmless tickets, and of the ordinary ones alone, on which one head may fire, cross-fitted."""
ALLOWED_OF = {
    # To miss one is worse than to hand one over.
    "danger_self_harm": 0.01,
    "danger_third_person": 0.006,
    "security_report": 0.006,
    "danger_violence": 0.005,
    "minor": 0.005,
    "privacy_request": 0.005,
}
NEAR_MISSES_ALLOWED = 0.02
"""The same of near misses, written to sound like a route."""
HARMLESS_WEIGHTS = {"near misses": 5.0, ORDINARY: 5.0}
"""Kind → how many routes its harmless tickets weigh as much as, all together."""
OTHER_HARMLESS = 3.0
"""The same of the harmless tickets of all other kinds."""
UNLIKE_TICKETS = {"posts": 0.2, "jailbreaks": 0.2}
"""Weight of one among its route: forum posts and pages of jailbreak are unlike tickets."""

_logger = logging.getLogger(__name__)


class Heads(NamedTuple):
    """``weight`` has a row for each of ``ROUTES``; ``measured`` is what each does on tickets it was not fitted on."""

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    measured: dict[str, Any]


def texts_read(rows: Sequence[Row]) -> list[str]:
    """Every text whose vector ``make_heads`` needs: the tickets and their parts."""
    return list(dict.fromkeys(text for row in rows for text in (row.text, *windows(row.text))))


def make_heads(rows: Sequence[Row], vectors: Vectors) -> Heads:
    """Fit on all rows; what a head needs to fire comes from heads that have not seen the ticket, nor one like it."""
    import numpy as np

    odds = np.zeros((len(rows), len(ROUTES)))
    for others, held in cross_fits([row.text for row in rows]):
        weight, bias = _fitted([rows[at] for at in others], vectors)
        for at in held:
            odds[at] = _highest(rows[at].text, vectors, weight, bias)
    weight, bias = _fitted(rows, vectors)
    needed = np.array([_needed(rows, odds[:, at], route) for at, route in enumerate(ROUTES)])
    measured = {route: _measured(rows, odds[:, at] >= needed[at], route) for at, route in enumerate(ROUTES)}
    _logger.info("hard routes, cross-fitted: %s", measured)
    return Heads(weight.astype(np.float32), (bias - needed).astype(np.float32), measured)


def _fitted(rows: Sequence[Row], vectors: Vectors) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights and biases of the routes less those of "harmless", for vectors as the embedder gives them."""
    import numpy as np

    found = np.array([vectors[row.text] for row in rows], dtype=np.float64)
    fitted = fit(found, [row.route for row in rows], _weights(rows), INVERSE_PENALTY)
    of_routes, harmless = [fitted.classes.index(route) for route in ROUTES], fitted.classes.index(HARMLESS)
    return fitted.for_vectors(
        fitted.coef[of_routes] - fitted.coef[harmless], fitted.intercept[of_routes] - fitted.intercept[harmless]
    )


def _weights(rows: Sequence[Row]) -> NDArray[np.float64]:
    """All tickets of a route weigh as much as those of any other; see ``HARMLESS_WEIGHTS``."""
    import numpy as np

    shares = [_group(row) for row in rows]
    alone = [UNLIKE_TICKETS.get(row.kind, 1.0) for row in rows]
    sums: dict[str, float] = defaultdict(float)
    for share, weight in zip(shares, alone, strict=True):
        sums[share] += weight
    wanted = {share: HARMLESS_WEIGHTS.get(share, OTHER_HARMLESS if share == HARMLESS else 1.0) for share in sums}
    weights = np.array([weight * wanted[share] / sums[share] for share, weight in zip(shares, alone, strict=True)])
    found: NDArray[np.float64] = weights * len(rows) / weights.sum()
    return found


def _group(row: Row) -> str:
    return row.kind if row.route == HARMLESS and row.kind in HARMLESS_WEIGHTS else row.route


def _highest(
    text: str, vectors: Vectors, weight: NDArray[np.float64], bias: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The heads' log-odds of a ticket, of its worst part for each."""
    import numpy as np

    read = np.array([vectors[part] for part in (text, *windows(text))])
    found: NDArray[np.float64] = (read @ weight.T + bias).max(axis=0)
    return found


def _needed(rows: Sequence[Row], odds: NDArray[np.float64], route: str) -> float:
    """The least log-odds above 0 that no more of the harmless tickets reach than may, nor of one kind of them."""
    harmless = [odd for row, odd in zip(rows, odds, strict=True) if row.route == HARMLESS]
    near, ordinary = (
        [odd for row, odd in zip(rows, odds, strict=True) if row[1:] == (HARMLESS, kind)]
        for kind in ("near misses", ORDINARY)
    )
    share = ALLOWED_OF.get(route, ALLOWED)
    groups = ((harmless, share), (ordinary, share), (near, NEAR_MISSES_ALLOWED))
    return max(0.0, *(float(reached_by(of_these, share)) for of_these, share in groups if of_these))


def _measured(rows: Sequence[Row], fired: NDArray[np.bool_], route: str) -> dict[str, float]:
    tickets = [bool(fires) for row, fires in zip(rows, fired, strict=True) if row[1:] == (route, "tickets")]
    harmless = [bool(fires) for row, fires in zip(rows, fired, strict=True) if row.route == HARMLESS]
    return {
        "tickets_found": round(sum(tickets) / max(1, len(tickets)), 4),
        "harmless_fired": round(sum(harmless) / max(1, len(harmless)), 5),
    }
