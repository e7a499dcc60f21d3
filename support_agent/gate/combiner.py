"""Signals → the probability that the answer is right: a logistic regression, fitted once, served in plain Python."""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support_agent.errors import CalibrationError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RANKING = Path(__file__).parent / "ranking.json"
# Beyond this many standard deviations a value says no more: one broken signal must not outvote all the others.
FURTHEST = 5.0
# Probabilities are compared with a threshold that was read from a file: both have this many decimals.
DECIMALS = 6


@dataclass(frozen=True)
class Combiner:
    """Log-odds of a right answer = ``bias`` + Σ weight · (value − mean) / scale, one term for each of ``names``."""

    names: tuple[str, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float

    def __post_init__(self) -> None:
        columns = (self.means, self.scales, self.weights)
        if any(len(column) != len(self.names) for column in columns) or len(set(self.names)) != len(self.names):
            raise CalibrationError(
                f"A combiner of {len(self.names)} signals needs one mean, scale and weight for each."
            )
        if not all(math.isfinite(number) for column in (*columns, (self.bias,)) for number in column):
            raise CalibrationError("A combiner holds a number that is not finite: certify it again.")
        if any(scale <= 0 for scale in self.scales):
            raise CalibrationError("A combiner's scales must be above 0: certify it again.")

    def probability(self, signals: Mapping[str, float]) -> float:
        """Probability (0–1, six decimals) that the answer is right; 0 where a value is there and no number."""
        if any(not math.isfinite(signals[name]) for name in self.names if name in signals):
            return 0.0
        log_odds = self.bias + math.fsum(self.contributions(signals).values())
        # Written for both signs, since exp overflows above 709.
        small = math.exp(-abs(log_odds))
        return round(1 / (1 + small) if log_odds >= 0 else small / (1 + small), DECIMALS)

    def highest(self, signals: Mapping[str, float], open_signals: Mapping[str, tuple[float, float]]) -> float:
        """The highest probability that is possible while some signals are not known yet.

        Args:
            open_signals: those, each with its least and greatest value.
        """
        # Log-odds are a sum, one monotone term for each signal, so that each may be tried apart.
        best = {name: max(ends, key=lambda end: self._term(name, end)) for name, ends in open_signals.items()}
        return self.probability({**signals, **best})

    def _term(self, name: str, value: float) -> float:
        return self.contributions({name: value}).get(name, 0.0)

    def contributions(self, signals: Mapping[str, float]) -> dict[str, float]:
        """What each signal adds to the log-odds; negative speaks against answering.

        A signal that is missing or not finite counts as its mean in the training rows, so it adds nothing.
        """
        columns = zip(self.names, self.means, self.scales, self.weights, strict=True)
        return {name: weight * _standardised(signals.get(name), mean, scale) for name, mean, scale, weight in columns}

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers, ready for JSON."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Combiner:
        """The combiner that ``to_dict`` wrote."""
        numbers = (tuple(float(number) for number in plain[key]) for key in ("means", "scales", "weights"))
        means, scales, weights = numbers
        return cls(tuple(str(name) for name in plain["names"]), means, scales, weights, float(plain["bias"]))


@cache
def shipped() -> Combiner:
    """The ranking that ships: fitted on customers' words to three knowledge bases (tests/benchmarks/fit_ranking.py).

    It tells which answers are surer than others on a knowledge base that it has not seen; what its probabilities are
    worth there, only labels can tell.
    """
    return Combiner.from_dict(json.loads(RANKING.read_text("utf-8")))


def fit(
    rows: Sequence[Mapping[str, float]], right: Sequence[bool], names: Sequence[str], *, strength: float = 1.0
) -> Combiner:
    """Fit a combiner on labelled rows.

    Args:
        rows: signal values by name; a missing or not finite one counts as the mean of its column.
        right: whether each row's answer was right.
        names: the signals to use; one that is constant in ``rows`` gets weight 0.
        strength: of the L2 penalty on standardised weights (scikit-learn's 1 / C); more = weights nearer 0.

    Labels of one kind say nothing about the signals: every weight is then 0, and the bias is that of their number.

    Raises:
        CalibrationError: no rows.
    """
    _check_labels(rows, right)
    columns, means, scales = _standardised_columns(rows, names)
    # Labels of one kind tell nothing of any signal.
    varies = (columns.std(axis=0) > 0) & (len(set(map(bool, right))) > 1)
    weights, bias = _solve(columns[:, varies], right, strength)
    full = [0.0] * len(names)
    for place, weight in zip(varies.nonzero()[0].tolist(), weights, strict=True):
        full[place] = weight
    return Combiner(tuple(names), _tidy(means.tolist()), _tidy(scales.tolist()), _tidy(full), _tidy([bias])[0])


def cross_fit(
    rows: Sequence[Mapping[str, float]],
    right: Sequence[bool],
    groups: Sequence[int],
    names: Sequence[str],
    *,
    folds: int = 5,
    seed: int = 0,
    strength: float = 1.0,
) -> list[float]:
    """Probability of each row by a combiner that saw neither it nor any row of its group (its near-duplicates).

    Raises:
        CalibrationError: fewer groups than folds.
    """
    fold_of = _folds(groups, folds, seed)
    scores = [0.0] * len(rows)
    for fold in range(folds):
        kept = [place for place, group in enumerate(groups) if fold_of[group] != fold]
        combiner = fit([rows[place] for place in kept], [right[place] for place in kept], names, strength=strength)
        for place, group in enumerate(groups):
            if fold_of[group] == fold:
                scores[place] = combiner.probability(rows[place])
    return scores


def _folds(groups: Sequence[int], folds: int, seed: int) -> dict[int, int]:
    """Which fold each group falls into: in random order, each into the fold with the fewest rows so far."""
    sizes = Counter(groups)
    if len(sizes) < folds:
        raise CalibrationError(f"{len(sizes)} groups of labels cannot be cut into {folds} folds: label more answers.")
    order = sorted(sizes)
    random.Random(seed).shuffle(order)
    rows_in = [0] * folds
    fold_of = {}
    for group in order:
        fold_of[group] = rows_in.index(min(rows_in))
        rows_in[fold_of[group]] += sizes[group]
    return fold_of


def _check_labels(rows: Sequence[Mapping[str, float]], right: Sequence[bool]) -> None:
    if len(rows) != len(right):
        raise CalibrationError(f"{len(rows)} rows of signals came with {len(right)} labels: each needs exactly one.")
    if not rows:
        raise CalibrationError("There are no labels to fit on: read some answers first.")


def _standardised(value: float | None, mean: float, scale: float) -> float:
    """Standard deviations from the mean, within ±FURTHEST; 0 for a value that is missing or not finite."""
    if value is None or not math.isfinite(value):
        return 0.0
    return max(-FURTHEST, min(FURTHEST, (value - mean) / scale))


def _standardised_columns(
    rows: Sequence[Mapping[str, float]], names: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Standardised values of shape (rows, names), and each column's mean and spread over its known values.

    A value that is missing or not finite counts as the mean; a column that is constant has spread 1.
    """
    import numpy as np

    numbers = np.array([[row.get(name, math.nan) for name in names] for row in rows], dtype=np.float64)
    values = np.ma.masked_invalid(numbers.reshape(len(rows), len(names)))
    means, scales = (np.ma.filled(column, 0.0) for column in (values.mean(axis=0), values.std(axis=0)))
    # Rounding leaves a constant column with a spread of some 1e-16 of its size.
    scales = np.where(scales > 1e-9 * np.maximum(1e-3, np.abs(means)), scales, np.inf)
    columns = np.clip(np.ma.filled((values - means) / scales, 0.0), -FURTHEST, FURTHEST)
    return columns, means, np.where(np.isinf(scales), 1.0, scales)


def _solve(values: NDArray[np.float64], right: Sequence[bool], strength: float) -> tuple[list[float], float]:
    """Weights and bias of the penalised logistic regression; no column leaves the base rate alone (Laplace: + 1)."""
    from sklearn.linear_model import LogisticRegression

    if values.shape[1] == 0:
        correct = sum(map(bool, right))
        return [], math.log((correct + 1) / (len(right) - correct + 1))
    model = LogisticRegression(C=1 / strength, tol=1e-6, max_iter=1000).fit(values, [int(label) for label in right])
    return model.coef_[0].tolist(), float(model.intercept_[0])


def _tidy(numbers: Sequence[float]) -> tuple[float, ...]:
    """Eight significant digits: the noise of one machine's linear algebra does not reach the file."""
    return tuple(float(f"{number:.8g}") for number in numbers)
