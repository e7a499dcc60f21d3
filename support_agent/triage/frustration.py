"""Is the customer angry at us? Cleaned text, its vectors and the turns before → one signal; high = less sure.

A bug report in strong words ("the worker was killed") is not anger, nor is praise that swears. Two sources are added as
log-odds: a logistic regression on the ticket's vector, which has learnt upset from comments and tickets
(``support-agent signals retrain``), and the cues of ``frustration_cues.py``. Without a model for the index's embedder
the cues speak alone. The vectors are those of the text and of its parts (``windows.py``).
"""

from __future__ import annotations

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
from support_agent.triage.signal_folders import MEND, folder_for

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WEIGHTS = "frustration.safetensors"
THRESHOLD = 0.5
"""What a model needs to reach it is in its bias."""
DECAY = 0.7
"""What is left of a turn's value one turn later; three turns at 0.46 of the threshold fire together."""
CUES_ALONE = 2.0
"""Cue weight that fires without a model: one strong cue, or two weak ones."""
LONG_CHARS = 400
"""Of a longer text the parts are read too; what it was learnt from is shorter."""


@dataclass(frozen=True)
class FrustrationModel:
    """Weights of the vector, shape (d,).

    Its log-odds are 0 at the threshold; ``cue_log_odds`` is what one unit of cue weight adds.
    """

    vector: NDArray[np.float32]
    bias: float
    cue_log_odds: float

    def log_odds(self, text: str, vectors: NDArray[np.float32]) -> float:
        """How upset the writer sounds, without cues (high = upset); of a long text its most upset part counts.

        Args:
            vectors: of the text, then of its parts, each of length 1.
        """
        read = vectors if len(text) > LONG_CHARS else vectors[:1]
        return float((read @ self.vector).max()) + self.bias


def model_for(fingerprint: str) -> FrustrationModel | None:
    """The model for an embedder, or None where none was made: then only the cues speak.

    Raises:
        ModelFileError: the files are damaged.
    """
    folder = folder_for(fingerprint)
    return read_model(folder) if folder else None


def frustration_signal(
    model: FrustrationModel | None, text: str, vectors: NDArray[np.float32] | None, earlier: Sequence[float] = ()
) -> Signal:
    """Fires when the customer sounds angry at us, now or over the last turns together.

    Args:
        earlier: ``turn_value`` of the turns before, oldest first; each counts ``DECAY`` times less a turn later.
    """
    values = [*earlier, turn_value(model, text, vectors)]
    state = sum(value * DECAY**age for age, value in enumerate(reversed(values)))
    return Signal("frustration", min(1.0, state), THRESHOLD, state >= THRESHOLD)


def turn_value(model: FrustrationModel | None, text: str, vectors: NDArray[np.float32] | None) -> float:
    """One turn's own value (0–1), which later turns of the conversation take as ``earlier``."""
    cues = cue_weight(text)
    if model is None or vectors is None:
        return min(1.0, 0.5 * cues / CUES_ALONE)
    return _probability(model.log_odds(text, vectors) + model.cue_log_odds * cues)


@cache
def read_model(folder: Path) -> FrustrationModel:
    """Read the model of a folder made by ``support-agent signals retrain``; every hash is checked.

    Raises:
        ModelFileError: a file is missing, damaged, or holds no such model.
    """
    import numpy as np
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    manifest: dict[str, Any] = read_manifest(folder, ModelFileError, MEND, reads=(WEIGHTS,))
    try:
        weights = {name: values.astype(np.float32) for name, values in load_file(folder / WEIGHTS).items()}
        cue_log_odds = float(manifest["frustration"]["cue_log_odds"])
        return FrustrationModel(weights["vector"], float(weights["bias"][0]), cue_log_odds)
    except (SafetensorError, KeyError, ValueError, TypeError, IndexError, OSError) as problem:
        raise ModelFileError(f"{folder} holds no frustration model ({problem}). {MEND}") from problem


def _probability(log_odds: float) -> float:
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, log_odds))))
