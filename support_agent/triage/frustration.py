"""Is the customer angry at us? Cleaned text, its vector and the turns before → one signal; high = less sure.

A bug report in strong words ("the worker was killed") is not anger. Two sources are added as log-odds: a small network
that has learnt upset from comments (``python -m finetune.frustration --data FOLDER``), and the cues of
``frustration_cues.py``. Without a model for the index's embedder the cues speak alone. Cost: 0.8 ms for 20 words; the
ticket's vector is the one retrieval uses.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support_agent.artefacts import read_manifest
from support_agent.errors import ModelFileError
from support_agent.records import Signal
from support_agent.triage.frustration_cues import cue_weight
from support_agent.triage.frustration_features import WINDOW, gram_rows, piece_rows, tokens

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SHIPPED = Path(__file__).parent / "frustration_model"
WEIGHTS = "frustration.safetensors"
WORDS = "words.txt"
DECAY = 0.7
"""What is left of a turn's value one turn later; three turns at 0.46 of the threshold fire together."""
CUES_ALONE = 2.0
"""Cue weight that fires without a model: one strong cue, or two weak ones."""
_MAX_WINDOWS = 20

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class FrustrationModel:
    """A network over tokens and the ticket's vector, plus linear n-gram weights.

    ``threshold`` is on the signal's value (0–1); ``cue_log_odds`` is what one unit of cue weight adds.
    """

    tables: Mapping[str, NDArray[np.float32]]
    words: Mapping[str, int]
    fingerprint: str
    threshold: float
    cue_log_odds: float

    def upset(self, text: str, vector: NDArray[np.float32]) -> float:
        """How upset the writer sounds (0–1, high = upset), without cues; ``vector`` is the ticket's, of length 1."""
        return _probability(self.log_odds(text, vector))

    def log_odds(self, text: str, vector: NDArray[np.float32]) -> float:
        """The same before it is squeezed into 0–1; of a long text, its most upset window counts."""
        found = tokens(text)
        starts = range(0, max(1, len(found)), WINDOW)
        windows = [found[start : start + WINDOW] for start in starts]
        if len(windows) > _MAX_WINDOWS:
            windows = windows[: _MAX_WINDOWS // 2] + windows[-_MAX_WINDOWS // 2 :]
        return max(self._window(window, vector) for window in windows)

    def _window(self, found: list[str], vector: NDArray[np.float32]) -> float:
        import numpy as np

        t = self.tables
        meaning = np.maximum(vector @ t["meaning.weight"] + t["meaning.bias"], 0)
        hidden = [*_convolved(self._token_rows(found), t), meaning]
        value = float(np.concatenate(hidden) @ t["out.weight"] + vector @ t["direct.weight"] + t["out.bias"][0])
        grams = gram_rows(found)
        if not grams:
            return value
        strengths = t["grams.idf"][grams]
        return value + float(strengths @ t["grams.weight"][grams] / np.linalg.norm(strengths) + t["grams.bias"][0])

    def _token_rows(self, found: list[str]) -> NDArray[np.float32]:
        """One row for each token: its word's, plus the mean of its letter groups'."""
        import numpy as np

        table, pieces = self.tables["words"], self.tables["pieces"]
        rows = np.zeros((len(found), table.shape[1]), dtype=np.float32)
        for place, token in enumerate(found):
            rows[place] = table[self.words.get(token, 0)]
            of_token = piece_rows(token)
            if of_token:
                rows[place] += pieces[list(of_token)].mean(axis=0)
        return rows


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
        "Run `python -m finetune.frustration --data FOLDER --embedder NAME` to make one for it.",
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
    """Read a folder made by ``finetune.frustration``; every hash is checked."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    mend = "Install support_agent again, or make the model with `python -m finetune.frustration --data FOLDER`."
    facts: dict[str, Any] = read_manifest(folder, ModelFileError, mend)
    try:
        tables = full_size(load_file(folder / WEIGHTS))
        words = (folder / WORDS).read_text("utf-8").split("\n")
        fixed = (str(facts["embedder_fingerprint"]), float(facts["threshold"]), float(facts["cue_log_odds"]))
    except (SafetensorError, KeyError, ValueError, TypeError) as problem:
        raise ModelFileError(f"{folder} holds no frustration model ({problem}). {mend}") from problem
    return FrustrationModel(tables, {word: row for row, word in enumerate(words) if word}, *fixed)


def full_size(stored: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.float32]]:
    """The stored 8- and 16-bit numbers as float32; ``x.scale`` is what the whole numbers of ``x`` are multiplied by."""
    import numpy as np

    one = np.ones(1, dtype=np.float32)
    return {
        name: values.astype(np.float32) * stored.get(f"{name}.scale", one).astype(np.float32)
        for name, values in stored.items()
        if not name.endswith(".scale")
    }


def _convolved(rows: NDArray[np.float32], tables: Mapping[str, NDArray[np.float32]]) -> list[NDArray[np.float32]]:
    """For each width, the strongest answer of each filter over the text; zeros stand around the text."""
    import numpy as np

    strongest = []
    for width in (1, 2, 3):
        weight = tables[f"filters{width}.weight"]  # (width, dim, filters)
        edge = np.zeros((width - 1, rows.shape[1]), dtype=np.float32)
        padded = np.concatenate([edge, rows, edge, np.zeros((width, rows.shape[1]), dtype=np.float32)])
        places = len(padded) - width + 1
        answers = sum(padded[shift : shift + places] @ weight[shift] for shift in range(width))
        strongest.append(np.maximum(answers.max(axis=0) + tables[f"filters{width}.bias"], 0))
    return strongest


def _probability(log_odds: float) -> float:
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, log_odds))))
