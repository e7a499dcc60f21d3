"""An index's own questions and texts about anything else → the parameters of the scope signal.

Knows no gate and no label. Takes some 15 s for 1,000 questions, most of it for the embedding.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support_agent.clusters import clusters
from support_agent.errors import CalibrationError
from support_agent.records import Signal
from support_agent.triage.scope import ScopeModel, delete_names, features
from support_agent.wording import content_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from support_agent.retrieval.embedders import Embedder

_OUTLIERS = Path(__file__).parent / "outliers"
_FEWEST = 20
_FOLDS = 5
_AXES = 64
# Inverse strength of the penalty, chosen on CLINC150's validation split.
_REGULARITY = 0.1
# The fewer questions, the more each fold misses, and the more of its held-out questions look strange: the threshold
# for the stated share then keeps more new ones than that, and lets anything pass.
_KEEP, _KEEP_OF_FEW, _FEW = 0.96, 0.9, 400
_MOST_OWN = 1000
_TINY = 1e-6
_NAME_SHARE = 0.15
_CAPITAL_SHARE = 0.8
_RARER = 10
_INSIDE = re.compile(r"(?<=[\w,;:] )\w{2,}")


@dataclass(frozen=True)
class ScopeFit:
    """A fitted model, and the scope signal of each own question by a model that has seen nothing like it, in order."""

    model: ScopeModel
    own_scores: tuple[Signal, ...]


def fit_scope(
    own: Sequence[str],
    outliers: Sequence[str],
    embedder: Embedder,
    *,
    names: Sequence[str] | None = None,
    keep: float | None = None,
    seed: int = 0,
) -> ScopeFit:
    """Fit the scope signal of an index.

    Near-duplicates stand in one fold, so that ``keep`` holds for new questions and not only for those that were seen.
    With 30 to 100 questions the model still tells them from anything else (AUROC 0.97 to 0.99), but the threshold rests
    on the few that score lowest. For an index of documents give their titles and headings: they are shorter than
    tickets and no questions, so ``keep`` is then about headings, and the threshold is a guess for tickets.

    Args:
        own: what the index answers; at least 20 texts.
        outliers: what it does not answer; ``shipped_outliers`` and any refused question of the index itself.
        embedder: the index's own.
        names: of the product, deleted before anything is measured; found by ``find_names`` when None. Name them for
            languages that write nouns with a capital.
        keep: share (0–1) of own questions that the threshold lets pass, by cross-fitting; None for 0.96, or 0.9 where
            there are fewer than 400.
        seed: for the choice of centres where there are more than 1,000 own questions.

    Raises:
        CalibrationError: there are too few texts to fit anything.
    """
    if min(len(own), len(outliers)) < _FEWEST:
        raise CalibrationError(
            f"The scope signal needs {_FEWEST} questions of the index and {_FEWEST} about something else; there are "
            f"{len(own)} and {len(outliers)}. Calibrate once the index holds more."
        )
    names = find_names(own, outliers) if names is None else tuple(names)
    if keep is None:
        keep = _KEEP_OF_FEW if len(own) < _FEW else _KEEP
    inside = [delete_names(text, names) for text in own]
    outside = _half_with_question_mark([delete_names(text, names) for text in outliers])
    vectors = embedder.encode([*inside, *outside])
    folds = _folds(inside)
    vocabulary = _vocabulary([*inside, *outside])
    space = _Space.of(vectors[: len(own)], seed)
    found = _rows(vectors, len(own), folds, space, seed)
    words = _word_rows([*inside, *outside], vocabulary)
    log_odds, weights, bias = _cross_fit(found, words, len(own), folds)
    model = ScopeModel(
        embedder=embedder.fingerprint,
        names=names,
        threshold=_threshold(log_odds, keep),
        mean=space.mean,
        axes=space.axes,
        own=space.own,
        weights=weights[: found.shape[1]],
        bias=round(bias, 5),
        words={
            word: round(float(weight), 3) for word, weight in zip(vocabulary, weights[found.shape[1] :], strict=True)
        },
    )
    scores = [model.probability(text, float(value)) for text, value in zip(inside, log_odds, strict=True)]
    signals = (Signal("scope", score, model.threshold, score < model.threshold) for score in scores)
    # What is stored is rounded: hand out the very model that will be read.
    return ScopeFit(ScopeModel.from_dict(model.to_dict()), tuple(signals))


def shipped_outliers() -> list[str]:
    """Some 3,000 texts about anything but a company's own product; sources and licences stand in ATTRIBUTION.md."""
    return [line for file in sorted(_OUTLIERS.glob("*.txt")) for line in file.read_text("utf-8").splitlines()]


def find_names(own: Sequence[str], outliers: Sequence[str]) -> tuple[str, ...]:
    """Words of 15 % or more of the own questions, written with a capital inside a sentence.

    A word that stands in outliers too must be ten times rarer there: refused questions often hold the product's name.
    """
    asked, elsewhere = _holding(own), _holding(outliers)
    inside, capitals = Counter[str](), Counter[str]()
    for text in own:
        words = set(_INSIDE.findall(text))
        inside.update({word.casefold() for word in words})
        capitals.update({word.casefold() for word in words if word[0].isupper()})
    return tuple(
        sorted(
            word
            for word, count in capitals.items()
            if count >= _CAPITAL_SHARE * inside[word]
            and asked[word] >= _NAME_SHARE * len(own)
            and elsewhere[word] * len(own) * _RARER <= asked[word] * len(outliers)
        )
    )


def find_product(own: Sequence[str], names: Sequence[str]) -> str:
    """The name that most of the own questions hold, if half of them do; else "" for none."""
    if not names:
        return ""
    asked = _holding(own)
    commonest = max(names, key=lambda name: (asked[name], name))
    return commonest if 2 * asked[commonest] >= len(own) else ""


def _holding(texts: Sequence[str]) -> Counter[str]:
    """In how many texts each word stands."""
    return Counter(word for text in texts for word in set(re.findall(r"\w+", text.casefold())))


@dataclass(frozen=True)
class _Space:
    """Where own questions lie: their mean, their leading axes, their directions along these (or centres of many)."""

    mean: NDArray[np.float32]
    axes: NDArray[np.float32]
    own: NDArray[np.float32]

    @classmethod
    def of(cls, vectors: NDArray[np.float32], seed: int) -> _Space:
        import numpy as np

        mean = vectors.mean(axis=0)
        count = max(1, min(_AXES, vectors.shape[1], len(vectors) // 2))
        axes = np.linalg.svd(vectors - mean, full_matrices=False)[2][:count].T
        own = (vectors - mean) @ axes
        own /= np.maximum(np.linalg.norm(own, axis=1, keepdims=True), _TINY)
        if len(own) > _MOST_OWN:
            own = _centres(own, seed)
        return cls(mean, np.ascontiguousarray(axes), own)

    def rows(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        return features(vectors, self.mean, self.axes, self.own)


def _centres(rows: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    import numpy as np
    from sklearn.cluster import MiniBatchKMeans

    means = MiniBatchKMeans(_MOST_OWN, n_init=1, random_state=seed, batch_size=4096, max_iter=20)
    centres = means.fit(rows).cluster_centers_
    unit: NDArray[np.float32] = centres / np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), _TINY)
    return unit


def _rows(
    vectors: NDArray[np.float32], own: int, folds: Sequence[NDArray[np.int64]], space: _Space, seed: int
) -> NDArray[np.float32]:
    """Features of all texts; those of an own question come from a space without its fold, or it would be near itself.

    Its direction is left as it is: directions of two spaces cannot be compared.
    """
    import numpy as np

    rows = space.rows(vectors)
    for fold in folds:
        rest = np.setdiff1d(np.arange(own), fold)
        near = -space.axes.shape[1]
        without = _Space.of(vectors[rest], seed)
        rows[fold, :near] = without.rows(vectors[fold])[:, : -without.axes.shape[1]]
    return rows


def _cross_fit(
    rows: NDArray[np.float32], words: Any, own: int, folds: Sequence[NDArray[np.int64]]
) -> tuple[NDArray[np.float64], NDArray[np.float32], float]:
    """Log-odds of each own question by a fit without its fold; weights and bias of the fit to everything."""
    import numpy as np
    from scipy.sparse import csr_array, hstack
    from sklearn.linear_model import LogisticRegression

    every = hstack([csr_array(rows), words]).tocsr()
    inside = np.arange(len(rows)) < own
    regression = LogisticRegression(C=_REGULARITY, class_weight="balanced", max_iter=2000)
    log_odds = np.zeros(own)
    for fold in folds:
        rest = np.setdiff1d(np.arange(len(rows)), fold)
        log_odds[fold] = regression.fit(every[rest], inside[rest]).decision_function(every[fold])
    regression.fit(every, inside)
    return log_odds, regression.coef_[0].astype(np.float32), float(regression.intercept_[0])


def _threshold(log_odds: NDArray[np.float64], keep: float) -> float:
    import numpy as np

    limit = float(np.quantile(log_odds, 1 - keep))
    return round(min(0.999, max(0.001, 1 / (1 + float(np.exp(-limit))))), 5)


def _folds(texts: Sequence[str]) -> list[NDArray[np.int64]]:
    """Numbers of the texts in five parts of about the same size; near-duplicates stand in one part."""
    import numpy as np

    parts: list[list[int]] = [[] for _ in range(_FOLDS)]
    for group in sorted(clusters(texts), key=len, reverse=True):
        min(parts, key=len).extend(group)
    return [np.array(sorted(part)) for part in parts if part]


def _vocabulary(texts: Sequence[str]) -> list[str]:
    """The stems that stand in two texts or more."""
    counts = Counter(word for text in texts for word in set(content_words(text)))
    return sorted(word for word, count in counts.items() if count > 1)


def _word_rows(texts: Sequence[str], vocabulary: Sequence[str]) -> Any:
    """A sparse row for each text, as ``ScopeModel`` weighs words: 1 / √(its different stems) for each it holds."""
    from scipy.sparse import csr_array

    column = {word: number for number, word in enumerate(vocabulary)}
    cells: list[tuple[float, int, int]] = []
    for number, text in enumerate(texts):
        stems = set(content_words(text))
        cells += [(len(stems) ** -0.5, number, column[stem]) for stem in sorted(stems) if stem in column]
    values, rows, columns = zip(*cells, strict=True) if cells else ((), (), ())
    return csr_array((values, (rows, columns)), shape=(len(texts), len(vocabulary)))


def _half_with_question_mark(texts: Sequence[str]) -> list[str]:
    """Every second text as a question: whether a text ends in "?" says nothing about its scope."""
    return [f"{text.rstrip(' ?!.')}?" if number % 2 else text for number, text in enumerate(texts)]
