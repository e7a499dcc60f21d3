"""Everything that triage reads out of an embedder's vectors, made anew from the data that ships: one folder."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from support_agent.artefacts import MANIFEST, write_bytes, write_manifest
from support_agent.retrieval.embedders import encode_queries
from support_agent.shelves import INDEXES, SIGNALS
from support_agent.triage import frustration as frustration_signal
from support_agent.triage import learned_routes
from support_agent.triage.signal_folders import MADE_BY, folder_name
from support_agent.triage.training import frustration, hard_routes
from support_agent.triage.training.rows import LICENCES, Row, comment_rows, sources, ticket_rows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from support_agent.retrieval import Embedder

    Vectors = dict[str, NDArray[np.float32]]

_STEP = 500

_logger = logging.getLogger(__name__)


class Retrained(NamedTuple):
    """Where the models stand, from how many texts they were made, and what they do on tickets not fitted on."""

    folder: Path
    texts: int
    hard_routes: dict[str, Any]
    frustration: dict[str, float]


def retrain(
    embedder: Embedder, out: Path | None = None, *, on_step: Callable[[int, int], None] = lambda done, of: None
) -> Retrained:
    """Make the models of the signals for an embedder.

    Args:
        out: folder to write; left out, among those that ship in a checkout, among the user's own otherwise.
        on_step: told how many texts are embedded, of how many.

    Raises:
        TrainingError: a file that is learnt from is damaged.
        ConfigError: no folder is known for the user's own.
    """
    rows, comments = ticket_rows(), comment_rows()
    texts = list(dict.fromkeys([*hard_routes.texts_read(rows), *(row.text for row in comments)]))
    vectors = _embedded(embedder, texts, on_step)
    heads = hard_routes.make_heads(rows, vectors)
    anger = frustration.make_model(rows, comments, vectors)
    folder = out or default_root() / folder_name(embedder.name, embedder.fingerprint)
    _write(folder, heads, anger, {**_facts(embedder, rows, len(comments)), "frustration": frustration.facts(anger)})
    return Retrained(folder, len(texts), heads.measured, anger.measured)


def default_root() -> Path:
    """In a checkout the folder of those that ship, else the user's own."""
    in_checkout = (INDEXES.shipped().parent / "pyproject.toml").is_file()
    return SIGNALS.shipped() if in_checkout else SIGNALS.own()


def of_other_embedders(fingerprint: str) -> list[str]:
    """The names of the indexes that were built with another embedder: their scope model was made with it as well."""
    from support_agent.errors import IndexFolderError
    from support_agent.retrieval.folders import read_index_manifest

    others = []
    for name, folder in INDEXES.known().items():
        try:
            manifest = read_index_manifest(folder)
        except IndexFolderError as problem:
            _logger.warning("%s", problem)
            continue
        if manifest["embedder"]["fingerprint"] != fingerprint:
            others.append(name)
    return others


def _embedded(embedder: Embedder, texts: list[str], on_step: Callable[[int, int], None]) -> Vectors:
    vectors: Vectors = {}
    # Texts of like length share a batch, so that little is padded.
    ordered = sorted(texts, key=len)
    for start in range(0, len(ordered), _STEP):
        some = ordered[start : start + _STEP]
        vectors.update(zip(some, encode_queries(embedder, some), strict=True))
        on_step(len(vectors), len(texts))
    return vectors


def _facts(embedder: Embedder, rows: list[Row], comments: int) -> dict[str, Any]:
    counted = Counter(f"{row.kind}: {row.route}" for row in rows)
    return {
        "kind": "support-agent signals",
        "made_by": f"{MADE_BY} --embedder {embedder.name}",
        "embedder": {"name": embedder.name, "fingerprint": embedder.fingerprint},
        "licences": LICENCES,
        "sources": sources(),
        "texts": {**dict(sorted(counted.items())), "goemotions": comments},
    }


def _write(folder: Path, heads: hard_routes.Heads, anger: frustration.Made, facts: dict[str, Any]) -> None:
    import numpy as np
    from safetensors.numpy import save

    about = {
        "routes": list(learned_routes.ROUTES),
        "cross_fitted": heads.measured,
        "harmless_allowed_to_fire": hard_routes.ALLOWED,
        "harmless_allowed_to_fire_of": hard_routes.ALLOWED_OF,
    }
    (folder / MANIFEST).unlink(missing_ok=True)
    write_bytes(folder / learned_routes.WEIGHTS, save({"bias": heads.bias, "weight": heads.weight}))
    weights = {"bias": np.array([anger.model.bias], dtype=np.float32), "vector": anger.model.vector}
    write_bytes(folder / frustration_signal.WEIGHTS, save(weights))
    write_manifest(folder, {**facts, "hard_routes": about}, [learned_routes.WEIGHTS, frustration_signal.WEIGHTS])
