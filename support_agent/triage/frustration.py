"""Is the customer angry at us? Cleaned text, its vector and the turns before → one signal; high = less sure.

A bug report in strong words ("the worker was killed") is not anger. Two sources are added as log-odds: a logistic
regression on the ticket's vector and its hashed n-grams, which has learnt upset from comments (``python -m
support_agent.triage.training.frustration --data FOLDER``), and the cues of ``frustration_cues.py``. Without a model for
the index's embedder the cues speak alone. The ticket's vector is the one retrieval uses.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support_agent.artefacts import read_manifest
from support_agent.errors import ModelFileError
from support_agent.records import Signal
from support_agent.triage.frustration_cues import cue_weight
from support_agent.triage.frustration_features import WINDOW, gram_rows, tokens

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MADE_BY = "python -m support_agent.triage.training.frustration --data FOLDER"
SHIPPED = Path(__file__).parent / "frustration_model"
WEIGHTS = "frustration.safetensors"
DECAY = 0.7
"""What is left of a turn's value one turn later; three turns at 0.46 of the threshold fire together."""
CUES_ALONE = 2.0
"""Cue weight that fires without a model: one strong cue, or two weak ones."""
_MAX_WINDOWS = 20

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class FrustrationModel:
    """Weights of the vector, shape (d,), and of each row of the n-gram table.

    ``threshold`` is on the signal's value (0–1); ``cue_log_odds`` is what one unit of cue weight adds.
    """

    vector: NDArray[np.float32]
    grams: NDArray[np.float32]
    bias: float
    fingerprint: str
    threshold: float
    cue_log_odds: float

    def upset(self, text: str, vector: NDArray[np.float32]) -> float:
        """How upset the writer sounds (0–1, high = upset), without cues; ``vector`` is the ticket's, of length 1."""
        return _probability(self.log_odds(text, vector))

    def log_odds(self, text: str, vector: NDArray[np.float32]) -> float:
        """The same before it is squeezed into 0–1; of a long text, its most upset window counts."""
        found = tokens(text)
        windows = [found[start : start + WINDOW] for start in range(0, max(1, len(found)), WINDOW)]
        if len(windows) > _MAX_WINDOWS:
            windows = windows[: _MAX_WINDOWS // 2] + windows[-_MAX_WINDOWS // 2 :]
        return float(vector @ self.vector) + self.bias + max(map(self._grams, windows))

    def _grams(self, found: list[str]) -> float:
        rows = gram_rows(found)
        return float(self.grams[rows].sum()) / math.sqrt(len(rows)) if rows else 0.0


def shipped(fingerprint: str) -> FrustrationModel | None:
    """The model that ships, or None when the vectors come from another embedder: then only the cues speak.

    Raises:
        ModelFileError: the files in the package are damaged.
    """
    model = read_model(SHIPPED)
    if model.fingerprint == fingerprint:
        return model
    _logger.warning(
        "The frustration model was made for the embedder %s…, the index uses %s…: only the cues speak. "
        f"Run `{MADE_BY} --embedder NAME` to make one for it.",
        model.fingerprint[:12],
        fingerprint[:12],
    )
    return None


def frustration_signal(
    model: FrustrationModel | None, text: str, vector: NDArray[np.float32] | None, earlier: Sequence[float] = ()
) -> Signal:
    """Fires when the customer sounds angry at us, now or over the last turns together.

    Args:
        earlier: ``turn_value`` of the turns before, oldest first; each counts ``DECAY`` times less a turn later.
    """
    values = [*earlier, turn_value(model, text, vector)]
    state = sum(value * DECAY**age for age, value in enumerate(reversed(values)))
    threshold = model.threshold if model else 0.5
    return Signal("frustration", min(1.0, state), threshold, state >= threshold)


def turn_value(model: FrustrationModel | None, text: str, vector: NDArray[np.float32] | None) -> float:
    """One turn's own value (0–1), which later turns of the conversation take as ``earlier``."""
    cues = cue_weight(text)
    if model is None or vector is None:
        return min(1.0, 0.5 * cues / CUES_ALONE)
    return _probability(model.log_odds(text, vector) + model.cue_log_odds * cues)


@cache
def read_model(folder: Path) -> FrustrationModel:
    """Read a folder made by ``support_agent.triage.training.frustration``; every hash is checked.

    Raises:
        ModelFileError: a file is missing, damaged, or holds no such model.
    """
    import numpy as np
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    mend = f"Install support_agent again, or make the model with `{MADE_BY}`."
    facts: dict[str, Any] = read_manifest(folder, ModelFileError, mend)
    try:
        weights = {name: values.astype(np.float32) for name, values in load_file(folder / WEIGHTS).items()}
        fixed = (str(facts["embedder_fingerprint"]), float(facts["threshold"]), float(facts["cue_log_odds"]))
        return FrustrationModel(weights["vector"], weights["grams"], float(weights["bias"][0]), *fixed)
    except (SafetensorError, KeyError, ValueError, TypeError, IndexError) as problem:
        raise ModelFileError(f"{folder} holds no frustration model ({problem}). {mend}") from problem


def _probability(log_odds: float) -> float:
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, log_odds))))
