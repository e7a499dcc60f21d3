"""Measured rows and labels → a calibration.

    rows ─┬─ held by a signal alone: not answered
          └─ labelled ─ cross-fit ─► scores ─ Learn then Test ─► threshold, promise

Every score that the promise rests on was made without the row's own label, its near-duplicates, its own passage, and
(given adapters trained for that, `finetune cross-fit`) without an adapter that had learned it.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from support_agent.errors import CalibrationError
from support_agent.evidence.calibration import ABOUTS, Calibration
from support_agent.evidence.certificate import Certificate, certify, one_of_each
from support_agent.evidence.group_table import GroupRow, group_table
from support_agent.evidence.labels import Label, Labels
from support_agent.gate.combiner import Combiner, cross_fit, fit
from support_agent.gate.decide import hopeless
from support_agent.gate.measure import Measured, combined
from support_agent.records import About

logger = logging.getLogger(__name__)

# Of the penalty on the weights (see ``combiner.fit``).
STRENGTH = 10.0


@dataclass(frozen=True)
class MeasuredRows:
    """The measured rows, before their labels are known.

    ``groups`` numbers near-duplicate questions alike, ``topics`` are names. ``parts`` is what the rows were measured
    with (``opening.calibrated_parts``), ``drafting`` says who wrote the drafts, ``references`` holds the known answers
    by ticket id.
    """

    rows: Sequence[Measured]
    groups: Sequence[int]
    topics: Sequence[str]
    parts: Mapping[str, str]
    drafting: Mapping[str, Any]
    references: Mapping[str, str]


@dataclass(frozen=True)
class Promise:
    """What the owner wants kept: at most ``max_error`` of the answers wrong, with confidence 1 − ``delta``."""

    about: About
    max_error: float
    delta: float

    def __post_init__(self) -> None:
        """Refuse what no labels could keep."""
        if self.about not in ABOUTS:
            raise CalibrationError(f"A promise is about {' or '.join(ABOUTS)}, not about {self.about!r}.")
        if not (0 < self.max_error < 1 and 0 < self.delta < 1):
            raise CalibrationError(f"A promise's max_error ({self.max_error}) and delta ({self.delta}) lie in 0–1.")


@dataclass(frozen=True)
class _Labelled:
    """The rows that may be answered and have a label, with their groups and topics."""

    rows: Sequence[Measured]
    right: Sequence[bool]
    certify: Sequence[bool]
    groups: Sequence[int]
    topics: Sequence[str]


def calibrate(given: MeasuredRows, labels: Labels, promise: Promise, *, seed: int = 0) -> Calibration:
    """Fit, certify and tabulate.

    Raises:
        CalibrationError: no label is of an answer that would be sent now, there are too few, or all are set aside.
    """
    read = (labels.find(row.ticket.ticket_id, row.triage.text, row.sent) for row in given.rows)
    found = [label if label and label.on(promise.about) is not None else None for label in read]
    labelled = _labelled(given, found, promise.about)
    _check(given, labels, labelled, promise.about)
    values = [row.values for row in labelled.rows]
    scores = cross_fit(values, labelled.right, labelled.groups, combined(), seed=seed, strength=STRENGTH)
    certifying = _certifying(labelled)
    groups = [labelled.groups[at] for at in certifying]
    certificate = certify(
        [scores[at] for at in certifying],
        [labelled.right[at] for at in certifying],
        groups,
        max_error=promise.max_error,
        delta=promise.delta,
        seed=seed,
    )
    combiner = fit(values, labelled.right, combined(), strength=STRENGTH)
    independent = [certifying[at] for at in one_of_each(groups, seed)]
    languages = [row.triage.language for row in labelled.rows]
    return Calibration(
        about=promise.about,
        parts=dict(given.parts),
        labels={**_facts(given, labels, labelled, promise.about), **given.drafting},
        combiner=combiner,
        certificate=certificate,
        tables={
            "language": _table(labelled, scores, independent, languages, certificate),
            "topic": _table(labelled, scores, independent, labelled.topics, certificate),
        },
        reference_scores=tuple(sorted(_reference_scores(given, found, combiner, certificate.threshold, seed))),
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        languages=tuple(sorted({languages[at] for at in independent})),
    )


def _labelled(given: MeasuredRows, found: Sequence[Label | None], about: About) -> _Labelled:
    labels = {at: label for at, label in enumerate(found) if label and not given.rows[at].held}
    places = list(labels)
    return _Labelled(
        rows=[given.rows[at] for at in places],
        right=[bool(label.on(about)) for label in labels.values()],
        certify=[label.certify for label in labels.values()],
        groups=[given.groups[at] for at in places],
        topics=[given.topics[at] for at in places],
    )


def _check(given: MeasuredRows, labels: Labels, labelled: _Labelled, about: About) -> None:
    """Refuse labels that say nothing of these rows; say how many of them are of no use."""
    said, waiting = labels.said(about), sum(not row.held for row in given.rows)
    if not said:
        raise CalibrationError(f"No label says {about!r}: fill it in with true or false.")
    if not waiting:
        raise CalibrationError("Every question is held back by a single signal: no answer would be sent.")
    if not labelled.rows:
        raise CalibrationError(
            f"None of the {said:,} labels is of an answer that would be sent now: the texts have changed, or the "
            "labels are for another index or generator. `support-agent calibrate --to-read` writes the answers of now."
        )
    if (missing := waiting - len(labelled.rows)) or len(labelled.rows) < said:
        logger.warning(
            "%s of the %s labels are of answers that would be sent now; %s of the %s such answers have none.",
            *(f"{len(labelled.rows):,}", f"{said:,}", f"{missing:,}", f"{waiting:,}"),
        )


def _certifying(labelled: _Labelled) -> list[int]:
    """Places of the rows that certify: a near-duplicate of a label that was looked at is no fresh evidence either."""
    seen = {group for group, fresh in zip(labelled.groups, labelled.certify, strict=True) if not fresh}
    certifying = [at for at, group in enumerate(labelled.groups) if group not in seen]
    if not certifying:
        raise CalibrationError("Every label is set aside (certify = false): label answers that may certify a promise.")
    return certifying


def _facts(given: MeasuredRows, labels: Labels, labelled: _Labelled, about: About) -> dict[str, Any]:
    kinds = {label.kind for label in labels.every if label.on(about) is not None}
    return {
        "sha256": labels.sha256,
        "read": labels.said(about),
        "kinds": sorted(kinds),
        "rows": len(given.rows),
        "held": sum(bool(row.held) for row in given.rows),
        "labelled": len(labelled.rows),
        "set_aside": sum(not fresh for fresh in labelled.certify),
    }


def _reference_scores(
    given: MeasuredRows, found: Sequence[Label | None], combiner: Combiner, threshold: float | None, seed: int
) -> list[float]:
    """The scores that the drift watch would see of such tickets, one of each group.

    What is hopeless counts with the highest score that it could have; a draft of which nothing may be sent has none.
    """
    known = [at for at, row in enumerate(given.rows) if (row.held or found[at]) and not row.held_early]
    scores = []
    for row in (given.rows[known[at]] for at in one_of_each([given.groups[at] for at in known], seed)):
        early = hopeless(combiner, row.early, math.inf if threshold is None else threshold)
        if early.route:
            scores.append(early.confidence)
        elif not row.held:
            scores.append(combiner.probability(row.values))
    return scores


def _table(
    labelled: _Labelled,
    scores: Sequence[float],
    independent: Sequence[int],
    group_of: Sequence[str],
    certificate: Certificate,
) -> tuple[GroupRow, ...]:
    """A row for each group, of one row of each near-duplicate group."""
    return group_table(
        [group_of[at] for at in independent],
        [scores[at] for at in independent],
        [labelled.right[at] for at in independent],
        certificate.threshold,
        max_error=certificate.max_error,
    )
