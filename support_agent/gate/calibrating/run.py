"""Drafted rows and labels → a calibration.

    rows ─ drafts ─► signals ─┬─ held by a signal alone: not answered
                              └─ labelled ─ cross-fit ─► scores ─ Learn then Test ─► threshold, promise

Every score that the promise rests on was made without the row's own label, its near-duplicates, its own passage, and
(given adapters trained for that, `finetune cross-fit`) without an adapter that had learned it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from support_agent.errors import CalibrationError
from support_agent.gate.calibrating.judge import About
from support_agent.gate.calibrating.measured_rows import MeasuredRow
from support_agent.gate.calibration import Calibration
from support_agent.gate.certificate import Certificate, certify, one_of_each
from support_agent.gate.combined import COMBINED, LATE
from support_agent.gate.combiner import Combiner, cross_fit, fit
from support_agent.gate.group_table import GroupRow, group_table

# Of the penalty on the weights (see ``combiner.fit``).
STRENGTH = 10.0


@dataclass(frozen=True)
class Labelled:
    """What a calibration is made of: every row is held back by a signal alone, or has a label in ``right``.

    ``groups`` numbers near-duplicate questions alike, ``topics`` are names. ``parts`` is what the drafts were made with
    (``opening.calibrated_parts``), ``scope`` the index's scope model, ``facts`` says where labels and drafts are from,
    ``questions`` how many rows there were before those that nobody labelled were left out. ``set_aside`` are rows whose
    labels were at hand when the signals were chosen: they fit the combiner and certify nothing.
    """

    rows: Sequence[MeasuredRow]
    right: Mapping[str, bool]
    groups: Sequence[int]
    topics: Sequence[str]
    parts: Mapping[str, str]
    scope: Mapping[str, Any] | None
    facts: Mapping[str, Any]
    questions: int
    set_aside: Collection[str] = ()


@dataclass(frozen=True)
class Promise:
    """What the owner wants kept: at most ``max_error`` of the answers wrong, with confidence 1 − ``delta``."""

    about: About
    max_error: float
    delta: float


@dataclass(frozen=True)
class _Scored:
    """The rows that may be answered, with their cross-fitted scores; ``independent`` are those that certify."""

    places: Sequence[int]
    right: Sequence[bool]
    scores: Sequence[float]
    independent: Sequence[int]
    certificate: Certificate
    combiner: Combiner
    reference_scores: tuple[float, ...]


def calibrate(given: Labelled, promise: Promise, *, seed: int = 0) -> Calibration:
    """Fit, certify and tabulate.

    Raises:
        CalibrationError: a row has no label, there are too few, or all are set aside.
    """
    scored = _scored(given, promise, seed)
    places = scored.places
    counts = {
        "rows": given.questions,
        "held": len(given.rows) - len(places),
        "labelled": len(places),
        "set_aside": sum(given.rows[at].drafted.row_id in given.set_aside for at in places),
    }
    return Calibration(
        about=promise.about,
        parts=dict(given.parts),
        labels={**given.facts, **counts},
        combiner=scored.combiner,
        certificate=scored.certificate,
        tables={
            "language": _table(scored, [given.rows[at].language for at in places]),
            "topic": _table(scored, [given.topics[at] for at in places]),
        },
        reference_scores=scored.reference_scores,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        scope=dict(given.scope) if given.scope else None,
    )


def _scored(given: Labelled, promise: Promise, seed: int) -> _Scored:
    """Cross-fit, certify on the rows that may, and fit the combiner that will serve."""
    places = [at for at, row in enumerate(given.rows) if not row.held]
    rows = [given.rows[at] for at in places]
    right = _labels(rows, given.right)
    groups = [given.groups[at] for at in places]
    values = [row.values for row in rows]
    scores = cross_fit(values, right, groups, COMBINED, seed=seed, strength=STRENGTH)
    # A near-duplicate of a label that was looked at is no fresh evidence either.
    seen = {groups[at] for at, row in enumerate(rows) if row.drafted.row_id in given.set_aside}
    certifying = [at for at, group in enumerate(groups) if group not in seen]
    if not certifying:
        raise CalibrationError("Every label is set aside (certify = false): label answers that may certify a promise.")
    of_groups = [groups[at] for at in certifying]
    certificate = certify(
        [scores[at] for at in certifying],
        [right[at] for at in certifying],
        of_groups,
        max_error=promise.max_error,
        delta=promise.delta,
        seed=seed,
    )
    combiner = fit(values, right, COMBINED, strength=STRENGTH)
    served = _served(given, combiner, certificate.threshold, seed)
    independent = [certifying[at] for at in one_of_each(of_groups, seed)]
    return _Scored(places, right, scores, independent, certificate, combiner, tuple(sorted(served)))


def _served(given: Labelled, combiner: Combiner, threshold: float | None, seed: int) -> list[float]:
    """The scores that the drift watch would see of such tickets, one of each group.

    What is hopeless gets no draft, and counts with the highest score that it could have; a draft of which nothing
    may be sent has no score.
    """
    reach = [at for at, row in enumerate(given.rows) if not row.held_early]
    scores = []
    for row in (given.rows[reach[at]] for at in one_of_each([given.groups[at] for at in reach], seed)):
        highest = combiner.highest({name: value for name, value in row.values.items() if name not in LATE}, LATE)
        if threshold is None or highest < threshold:
            scores.append(highest)
        elif not row.held:
            scores.append(combiner.probability(row.values))
    return scores


def _table(scored: _Scored, group_of: Sequence[str]) -> tuple[GroupRow, ...]:
    """A row for each group, of one row of each near-duplicate group."""
    return group_table(
        [group_of[at] for at in scored.independent],
        [scored.scores[at] for at in scored.independent],
        [scored.right[at] for at in scored.independent],
        scored.certificate.threshold,
        max_error=scored.certificate.max_error,
    )


def _labels(rows: Sequence[MeasuredRow], right: Mapping[str, bool]) -> list[bool]:
    missing = [row.drafted.row_id for row in rows if row.drafted.row_id not in right]
    if missing:
        raise CalibrationError(f"{len(missing)} answers have no label, {missing[0]} is the first of them. Label them.")
    return [right[row.drafted.row_id] for row in rows]
