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
from support_agent.gate.certificate import Certificate, certify, one_of_each
from support_agent.gate.combiner import Combiner, cross_fit, fit
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
    (``opening.calibrated_parts``), ``scope`` the index's scope model, ``facts`` says where labels and drafts are from,
    ``questions`` how many rows there were before those that nobody labelled were left out.
    """

    rows: Sequence[MeasuredRow]
    right: Mapping[str, bool]
    groups: Sequence[int]
    topics: Sequence[str]
    parts: Mapping[str, str]
    scope: Mapping[str, Any] | None
    facts: Mapping[str, Any]
    questions: int


@dataclass(frozen=True)
class Promise:
    """What the owner wants kept: at most ``max_error`` of the answers wrong, with confidence 1 − ``delta``."""

    about: About
    max_error: float
    delta: float


@dataclass(frozen=True)
class _Scored:
    """The rows that may be answered, with the certificate of their cross-fitted scores."""

    places: Sequence[int]
    right: Sequence[bool]
    scores: Sequence[float]
    independent: Sequence[int]
    certificate: Certificate
    before: Combiner
    combiner: Combiner
    reference_scores: tuple[float, ...]


def calibrate(given: Labelled, promise: Promise, *, seed: int = 0) -> Calibration:
    """Fit, certify and tabulate.

    Raises:
        CalibrationError: a row has no label, or there are too few, or all are of one kind.
    """
    scored = _scored(given, promise, seed)
    places = scored.places
    counts = {"rows": given.questions, "held": len(given.rows) - len(places), "labelled": len(places)}
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
        before=scored.before,
        before_threshold=WORTH_A_DRAFT,
    )


def _scored(given: Labelled, promise: Promise, seed: int) -> _Scored:
    """Cross-fit, certify, and fit the combiners that will serve."""
    places = [at for at, row in enumerate(given.rows) if not row.held]
    rows = [given.rows[at] for at in places]
    right = _labels(rows, given.right)
    groups = [given.groups[at] for at in places]
    early, late = [row.early for row in rows], [row.values for row in rows]
    chances = cross_fit(early, right, groups, EARLY, seed=seed, strength=STRENGTH)
    answered = cross_fit(late, right, groups, (*EARLY, *LATE), seed=seed, strength=STRENGTH)
    scores = [score if chance >= WORTH_A_DRAFT else 0.0 for score, chance in zip(answered, chances, strict=True)]
    independent = one_of_each(groups, seed)
    before = fit(early, right, EARLY, strength=STRENGTH)
    combiner = fit(late, right, (*EARLY, *LATE), strength=STRENGTH)
    drafted = [at for at in independent if before.probability(early[at]) >= WORTH_A_DRAFT]
    return _Scored(
        places,
        right,
        scores,
        independent,
        certify(scores, right, groups, max_error=promise.max_error, delta=promise.delta, seed=seed),
        before,
        combiner,
        tuple(sorted(combiner.probability(late[at]) for at in drafted)),
    )


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
