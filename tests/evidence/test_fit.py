import random
from dataclasses import replace

import pytest

from support_agent.errors import CalibrationError
from support_agent.evidence.fit import MeasuredRows, Promise, calibrate
from support_agent.evidence.labels import Label, Labels
from support_agent.gate.measure import Measured, combined
from support_agent.records import About, Draft, Reason, Ticket, Triage

PROMISE = Promise("supported", 0.1, 0.05)


def measured(number: int, score: float, held: tuple[Reason, ...] = ()) -> Measured:
    question = f"What is {number}?"
    early = {"retrieval_score": score}
    values = {**early, "mean_support": 0.9 + 0.1 * (number % 2)}
    triage = Triage(question, question, "en")
    ticket = Ticket(question, ticket_id=f"rows:{number}")
    return Measured(ticket, triage, (), Draft("That.", "scripted"), early, values, "That.", held, held_early=False)


def rows_and_labels(rows: int, seed: int = 0) -> tuple[MeasuredRows, Labels]:
    """Answers are right with the probability that their retrieval score says."""
    draw = random.Random(seed)
    scores = [draw.random() for _ in range(rows)]
    right = [draw.random() < min(1.0, 1.3 * score) for score in scores]
    given = MeasuredRows(
        rows=[measured(number, score) for number, score in enumerate(scores)],
        groups=list(range(rows)),
        topics=["keys" if number % 2 else "plans" for number in range(rows)],
        parts={"index": "abc"},
        drafting={},
        references={},
    )
    return given, labels(right)


def labels(right: list[bool | None], aside: range = range(0)) -> Labels:
    said = enumerate(right)
    return Labels(
        tuple(
            Label(f"rows:{at}", f"What is {at}?", "That.", word, None, kind="person", certify=at not in aside)
            for at, word in said
        ),
        sha256="ab12",
    )


def words(found: Labels) -> list[bool | None]:
    return [label.supported for label in found.every]


def test_a_promise_is_certified_and_kept_on_new_rows() -> None:
    made = calibrate(*rows_and_labels(1200), PROMISE)
    threshold = made.certificate.threshold
    assert threshold is not None
    new, said = rows_and_labels(4000, seed=1)
    right = {label.id: label.supported for label in said.every}
    answered = [row for row in new.rows if made.combiner.probability(row.values) >= threshold]
    wrong = sum(not right[row.ticket.ticket_id] for row in answered)
    assert len(answered) > 800
    assert wrong / len(answered) <= 0.1


def test_too_few_labels_are_an_outcome_and_not_an_error() -> None:
    made = calibrate(*rows_and_labels(60), PROMISE)
    assert made.certificate.threshold is None
    assert "No threshold keeps this promise" in made.in_words()


def test_the_same_labels_give_the_same_version() -> None:
    assert calibrate(*rows_and_labels(300), PROMISE).version == calibrate(*rows_and_labels(300), PROMISE).version


def test_rows_held_by_a_signal_alone_need_no_label_and_count_as_not_answered() -> None:
    given, said = rows_and_labels(300)
    rows = [replace(row, held=(Reason.LOOP,)) if number < 30 else row for number, row in enumerate(given.rows)]
    made = calibrate(replace(given, rows=rows), Labels(said.every[30:]), PROMISE)
    assert (made.labels["rows"], made.labels["held"], made.labels["labelled"]) == (300, 30, 270)


def test_labels_that_are_set_aside_certify_nothing() -> None:
    given, said = rows_and_labels(1200)
    made = calibrate(given, labels(words(said), aside=range(0, 1200, 2)), PROMISE)
    assert (made.certificate.labels, made.labels["labelled"], made.labels["set_aside"]) == (600, 1200, 600)
    assert made.combiner == calibrate(given, said, PROMISE).combiner
    assert "600 labels helped to choose the signals and certify nothing" in made.in_words()


def test_a_near_duplicate_of_a_label_that_is_set_aside_certifies_nothing() -> None:
    given, said = rows_and_labels(600)
    pairs = [number // 2 for number in range(600)]
    made = calibrate(replace(given, groups=pairs), labels(words(said), aside=range(0, 300, 2)), PROMISE)
    assert made.certificate.labels == 300


def test_what_is_hopeless_before_its_draft_failed_is_what_the_drift_watch_knows() -> None:
    given, said = rows_and_labels(600)
    held = (Reason.UNSUPPORTED,)
    weak = [replace(row, held=held) if row.early["retrieval_score"] < 0.2 else row for row in given.rows]
    kept, weaker = calibrate(given, said, PROMISE), calibrate(replace(given, rows=weak), said, PROMISE)
    early = [replace(row, held_early=bool(row.held)) for row in weak]
    assert len(weaker.reference_scores) == len(kept.reference_scores)
    assert len(calibrate(replace(given, rows=early), said, PROMISE).reference_scores) < 500


def test_labels_that_are_all_set_aside_are_refused() -> None:
    given, said = rows_and_labels(50)
    with pytest.raises(CalibrationError, match="Every label is set aside"):
        calibrate(given, labels(words(said), aside=range(50)), PROMISE)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (Label("rows:1", "", "Another text.", True, None), "None of the 1 labels is of an answer that would be sent"),
        (Label("rows:1", "What is 1?", "That.", None, True), "No label says 'supported'"),
    ],
    ids=["other texts", "another kind of label"],
)
def test_labels_that_say_nothing_of_these_answers_are_an_error(said: Label, message: str) -> None:
    given, _ = rows_and_labels(50)
    with pytest.raises(CalibrationError, match=message):
        calibrate(given, Labels((said,)), PROMISE)


def test_it_is_said_how_many_labels_are_of_no_use(caplog: pytest.LogCaptureFixture) -> None:
    given, said = rows_and_labels(300)
    elsewhere = Label("rows:1", "What is 1?", "It was.", True, None)
    calibrate(given, Labels((*said.every[:298], elsewhere)), PROMISE)
    assert "298 of the 299 labels" in caplog.text
    assert "2 of the 300 such answers have none" in caplog.text


def test_only_lines_with_a_label_count_as_read() -> None:
    given, said = rows_and_labels(300)
    made = calibrate(given, labels([*words(said)[:200], *[None] * 100]), PROMISE)
    assert (made.labels["read"], made.labels["labelled"], made.labels["sha256"]) == (200, 200, "ab12")


def test_what_the_promise_is_about_decides_which_word_counts() -> None:
    given, said = rows_and_labels(300)
    agreeing = Labels(tuple(replace(one, supported=None, agrees=one.supported) for one in said.every))
    made = calibrate(given, agreeing, replace(PROMISE, about="agrees"))
    assert (made.about, made.labels["labelled"]) == ("agrees", 300)
    assert made.combiner == calibrate(given, said, PROMISE).combiner


def test_the_combined_signals_are_weighed_and_no_others() -> None:
    given, said = rows_and_labels(300)
    assert {*calibrate(given, said, PROMISE).combiner.names} == {*combined()}


def test_each_topic_and_language_has_its_row() -> None:
    tables = calibrate(*rows_and_labels(300), PROMISE).tables
    assert [(row.group, row.n) for row in tables["topic"]] == [("keys", 150), ("plans", 150)]
    assert [row.group for row in tables["language"]] == ["en"]


def test_the_share_held_back_is_of_all_questions_and_not_of_the_labelled() -> None:
    given, said = rows_and_labels(1000)
    rows = [replace(row, held=(Reason.LOOP,)) if number < 30 else row for number, row in enumerate(given.rows)]
    made = calibrate(replace(given, rows=rows), Labels(said.every[:300]), PROMISE)
    assert "30 of 1,000 questions were held back by a single signal, and 270 of the others" in made.in_words()


def test_a_promise_covers_the_languages_of_the_labels_that_certify() -> None:
    given, said = rows_and_labels(300)
    german = [replace(row, triage=replace(row.triage, language="de")) if at < 9 else row for at, row in
              enumerate(given.rows)]  # fmt: skip
    rows = replace(given, rows=german)
    assert calibrate(rows, said, PROMISE).languages == ("de", "en")
    assert calibrate(rows, labels(words(said), aside=range(9)), PROMISE).languages == ("en",)


def test_who_drafted_and_who_read_stands_in_the_calibration() -> None:
    given, said = rows_and_labels(300)
    facts = {"drafted_by": ["a", "b"], "adapter_may_have_learned_the_rows": True}
    made = calibrate(replace(given, drafting=facts), said, PROMISE)
    assert (made.labels["drafted_by"], made.labels["kinds"]) == (["a", "b"], ["person"])
    assert "may have learned these very questions" in made.in_words()
    assert "labelled by people" in made.in_words()


def test_lines_that_nobody_filled_in_are_as_if_they_were_not_there() -> None:
    given, said = rows_and_labels(300)
    blank = tuple(replace(label, supported=None, kind="") for label in said.every[200:])
    made = calibrate(given, Labels((*said.every[:200], *blank)), PROMISE)
    without = calibrate(given, Labels(said.every[:200]), PROMISE)
    assert (made.labels["kinds"], made.reference_scores) == (["person"], without.reference_scores)
    assert len(made.reference_scores) == 200


@pytest.mark.parametrize(
    ("about", "max_error", "delta"),
    [("nonsense", 0.1, 0.05), ("supported", 0.0, 0.05), ("supported", float("nan"), 0.05), ("supported", 0.1, 1.0)],
    ids=["another word", "no error allowed", "no number", "no confidence"],
)
def test_a_promise_that_nothing_could_keep_is_refused(about: About, max_error: float, delta: float) -> None:
    with pytest.raises(CalibrationError, match="A promise"):
        Promise(about, max_error, delta)
