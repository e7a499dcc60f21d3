"""Labels count for the ticket, the question and the text they were given for, and for no other."""

import json
from pathlib import Path

import pytest

from support_agent.errors import EvaluationError
from support_agent.evaluation.golden import GoldenTicket, read_golden
from support_agent.evaluation.labels import check_labels, read_labels

from .conftest import make_golden, write_rows

LAMINI_DOCS = Path(__file__).parents[2] / "indexes" / "lamini_docs"


READ = {"id": "row:1", "question": "Where is it?", "sent": "In Palo  Alto.", "supported": True, "agrees": False}


@pytest.mark.parametrize(
    ("row", "about", "said"),
    [
        pytest.param({}, "supported", True, id="by the question"),
        pytest.param({}, "agrees", False, id="the other word"),
        pytest.param({"question": "Where  is it?\n"}, "supported", True, id="by the question in other spacing"),
        pytest.param({"id": "a", "question": ""}, "supported", True, id="by the id, no question"),
        pytest.param({"id": "a", "question": None}, "supported", True, id="by the id, the question null"),
        pytest.param({"id": "a", "question": " "}, "supported", True, id="by the id, the question blank"),
        pytest.param({"id": "a", "question": "Other?"}, "supported", None, id="the id, on another question"),
        pytest.param({"supported": None}, "supported", None, id="not said"),
        pytest.param({"sent": "In Berlin."}, "supported", None, id="on another text"),
        pytest.param({"question": "Where was it?"}, "supported", None, id="on another question"),
    ],
)
def test_a_readers_label_counts_for_the_very_text_that_was_read(
    tmp_path: Path, row: dict[str, object], about: str, said: bool | None
) -> None:
    path = write_rows(tmp_path / "labels.jsonl", [{**READ, **row}])
    ticket = GoldenTicket("a", "Where is it?", True, reference="In Palo Alto.")
    assert read_labels(path, about).on(ticket, "In Palo Alto.") is said  # type: ignore[arg-type]


def test_where_two_readers_of_one_question_and_answer_differ_neither_counts(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "labels.jsonl", [READ, {**READ, "id": "row:2", "supported": False}])
    ticket = GoldenTicket("a", "Where is it?", True, reference="In Palo Alto.")
    assert read_labels(path).on(ticket, "In Palo Alto.") is None


def test_the_shipped_labels_of_the_test_rows_are_labels_of_the_shipped_golden_set() -> None:
    labels = read_labels(LAMINI_DOCS / "labels_test.jsonl", "agrees")
    rows = [json.loads(line) for line in (LAMINI_DOCS / "labels_test.jsonl").read_text("utf-8").splitlines()]
    golden = read_golden(LAMINI_DOCS / "golden.jsonl")
    sent = {row["question"]: row["sent"] for row in rows}
    said = [labels.on(ticket, sent[ticket.question]) for ticket in golden.tickets if ticket.question in sent]
    assert len(said) == len(rows) == 132
    assert None not in said


def test_two_rows_of_one_id_keep_their_own_questions(tmp_path: Path) -> None:
    rows = [{**READ, "sent": "Yes."}, {**READ, "question": "Other?", "sent": "No."}]
    labels = read_labels(write_rows(tmp_path / "labels.jsonl", rows))
    first, other = GoldenTicket("a", "Where is it?", True), GoldenTicket("b", "Other?", True)
    assert (labels.on(first, "Yes."), labels.on(other, "Yes."), labels.on(other, "No.")) == (True, None, True)


def test_one_answer_to_two_questions_may_be_right_for_one_of_them(tmp_path: Path) -> None:
    rows = [{**READ, "sent": "Yes."}, {**READ, "question": "Other?", "sent": "Yes.", "supported": False}]
    labels = read_labels(write_rows(tmp_path / "labels.jsonl", rows))
    tickets = GoldenTicket("a", "Where is it?", True), GoldenTicket("b", "Other?", True)
    assert [labels.on(ticket, "Yes.") for ticket in tickets] == [True, False]


def test_where_two_ids_share_a_question_each_ticket_has_its_own_label(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "labels.jsonl", [READ, {**READ, "id": "row:2", "supported": False}])
    tickets = [GoldenTicket(name, "Where is it?", True) for name in ("row:1", "row:2")]
    assert [read_labels(path).on(ticket, "In Palo Alto.") for ticket in tickets] == [True, False]


def test_readers_rows_that_contradict_each_other_are_an_error_with_its_line(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "labels.jsonl", [READ, {**READ, "supported": False}])
    with pytest.raises(EvaluationError, match="line 2: it contradicts a line above about the same answer of 'row:1'"):
        read_labels(path)


def test_labels_of_the_ids_but_of_other_questions_are_of_no_ticket_of_the_set(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "labels.jsonl", [{**READ, "id": "7", "question": "Other?"}])
    with pytest.raises(EvaluationError, match="None of the 1 labels"):
        check_labels(path, read_labels(path), make_golden([GoldenTicket("7", "Q?", True)]))


def test_a_verdict_that_stands_twice_is_an_error_with_its_line(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "verdicts.jsonl", [{"id": "a", "right": True}, {"id": "a", "right": False}])
    with pytest.raises(EvaluationError, match="line 2: the id 'a' stands there twice"):
        read_labels(path)


def test_two_texts_of_one_ticket_each_have_their_label(tmp_path: Path) -> None:
    rows = [{"id": "a", "text": "Yes.", "right": True}, {"id": "a", "text": "No.", "right": False}]
    labels = read_labels(write_rows(tmp_path / "labels.jsonl", rows))
    ticket = GoldenTicket("a", "Q?", True)
    assert [labels.on(ticket, text) for text in ("Yes.", "No.", "Perhaps.")] == [True, False, None]
    assert labels.known(make_golden([ticket])) == labels.read == 2


def test_one_text_of_one_ticket_twice_is_an_error_with_its_line(tmp_path: Path) -> None:
    rows = [{"id": "a", "text": "Yes.", "right": True}, {"id": "a", "text": "Yes. ", "right": False}]
    with pytest.raises(EvaluationError, match="line 2: the id 'a' stands there twice with one text"):
        read_labels(write_rows(tmp_path / "labels.jsonl", rows))


def test_a_label_on_the_very_text_outranks_the_one_on_whatever_was_sent(tmp_path: Path) -> None:
    rows = [{"id": "a", "right": True}, {"id": "a", "text": "No.", "right": False}]
    labels = read_labels(write_rows(tmp_path / "labels.jsonl", rows))
    assert [labels.on(GoldenTicket("a", "Q?", True), text) for text in ("Yes.", "No.")] == [True, False]
