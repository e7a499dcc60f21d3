import random
from dataclasses import replace

import pytest
from support_agent.gate.calibrating.drafted_rows import DraftedRow
from support_agent.gate.calibrating.measured_rows import MeasuredRow

from support_agent.errors import CalibrationError
from support_agent.evidence.fit import Labelled, Promise, calibrate
from support_agent.records import Draft

PROMISE = Promise("supported", 0.1, 0.05)


def measured(number: int, score: float, held: tuple[str, ...] = ()) -> MeasuredRow:
    drafted = DraftedRow(f"rows:{number}", f"What is {number}?", "That.", (), Draft("That.", "scripted"), "1")
    early = {"retrieval_score": score}
    return MeasuredRow(drafted, early, {**early, "mean_support": 0.9 + 0.1 * (number % 2)}, "That.", held, "en")


def labelled(rows: int, seed: int = 0) -> Labelled:
    """Answers are right with the probability that their retrieval score says."""
    draw = random.Random(seed)
    scores = [draw.random() for _ in range(rows)]
    return Labelled(
        rows=[measured(number, score) for number, score in enumerate(scores)],
        right={f"rows:{number}": draw.random() < min(1.0, 1.3 * score) for number, score in enumerate(scores)},
        groups=list(range(rows)),
        topics=["keys" if number % 2 else "plans" for number in range(rows)],
        parts={"index": "abc"},
        scope=None,
        facts={"source": "verdicts"},
        questions=rows,
    )


def test_a_promise_is_certified_and_kept_on_new_rows() -> None:
    made = calibrate(labelled(1200), PROMISE)
    threshold = made.certificate.threshold
    assert threshold is not None
    new = labelled(4000, seed=1)
    answered = [row for row in new.rows if made.combiner.probability(row.values) >= threshold]
    wrong = sum(not new.right[row.drafted.row_id] for row in answered)
    assert len(answered) > 800
    assert wrong / len(answered) <= 0.1


def test_too_few_labels_are_an_outcome_and_not_an_error() -> None:
    made = calibrate(labelled(60), PROMISE)
    assert made.certificate.threshold is None
    assert "No threshold keeps this promise" in made.in_words()


def test_the_same_labels_give_the_same_version() -> None:
    assert calibrate(labelled(300), PROMISE).version == calibrate(labelled(300), PROMISE).version


def test_rows_held_by_a_signal_alone_need_no_label_and_count_as_not_answered() -> None:
    given = labelled(300)
    rows = [replace(row, held=("loop",)) if number < 30 else row for number, row in enumerate(given.rows)]
    right = {row.drafted.row_id: given.right[row.drafted.row_id] for row in rows if not row.held}
    made = calibrate(replace(given, rows=rows, right=right), PROMISE)
    assert (made.labels["rows"], made.labels["held"], made.labels["labelled"]) == (300, 30, 270)


def test_labels_that_are_set_aside_certify_nothing() -> None:
    given = labelled(1200)
    aside = {f"rows:{number}" for number in range(0, 1200, 2)}
    made = calibrate(replace(given, set_aside=aside), PROMISE)
    assert (made.certificate.labels, made.labels["labelled"], made.labels["set_aside"]) == (600, 1200, 600)
    assert made.combiner == calibrate(given, PROMISE).combiner
    assert "600 labels helped to choose the signals and certify nothing" in made.in_words()


def test_a_near_duplicate_of_a_label_that_is_set_aside_certifies_nothing() -> None:
    given = labelled(600)
    pairs = [number // 2 for number in range(600)]
    made = calibrate(replace(given, groups=pairs, set_aside={f"rows:{number}" for number in range(0, 300, 2)}), PROMISE)
    assert made.certificate.labels == 300


def test_what_is_hopeless_before_its_draft_failed_is_what_the_drift_watch_knows() -> None:
    given = labelled(600)
    weak = [replace(row, held=("unsupported",)) if row.early["retrieval_score"] < 0.2 else row for row in given.rows]
    kept, held = calibrate(given, PROMISE), calibrate(replace(given, rows=weak), PROMISE)
    early = [replace(row, held_early=bool(row.held)) for row in weak]
    assert len(held.reference_scores) == len(kept.reference_scores)
    assert len(calibrate(replace(given, rows=early), PROMISE).reference_scores) < 500


def test_labels_that_are_all_set_aside_are_refused() -> None:
    given = labelled(50)
    with pytest.raises(CalibrationError, match="Every label is set aside"):
        calibrate(replace(given, set_aside=given.right), PROMISE)


def test_an_answer_without_a_label_is_named() -> None:
    given = labelled(50)
    with pytest.raises(CalibrationError, match="rows:7 is the first"):
        calibrate(replace(given, right={key: value for key, value in given.right.items() if key != "rows:7"}), PROMISE)


def test_each_topic_and_language_has_its_row() -> None:
    tables = calibrate(labelled(300), PROMISE).tables
    assert [(row.group, row.n) for row in tables["topic"]] == [("keys", 150), ("plans", 150)]
    assert [row.group for row in tables["language"]] == ["en"]


def test_the_share_held_back_is_of_all_questions_and_not_of_the_labelled() -> None:
    given = labelled(300)
    rows = [replace(row, held=("loop",)) if number < 30 else row for number, row in enumerate(given.rows)]
    made = calibrate(replace(given, rows=rows, questions=1000), PROMISE)
    assert "30 of 1,000 questions were held back by a single signal, and 270 of the others" in made.in_words()


def test_who_drafted_stands_in_the_calibration() -> None:
    facts = {"source": "verdicts", "drafted_by": ["a", "b"], "adapter_may_have_learned_the_rows": True}
    made = calibrate(replace(labelled(300), facts=facts), PROMISE)
    assert made.labels["drafted_by"] == ["a", "b"]
    assert "may have learned these very questions" in made.in_words()
