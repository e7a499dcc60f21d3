"""Does a ticket mean what a hard route is for, in words that no pattern knows? Vector → six signals; high = less sure.

One logistic head for each hard route on the embedding that retrieval uses; ``python -m
support_agent.triage.training.hard_routes --data FOLDER`` makes them. They read what the patterns let pass: a ticket
that a pattern catches never gets here. Cost: 0.02 ms. What they find, and on what they alarm for nothing, is measured
by ``tests/benchmarks/hard_routes.py``. Embedder and
examples are English: in other languages the heads find little.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support_agent.artefacts import read_manifest
from support_agent.errors import ModelFileError
from support_agent.records import Signal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MADE_BY = "python -m support_agent.triage.training.hard_routes --data FOLDER"
SHIPPED = Path(__file__).parent / "learned_routes_model"
WEIGHTS = "heads.safetensors"
ROUTES = ("danger_self_harm", "danger_violence", "danger_legal", "asks_for_human", "abuse", "injection")
"""The patterns' signals that have a head, gravest first."""
PREFIX = "learned_"

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LearnedRoutes:
    """``weight`` has a row for each of ``routes``; ``thresholds`` are on the signals' values (0–1)."""

    routes: Sequence[str]
    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    thresholds: Sequence[float]
    fingerprint: str

    def values(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Shape (n, routes), 0–1, high = the route is meant; not a probability, since the classes were balanced."""
        import numpy as np

        odds: NDArray[np.float32] = np.clip(vectors @ self.weight.T + self.bias, -50, 50)
        values: NDArray[np.float32] = np.reciprocal(1 + np.exp(-odds))
        return values

    def signals(self, vector: NDArray[np.float32]) -> tuple[Signal, ...]:
        """One for each route, by the ticket's vector of length 1."""
        return tuple(
            Signal(PREFIX + route, value, threshold, value >= threshold)
            for route, value, threshold in zip(
                self.routes, self.values(vector[None])[0].tolist(), self.thresholds, strict=True
            )
        )


def shipped(fingerprint: str) -> LearnedRoutes | None:
    """The heads that ship, or None when the vectors come from another embedder: then only the patterns speak.

    Raises:
        ModelFileError: the files in the package are damaged.
    """
    heads = read_heads(SHIPPED)
    if heads.fingerprint == fingerprint:
        return heads
    _logger.warning(
        "The heads of the hard routes were made for the embedder %s…, the index uses %s…: only the patterns speak. "
        f"Run `{MADE_BY} --embedder NAME` to make heads for it.",
        heads.fingerprint[:12],
        fingerprint[:12],
    )
    return None


@cache
def read_heads(folder: Path) -> LearnedRoutes:
    """Read a folder made by ``support_agent.triage.training.hard_routes``; every hash is checked.

    Raises:
        ModelFileError: a file is missing, damaged, or holds no heads.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    mend = f"Install support_agent again, or make the heads with `{MADE_BY}`."
    facts: dict[str, Any] = read_manifest(folder, ModelFileError, mend)
    try:
        tables = load_file(folder / WEIGHTS)
        routes = tuple(str(route) for route in facts["routes"])
        thresholds = tuple(float(facts["thresholds"][route]) for route in routes)
        heads = LearnedRoutes(routes, tables["weight"], tables["bias"], thresholds, str(facts["embedder_fingerprint"]))
    except (SafetensorError, KeyError, ValueError, TypeError, OSError) as problem:
        raise ModelFileError(f"{folder} holds no heads of hard routes ({problem}). {mend}") from problem
    if heads.weight.ndim != 2 or not len(heads.weight) == len(heads.bias) == len(routes):
        raise ModelFileError(f"{folder} holds heads of {heads.weight.shape} for {len(routes)} routes. {mend}")
    return heads
