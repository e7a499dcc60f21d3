"""Is the ticket about what the index holds? Text and vector, the product's names deleted → one signal; low = less sure.

Costs 0.2 ms beside the embedding, which is retrieval's own for a ticket that holds no name. The parameters are fitted
to an index's own questions or headings when it is built (``retrieval/fit_subject.py``).

Logistic regression over how near the ticket is to the index's own questions, how much of it their leading directions
hold (Wang et al. 2022, ViM), where it lies among them, and its words.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from support_agent.records import Signal
from support_agent.wording import content_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SHARPNESS = (10.0, 20.0, 40.0)
"""Nearness is a soft maximum of the cosines to the own questions; a sharper one looks at fewer of them."""
# Cosines differ by tenths: times five they weigh like the other features in a regularised fit.
_NEAR_SCALE = 5.0
_TINY = 1e-6
_ENOUGH_WORDS = 2
_LEAST_TRUST = 0.25
_MOST_LOG_ODDS = 30.0

_AUXILIARY = "can|could|does|do|did|is|are|was|will|would|should|has|have|may|might|must|how|what"
_PREPOSITION = "with|in|on|by|from|for|of|using|via|at|about|through|within|into|inside|under|to|than"


@dataclass(frozen=True)
class ScopeModel:
    """Parameters of the scope signal for one index.

    ``embedder`` is the fingerprint of the embedder whose vectors it reads. ``threshold`` (0–1) is on the score.
    ``mean`` of the own questions has shape ``(dimension,)``, their leading ``axes`` ``(dimension, n)``; ``own`` holds
    their directions along these (or centres of many). ``weights`` are those of ``features``, in their order;
    ``words`` has one for each stem.
    """

    embedder: str
    names: tuple[str, ...]
    threshold: float
    mean: NDArray[np.float32]
    axes: NDArray[np.float32]
    own: NDArray[np.float32]
    weights: NDArray[np.float32]
    bias: float
    words: Mapping[str, float]

    def score(self, text: str, vector: NDArray[np.float32]) -> float:
        """How surely the ticket is in scope (0–1, high = in scope); the names are deleted from both already."""
        found = features(vector[None, :], self.mean, self.axes, self.own)[0]
        return self.probability(text, self.bias + float(found @ self.weights) + self._words_weight(text))

    def probability(self, text: str, log_odds: float) -> float:
        """Log-odds of a text → its score.

        A word or two, or a text in another language, are no ground for a sure rejection: with fewer than two words that
        the model knows, log-odds below the threshold are drawn towards it.
        """
        if math.isnan(log_odds):
            return 0.0
        limit = math.log(self.threshold / (1 - self.threshold))
        if log_odds < limit:
            known = sum(word in self.words for word in set(content_words(text)))
            trust = max(_LEAST_TRUST, min(1.0, known / _ENOUGH_WORDS))
            log_odds = limit + trust * (log_odds - limit)
        return 1 / (1 + math.exp(-max(-_MOST_LOG_ODDS, min(_MOST_LOG_ODDS, log_odds))))

    def _words_weight(self, text: str) -> float:
        words = set(content_words(text))
        return sum(self.words.get(word, 0.0) for word in sorted(words)) / math.sqrt(len(words)) if words else 0.0

    def to_dict(self) -> dict[str, Any]:
        """The model as JSON takes it; the two large arrays as bytes in base 85."""
        return {
            "embedder": self.embedder,
            "names": list(self.names),
            "threshold": self.threshold,
            "mean": [round(float(value), 5) for value in self.mean],
            "axes": _packed(self.axes),
            "own": _packed(self.own),
            "weights": [round(float(value), 5) for value in self.weights],
            "bias": self.bias,
            "words": dict(self.words),
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> ScopeModel:
        """The model that ``to_dict`` wrote.

        Raises:
            ValueError: something is missing or of another kind.
        """
        import numpy as np

        try:
            model = cls(
                embedder=str(plain["embedder"]),
                names=tuple(map(str, plain["names"])),
                threshold=float(plain["threshold"]),
                mean=np.array(plain["mean"], dtype=np.float32),
                axes=_unpacked(plain["axes"]),
                own=_unpacked(plain["own"]),
                weights=np.array(plain["weights"], dtype=np.float32),
                bias=float(plain["bias"]),
                words={str(word): float(weight) for word, weight in plain["words"].items()},
            )
            features(model.mean[None, :], model.mean, model.axes, model.own) @ model.weights
            math.log(model.threshold / (1 - model.threshold))
        except (KeyError, TypeError, ValueError, AttributeError, ZeroDivisionError) as problem:
            raise ValueError(f"the scope model cannot be read ({problem!r})") from problem
        return model


def scope_signal(model: ScopeModel, text: str, vector: NDArray[np.float32]) -> Signal:
    """Fires below the model's threshold; ``text`` and ``vector`` are without the names (``delete_names``)."""
    value = model.score(text, vector)
    return Signal("scope", value, model.threshold, value < model.threshold)


def features(
    vectors: NDArray[np.float32], mean: NDArray[np.float32], axes: NDArray[np.float32], own: NDArray[np.float32]
) -> NDArray[np.float32]:
    """One row for each vector; ``mean``, ``axes`` and ``own`` are those of a ``ScopeModel``.

    Nearness to the own questions, by direction along the axes; the share of the vector that the axes hold; its
    direction along them.
    """
    import numpy as np

    centred = vectors - mean
    along = centred @ axes
    lengths = np.linalg.norm(along, axis=1, keepdims=True)
    direction = along / np.maximum(lengths, _TINY)
    held = lengths / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), _TINY)
    cosines = direction @ own.T
    near = [np.log(np.exp(sharp * cosines).mean(axis=1, keepdims=True)) / sharp for sharp in SHARPNESS]
    rows: NDArray[np.float32] = np.hstack([_NEAR_SCALE * np.hstack([*near, held]), direction]).astype(np.float32)
    return rows


def delete_names(text: str, names: Sequence[str]) -> str:
    """The text without a product's names, any case, possessives and web addresses with them.

    "How do I bake bread with Lamini?" → "How do I bake bread?", "Can Lamini bake?" → "Can it bake?". A text that holds
    none of the names comes back as it is.
    """
    if not names:
        return text
    possessive, closing, subject, anywhere = _name_patterns(tuple(names))
    if not anywhere.search(text):
        return text
    short = anywhere.sub("", subject.sub(r"\1 it", closing.sub("", possessive.sub("", text))))
    return re.sub(r"\s+([?!.,;:)])", r"\1", re.sub(r"[ \t]{2,}", " ", short)).strip(" ,;:")


@cache
def _name_patterns(names: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    any_name = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    # With the subdomains and endings of a web address, and as "Acme AI", "Acme Inc".
    ending = r"(?:\.(?:ai|com|io|net|org|dev|app|co))?(?:\s+(?:ai|inc)\b)?"
    name = rf"(?<![\w@/.-])(?:[\w-]{{1,40}}\.){{0,3}}(?:{any_name}){ending}(?!\w)"
    return tuple(
        re.compile(pattern, re.IGNORECASE)
        for pattern in (
            rf"{name}['’]s?(?!\w)",
            rf"\s*,?\s*\b(?:{_PREPOSITION})\s+(?:the\s+)?{name}(?=\s*(?:[?!.,;:)]|$))",
            rf"\b({_AUXILIARY})\s+{name}(?=\s+[^\W\d_])",
            name,
        )
    )


def _packed(rows: NDArray[np.float32]) -> dict[str, Any]:
    import numpy as np

    step = float(np.abs(rows).max()) / 127 or 1.0
    whole = np.round(rows / step).astype(np.int8)
    return {"shape": list(rows.shape), "step": step, "int8": base64.b85encode(whole.tobytes()).decode("ascii")}


def _unpacked(packed: Mapping[str, Any]) -> NDArray[np.float32]:
    import numpy as np

    whole = np.frombuffer(base64.b85decode(packed["int8"]), dtype=np.int8).reshape(packed["shape"])
    return whole.astype(np.float32) * np.float32(packed["step"])
