"""Whether a promise kept on average is broken for a group: one row for each language, topic or other group.

Rows should be independent (``certificate.one_of_each``), or the intervals lie.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from support_agent.errors import CalibrationError
from support_agent.intervals import clopper_pearson


@dataclass(frozen=True)
class GroupRow:
    """One group at the threshold. Rates are 0–1; ``risk`` is None and ``low``–``high`` 0–1 where nothing is answered.

    ``low`` and ``high`` are the Clopper–Pearson interval of the risk. ``broken`` says that even ``low`` is above the
    promise; at 95 % one group in forty is flagged by chance.
    """

    group: str
    n: int
    answered: int
    wrong: int
    coverage: float
    risk: float | None
    low: float
    high: float
    broken: bool


def group_table(
    groups: Sequence[str],
    scores: Sequence[float],
    right: Sequence[bool],
    threshold: float | None,
    *,
    max_error: float,
    confidence: float = 0.95,
) -> tuple[GroupRow, ...]:
    """A row for each group, the largest first; with no threshold (None) nothing is answered.

    Raises:
        CalibrationError: the columns differ in length.
    """
    if not len(groups) == len(scores) == len(right):
        raise CalibrationError(
            f"A table needs a group, a score and a label for each row; there are {len(groups)}, {len(scores)} and "
            f"{len(right)}."
        )
    answered: dict[str, list[bool]] = {group: [] for group in groups}
    for group, score, label in zip(groups, scores, right, strict=True):
        if threshold is not None and score >= threshold:
            answered[group].append(bool(label))
    counts = {group: groups.count(group) for group in answered}
    order = sorted(answered, key=lambda group: (-counts[group], group))
    return tuple(_row(group, counts[group], answered[group], max_error, confidence) for group in order)


def _row(group: str, n: int, answered: Sequence[bool], max_error: float, confidence: float) -> GroupRow:
    wrong = sum(not label for label in answered)
    low, high = (round(end, 6) for end in clopper_pearson(wrong, len(answered), confidence))
    return GroupRow(
        group=group,
        n=n,
        answered=len(answered),
        wrong=wrong,
        coverage=round(len(answered) / n, 6),
        risk=round(wrong / len(answered), 6) if answered else None,
        low=low,
        high=high,
        broken=low > max_error,
    )
