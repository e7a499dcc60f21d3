"""Does a ticket mean what a person must read, in words that no pattern knows? Vectors → a signal a route.

One linear head for each route on the embedding that retrieval uses, against harmless tickets; high = less sure.
``support-agent signals retrain`` makes them. They read the whole text and its parts (``windows.py``), and the part that
is worst counts. Cost: 0.05 ms. What they find, and on what they alarm for nothing, is measured by
``tests/benchmarks/hard_routes.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support_agent.artefacts import read_manifest
from support_agent.errors import ModelFileError
from support_agent.records import Signal
from support_agent.triage.signal_folders import MEND, folder_for

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WEIGHTS = "hard_routes.safetensors"
ROUTES = (
    "danger_self_harm",
    "danger_violence",
    "danger_third_person",
    "minor",
    "bereavement",
    "security_report",
    "outage_report",
    "danger_legal",
    "privacy_request",
    "medical_advice",
    "financial_advice",
    "refund",
    "billing",
    "accessibility",
    "asks_for_human",
    "abuse",
    "injection",
)
"""The patterns' signals that have a head."""
PREFIX = "learned_"
THRESHOLD = 0.5
"""Of every head: what it needs to fire is in its bias."""
MARGIN = 3.0
"""Log-odds behind the surest head at which another still speaks: a ticket that fits one head well half fits others."""
ALWAYS_HEARD = "danger_self_harm"


@dataclass(frozen=True)
class LearnedRoutes:
    """``weight`` has a row for each of ``routes``; a head's log-odds are 0 at its threshold."""

    routes: Sequence[str]
    weight: NDArray[np.float32]
    bias: NDArray[np.float32]

    def log_odds(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Shape (routes,), high = the route is meant, 0 = just enough; by the vectors of a ticket and of its parts."""
        odds: NDArray[np.float32] = (vectors @ self.weight.T + self.bias).max(axis=0)
        return odds

    def signals(self, vectors: NDArray[np.float32]) -> tuple[Signal, ...]:
        """One for each route, its value 0–1, by the vectors of a ticket's text and of its parts, each of length 1."""
        import numpy as np

        odds = self.log_odds(vectors)
        values = np.reciprocal(1 + np.exp(-np.clip(odds, -50, 50))).tolist()
        heard = odds >= max(0.0, float(odds.max()) - MARGIN)
        return tuple(
            Signal(PREFIX + route, value, THRESHOLD, fires or (route == ALWAYS_HEARD and value >= THRESHOLD))
            for route, value, fires in zip(self.routes, values, heard.tolist(), strict=True)
        )


def heads_for(fingerprint: str) -> LearnedRoutes | None:
    """The heads for an embedder, or None where none were made: then only the patterns speak.

    Raises:
        ModelFileError: the files are damaged.
    """
    folder = folder_for(fingerprint)
    return read_heads(folder) if folder else None


@cache
def read_heads(folder: Path) -> LearnedRoutes:
    """Read the heads of a folder made by ``support-agent signals retrain``; every hash is checked.

    Raises:
        ModelFileError: a file is missing, damaged, or holds no heads.
    """
    import numpy as np
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    manifest: dict[str, Any] = read_manifest(folder, ModelFileError, MEND, reads=(WEIGHTS,))
    try:
        tables = {name: values.astype(np.float32) for name, values in load_file(folder / WEIGHTS).items()}
        routes = tuple(str(route) for route in manifest["hard_routes"]["routes"])
        heads = LearnedRoutes(routes, tables["weight"], tables["bias"])
    except (SafetensorError, KeyError, ValueError, TypeError, AttributeError, OSError) as problem:
        raise ModelFileError(f"{folder} holds no heads of hard routes ({problem}). {MEND}") from problem
    if heads.weight.ndim != 2 or not len(heads.weight) == len(heads.bias) == len(routes):
        raise ModelFileError(f"{folder} holds heads of other routes than its manifest names. {MEND}")
    return heads
