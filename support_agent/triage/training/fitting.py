"""What the models of the signals share in their making: folds, a regression on vectors, and how thresholds are set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from support_agent.clusters import clusters

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

FOLDS = 3


class Fitted(NamedTuple):
    """A logistic regression on centred and scaled vectors; ``coef`` has a row for each class, or one for two."""

    classes: list[str]
    coef: NDArray[np.float64]
    intercept: NDArray[np.float64]
    centre: NDArray[np.float64]
    scale: float

    def for_vectors(
        self, coef: NDArray[np.float64], intercept: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Weight and bias, for vectors as the embedder gives them, of coefficients found on centred ones."""
        weight = coef / self.scale
        return weight, intercept - weight @ self.centre


def fit(vectors: NDArray[np.float64], labels: ArrayLike, weights: ArrayLike, inverse_penalty: float) -> Fitted:
    """Fit to vectors of shape (texts, d).

    Of some embedders all vectors are alike but for little: what is common is taken off before the penalty.
    """
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    centre = vectors.mean(axis=0)
    scale = np.linalg.norm(vectors - centre, axis=1).mean()
    model = LogisticRegression(C=inverse_penalty, max_iter=400)
    model.fit((vectors - centre) / scale, labels, sample_weight=weights)
    return Fitted(list(model.classes_), model.coef_, model.intercept_, centre, scale)


def cross_fits(texts: Sequence[str]) -> Iterator[tuple[list[int], list[int]]]:
    """For each fold the places of the texts outside it, to fit on, and of those in it, to measure on."""
    import numpy as np

    folds = fold_numbers(texts)
    for fold in range(FOLDS):
        yield np.flatnonzero(folds != fold).tolist(), np.flatnonzero(folds == fold).tolist()


def fold_numbers(texts: Sequence[str]) -> NDArray[np.int64]:
    """0 to ``FOLDS`` - 1 for each text; near-duplicates share one, or thresholds would be chosen on texts known."""
    import numpy as np

    numbers = np.zeros(len(texts), dtype=np.int64)
    # The larger first, each into the fold that holds least.
    groups = sorted(clusters(texts), key=lambda group: (-len(group), min(texts[at] for at in group)))
    filled = [0] * FOLDS
    for group in groups:
        fold = filled.index(min(filled))
        filled[fold] += len(group)
        numbers[list(group)] = fold
    return numbers


def reached_by(odds: Sequence[float], share: float) -> float:
    """The least log-odds that no more than this share of them reaches."""
    return sorted(odds, reverse=True)[int(share * len(odds))] + 1e-6
