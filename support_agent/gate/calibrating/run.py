"""Drafted rows and labels → a calibration.

    rows ─ drafts ─► signals ─┬─ held by a signal alone: not answered
                              └─ labelled ─ cross-fit ─► scores ─ Learn then Test ─► threshold, promise

Every score that the promise rests on was made without the row's own label, its near-duplicates, its own passage, and
(given adapters trained for that, `finetune cross-fit`) without an adapter that had learned it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from support_agent.errors import CalibrationError
from support_agent.gate.calibrating.judge import About
from support_agent.gate.calibrating.measured_rows import MeasuredRow
from support_agent.gate.calibration import Calibration
from support_agent.gate.certificate import certify, one_of_each
from support_agent.gate.combiner import cross_fit, fit
from support_agent.gate.group_table import GroupRow, group_table

# What the combiner may go by: measured on every ticket that gets a draft, and none of them decides alone.
EARLY = (
    "retrieval_score",
    "retrieval_agreement",
    "title_match",
    "title_likeness",
    "rare_words_covered",
    "title_words_asked",
)
LATE = ("mean_log_prob", "mean_support", "sent_words", "quoted")
# Of the penalty on the weights (see ``combiner.fit``).
STRENGTH = 10.0
# Where what is known before generation gives an answer a smaller chance than this to be right, no draft is written. A
# number that looks at no label: the promise is certified with this rule in force.
WORTH_A_DRAFT = 0.25


@dataclass(frozen=True)
class Labelled:
    """What a calibration is made of: every row is held back by a signal alone, or has a label in ``right``.

    ``groups`` numbers near-duplicate questions alike, ``topics`` are names. ``parts`` is what the drafts were made with
    (``opening.calibrated_parts``), ``scope`` the index's scope model, ``facts`` says where the labels are from.
    """

    rows: Sequence[MeasuredRow]
    right: Mapping[str, bool]
    groups: Sequence[int]
    topics: Sequence[str]
    parts: Mapping[str, str]
    scope: Mapping[str, Any] | None
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Promise:
    """What the owner wants kept: at most ``max_error`` of the answers wrong, with confidence 1 − ``delta``."""

    about: About
    max_error: float
    delta: float


def calibrate(given: Labelled, promise: Promise, *, seed: int = 0) -> Calibration:
    """Fit, certify and tabulate.

    Raises:
        CalibrationError: a row has no label, or there are too few, or all are of one kind.
    """
    rows = [row for row in given.rows if not row.held]
    places = [at for at, row in enumerate(given.rows) if not row.held]
    right = _labels(rows, given.right)
    groups = [given.groups[at] for at in places]
    values = [row.values for row in rows]
    early = [row.early for row in rows]
    chances = cross_fit(early, right, groups, EARLY, seed=seed, strength=STRENGTH)
    late = cross_fit(values, right, groups, (*EARLY, *LATE), seed=seed, strength=STRENGTH)
    scores = [score if chance >= WORTH_A_DRAFT else 0.0 for score, chance in zip(late, chances, strict=True)]
    certificate = certify(scores, right, groups, max_error=promise.max_error, delta=promise.delta, seed=seed)
    before = fit(early, right, EARLY, strength=STRENGTH)
    combiner = fit(values, right, (*EARLY, *LATE), strength=STRENGTH)
    alone = one_of_each(groups, seed)

    def table(group_of: Sequence[str]) -> tuple[GroupRow, ...]:
        return group_table(
            [group_of[at] for at in alone],
            [scores[at] for at in alone],
            [right[at] for at in alone],
            certificate.threshold,
            max_error=promise.max_error,
        )

    return Calibration(
        about=promise.about,
        parts=dict(given.parts),
        labels={**given.facts, "rows": len(given.rows), "held": len(given.rows) - len(rows), "labelled": len(rows)},
        combiner=combiner,
        certificate=certificate,
        tables={
            "language": table([row.language for row in rows]),
            "topic": table([given.topics[at] for at in places]),
        },
        reference_scores=tuple(
            sorted(combiner.probability(values[at]) for at in alone if before.probability(early[at]) >= WORTH_A_DRAFT)
        ),
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        scope=dict(given.scope) if given.scope else None,
        before=before,
        before_threshold=WORTH_A_DRAFT,
    )


def _labels(rows: Sequence[MeasuredRow], right: Mapping[str, bool]) -> list[bool]:
    missing = [row.drafted.row_id for row in rows if row.drafted.row_id not in right]
    if missing:
        raise CalibrationError(f"{len(missing)} answers have no label, {missing[0]} is the first of them. Label them.")
    return [right[row.drafted.row_id] for row in rows]
