"""An index's own questions and texts about anything else → the parameters of the scope signal.

Takes some 15 s for 1,000 questions, most of it for the embedding.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from support_agent.clusters import clusters
from support_agent.retrieval.embedders import encode_queries
from support_agent.triage.scope import ScopeModel, delete_names, features
from support_agent.wording import content_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from support_agent.retrieval.embedders import Embedder

FEWEST = 20
_FOLDS = 5
_AXES = 64
# Inverse strength of the penalty, chosen on CLINC150's validation split.
_REGULARITY = 0.1
# The fewer questions, the more each fold misses, and the more of its held-out questions look strange: the threshold
# for the stated share then keeps more new ones than that, and lets anything pass.
_KEEP, _KEEP_OF_FEW, _FEW = 0.96, 0.9, 400
_MOST_OWN = 1000
_TINY = 1e-6


@dataclass(frozen=True)
class ScopeFit:
    """A fitted model, and the scope (0–1) of each own text by a model that has seen nothing like it, in order."""

    model: ScopeModel
    own_scores: tuple[float, ...]


def fit_scope(
    own: Sequence[str],
    outliers: Sequence[str],
    embedder: Embedder,
    *,
    names: Sequence[str] = (),
    keep: float | None = None,
    let_pass: float | None = None,
    seed: int = 0,
) -> ScopeFit:
    """Fit the scope signal of an index.

    Near-duplicates stand in one fold, so that ``keep`` holds for new questions and not only for those that were seen.
    With 30 to 100 questions the model still tells them from anything else (AUROC 0.97 to 0.99), but the threshold rests
    on the few that score lowest. For documents ``keep`` is about the texts given for them, which are no tickets: the
    threshold is then a guess.

    Args:
        own: what the index answers; at least 20 texts.
        outliers: what it does not answer; ``fit_subject.shipped_outliers`` and the refused questions of the index.
        embedder: the index's own.
        names: of the product, deleted before anything is measured.
        keep: share (0–1) of own questions that the threshold lets pass, by cross-fitting; None for 0.96, or 0.9 where
            there are fewer than 400.
        let_pass: share (0–1) of the outliers that the threshold lets pass in any case. For own texts that are no
            questions: real ones lie further off than these lie from each other.
        seed: for the choice of centres where there are more than 1,000 own questions.

    Raises:
        ValueError: there are fewer than FEWEST texts of a kind.
    """
    if min(len(own), len(outliers)) < FEWEST:
        raise ValueError(f"{len(own)} own texts and {len(outliers)} others are too few for a scope model")
    if keep is None:
        keep = _KEEP_OF_FEW if len(own) < _FEW else _KEEP
    inside = [delete_names(text, names) for text in own]
    outside = _half_with_question_mark([delete_names(text, names) for text in outliers])
    vectors = encode_queries(embedder, [*inside, *outside])
    folds = _folds(inside)
    vocabulary = _vocabulary([*inside, *outside])
    space = _Space.of(vectors[: len(own)], seed)
    found = _rows(vectors, len(own), folds, space, seed)
    words = _word_rows([*inside, *outside], vocabulary)
    log_odds, of_outliers, weights, bias = _cross_fit(found, words, len(own), folds)
    limit = _quantile(log_odds, 1 - keep)
    if let_pass is not None:
        limit = min(limit, _quantile(of_outliers, 1 - let_pass))
    model = ScopeModel(
        embedder=embedder.fingerprint,
        names=tuple(names),
        threshold=_threshold(limit),
        mean=space.mean,
        axes=space.axes,
        own=space.own,
        weights=weights[: found.shape[1]],
        bias=round(bias, 5),
        words={
            word: round(float(weight), 3) for word, weight in zip(vocabulary, weights[found.shape[1] :], strict=True)
        },
    )
    scores = (model.probability(text, float(value)) for text, value in zip(inside, log_odds, strict=True))
    # What is stored is rounded: hand out the very model that will be read.
    return ScopeFit(ScopeModel.from_dict(model.to_dict()), tuple(scores))


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
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float32], float]:
    """Log-odds of each own text by a fit without its fold; of the fit to all, those of outliers, weights and bias."""
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
    of_outliers = regression.decision_function(every[own:])
    return log_odds, of_outliers, regression.coef_[0].astype(np.float32), float(regression.intercept_[0])


def _quantile(log_odds: NDArray[np.float64], share: float) -> float:
    import numpy as np

    return float(np.quantile(log_odds, share))


def _threshold(limit: float) -> float:
    return round(min(0.999, max(0.001, 1 / (1 + math.exp(-limit)))), 5)


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
