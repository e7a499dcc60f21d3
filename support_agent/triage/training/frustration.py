"""Comments, tickets and their vectors → the frustration model.

GoEmotions says what upset sounds like; angry and calm tickets say it of customers. What the model needs to fire is
chosen on calm tickets that it has not seen, and put into its bias.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from support_agent.triage.frustration import FrustrationModel
from support_agent.triage.frustration_cues import cue_weight
from support_agent.triage.training.fitting import cross_fits, fit, reached_by
from support_agent.triage.training.rows import FRUSTRATED, HARMLESS, PublicRow, Row
from support_agent.triage.windows import windows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = Mapping[str, NDArray[np.float32]]

INVERSE_PENALTY = 0.3
ALLOWED = {"near misses": 0.03, "clinc150": 0.02, "natcs": 0.02, "reports": 0.025, "lamini": 0.005}
"""Share of each kind of calm ticket that may raise a false alarm, cross-fitted and with the cues."""
CUE_LOG_ODDS = 2.0
"""What one unit of cue weight adds."""
# Who insults, threatens or is in danger may be upset as well: nothing is learnt from them.
_MAY_BE_UPSET = ("abuse", "danger_legal", "danger_violence", "danger_self_harm", "danger_third_person", "injection")
_WRITTEN_UPSET, _WRITTEN_CALM, _OTHER = 10.0, 5.0, 1.0

_logger = logging.getLogger(__name__)


class Made(NamedTuple):
    """The model, and what it does on calm tickets and angry ones that it was not fitted on."""

    model: FrustrationModel
    measured: dict[str, float]


class _Example(NamedTuple):
    text: str
    upset: bool
    weight: float
    kind: str


def make_model(rows: Sequence[Row], comments: Sequence[PublicRow], vectors: Vectors) -> Made:
    """Fit on all; the threshold comes from models that have not seen the ticket, nor one like it."""
    import numpy as np

    examples = _examples(rows, comments)
    odds = np.zeros(len(examples))
    for others, held in cross_fits([one.text for one in examples]):
        model = _fitted([examples[at] for at in others], vectors)
        for at in held:
            odds[at] = _log_odds(model, examples[at].text, vectors)
    needed = _needed(examples, odds)
    fired: dict[str, list[bool]] = {}
    for one, odd in zip(examples, odds, strict=True):
        fired.setdefault(one.kind, []).append(bool(odd >= needed))
    measured = {kind: round(sum(some) / len(some), 4) for kind, some in sorted(fired.items())}
    _logger.info("frustration fires, cross-fitted, on: %s", measured)
    whole = _fitted(examples, vectors)
    return Made(FrustrationModel(whole.vector, whole.bias - needed, CUE_LOG_ODDS), measured)


def _examples(rows: Sequence[Row], comments: Sequence[PublicRow]) -> list[_Example]:
    """Comments and tickets. A few callers in NatCS are angry, and no label says so: whose cues tell are left out."""
    found = [_Example(row.text, row.label == "upset", _OTHER, f"comments: {row.label}") for row in comments]
    for text, route, kind in rows:
        if route == FRUSTRATED:
            found.append(_Example(text, True, _WRITTEN_UPSET, "tickets: frustrated"))
        elif route == HARMLESS and not (kind == "natcs" and cue_weight(text)):
            found.append(_Example(text, False, _WRITTEN_CALM if kind == "near misses" else _OTHER, kind))
        elif route != HARMLESS and route not in _MAY_BE_UPSET:
            found.append(_Example(text, False, _OTHER, "tickets: others"))
    return found


def _fitted(examples: Sequence[_Example], vectors: Vectors) -> FrustrationModel:
    import numpy as np

    found = np.array([vectors[one.text] for one in examples], dtype=np.float64)
    fitted = fit(found, [one.upset for one in examples], [one.weight for one in examples], INVERSE_PENALTY)
    weight, bias = fitted.for_vectors(fitted.coef[0], fitted.intercept[0])
    return FrustrationModel(weight.astype(np.float32), float(bias), CUE_LOG_ODDS)


def _log_odds(model: FrustrationModel, text: str, vectors: Vectors) -> float:
    """As serving adds them up: the vector's, and the cues'."""
    import numpy as np

    read = np.array([vectors.get(part, vectors[text]) for part in (text, *windows(text))])
    return model.log_odds(text, read) + CUE_LOG_ODDS * cue_weight(text)


def _needed(examples: Sequence[_Example], odds: NDArray[np.float64]) -> float:
    """The least log-odds that no more than ``ALLOWED`` of each kind of calm ticket reaches."""
    of_kind: dict[str, list[float]] = {}
    for one, odd in zip(examples, odds.tolist(), strict=True):
        of_kind.setdefault(one.kind, []).append(odd)
    found = (reached_by(of_kind[kind], share) for kind, share in ALLOWED.items() if kind in of_kind)
    return max(found, default=-math.inf)


def facts(made: Made) -> dict[str, Any]:
    """What the manifest says of the model."""
    return {"cue_log_odds": CUE_LOG_ODDS, "fires_cross_fitted": made.measured, "calm_allowed_to_fire": ALLOWED}
