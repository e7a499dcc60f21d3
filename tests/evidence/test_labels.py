"""Labels count for the ticket, the question and the text they were given for, and for no other."""

import json
from pathlib import Path

import pytest

from support_agent.errors import CalibrationError, EvaluationError
from support_agent.evaluation.golden import read_golden
from support_agent.evidence.labels import Label, Labels, read_labels
from support_agent.records import About

LAMINI_DOCS = Path(__file__).parents[2] / "indexes" / "lamini_docs"
READ = {"id": "row:1", "question": "Where is it?", "sent": "In Palo  Alto.", "supported": True, "agrees": False}


def write(path: Path, *lines: object) -> Path:
    path.write_text("\n".join(json.dumps(line) for line in lines), "utf-8")
    return path


def labels(tmp_path: Path, *lines: object) -> Labels:
    return read_labels(write(tmp_path / "labels.jsonl", *lines))


def said(found: Labels, ticket_id: str, question: str, sent: str, about: About = "supported") -> bool | None:
    label = found.find(ticket_id, question, sent)
    return label.on(about) if label else None


@pytest.mark.parametrize(
    ("change", "about", "word"),
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
    tmp_path: Path, change: dict[str, object], about: About, word: bool | None
) -> None:
    found = labels(tmp_path, {**READ, **change})
    assert said(found, "a", "Where is it?", "In Palo Alto.", about) is word


def test_a_label_counts_for_the_very_answer_that_was_read(tmp_path: Path) -> None:
    found = labels(
        tmp_path,
        {"id": "rows:1", "sent": "It  is that.\n", "supported": True, "agrees": False},
        {"id": "rows:2", "sent": "It was that.", "supported": True, "agrees": True},
        {"id": "rows:3", "sent": "It is that.", "supported": None, "agrees": True},
    )
    rows = [f"rows:{n}" for n in (1, 2, 3, 4)]
    assert [said(found, one, "Why?", "It is that.") for one in rows] == [True, None, None, None]
    assert [said(found, one, "Why?", "It is that.", "agrees") for one in rows] == [False, None, True, None]


def test_where_two_readers_of_one_question_and_answer_differ_neither_counts(tmp_path: Path) -> None:
    found = labels(tmp_path, READ, {**READ, "id": "row:2", "supported": False})
    assert said(found, "a", "Where is it?", "In Palo Alto.") is None


def test_where_two_ids_share_a_question_each_ticket_has_its_own_label(tmp_path: Path) -> None:
    found = labels(tmp_path, READ, {**READ, "id": "row:2", "supported": False})
    assert [said(found, name, "Where is it?", "In Palo Alto.") for name in ("row:1", "row:2")] == [True, False]


def test_two_readers_of_one_mind_are_one_label(tmp_path: Path) -> None:
    found = labels(tmp_path, READ, {**READ, "id": "row:2"})
    assert said(found, "a", "Where is it?", "In Palo Alto.") is True


def test_two_rows_of_one_id_keep_their_own_questions(tmp_path: Path) -> None:
    found = labels(tmp_path, {**READ, "sent": "Yes."}, {**READ, "question": "Other?", "sent": "No."})
    assert said(found, "a", "Where is it?", "Yes.") is True
    assert said(found, "b", "Other?", "Yes.") is None
    assert said(found, "b", "Other?", "No.") is True


def test_one_answer_to_two_questions_may_be_right_for_one_of_them(tmp_path: Path) -> None:
    other = {**READ, "question": "Other?", "sent": "Yes.", "supported": False}
    found = labels(tmp_path, {**READ, "sent": "Yes."}, other)
    assert said(found, "a", "Where is it?", "Yes.") is True
    assert said(found, "b", "Other?", "Yes.") is False


def test_the_shipped_labels_of_the_test_rows_are_labels_of_the_shipped_golden_set() -> None:
    found = read_labels(LAMINI_DOCS / "labels_test.jsonl")
    golden = read_golden(LAMINI_DOCS / "golden.jsonl")
    sent = {label.question: label.sent or "" for label in found.every}
    words = [
        said(found, ticket.id, ticket.question, sent[ticket.question])
        for ticket in golden.tickets
        if ticket.question in sent
    ]
    assert len(words) == found.said("supported") == len(found.every) > 100
    assert None not in words


class TestShortForm:
    """``{"id", "right", "text"}``, the form of an evaluation."""

    def test_right_counts_as_both_words(self, tmp_path: Path) -> None:
        found = labels(tmp_path, {"id": "a", "text": "Yes.", "right": True})
        assert said(found, "a", "Q?", "Yes.") is said(found, "a", "Q?", "Yes.", "agrees") is True

    def test_without_a_text_it_speaks_of_whatever_was_sent(self, tmp_path: Path) -> None:
        found = labels(tmp_path, {"id": "a", "right": False})
        assert said(found, "a", "Q?", "Anything.") is False
        assert said(found, "b", "Q?", "Anything.") is None

    def test_two_texts_of_one_ticket_each_have_their_label(self, tmp_path: Path) -> None:
        rows = {"id": "a", "text": "Yes.", "right": True}, {"id": "a", "text": "No.", "right": False}
        found = labels(tmp_path, *rows)
        assert [said(found, "a", "Q?", text) for text in ("Yes.", "No.", "Perhaps.")] == [True, False, None]
        assert found.said("supported") == 2

    def test_a_label_on_the_very_text_outranks_the_one_on_whatever_was_sent(self, tmp_path: Path) -> None:
        found = labels(tmp_path, {"id": "a", "right": True}, {"id": "a", "text": "No.", "right": False})
        assert [said(found, "a", "Q?", text) for text in ("Yes.", "No.")] == [True, False]

    @pytest.mark.parametrize("text", [{}, {"text": "Yes. "}], ids=["of whatever was sent", "of one text"])
    def test_two_lines_that_contradict_each_other_are_an_error_with_its_line(
        self, tmp_path: Path, text: dict[str, str]
    ) -> None:
        file = write(tmp_path / "labels.jsonl", {"id": "a", **text, "right": True}, {"id": "a", **text, "right": False})
        with pytest.raises(EvaluationError, match="line 2, contradict each other about the same answer of a"):
            read_labels(file, EvaluationError)

    def test_both_forms_may_stand_in_one_file(self, tmp_path: Path) -> None:
        found = labels(tmp_path, READ, {"id": "b", "text": "Yes.", "right": False})
        assert said(found, "row:1", "Where is it?", "In Palo Alto.") is True
        assert said(found, "b", "Q?", "Yes.") is False


def test_any_text_survives_the_file(tmp_path: Path) -> None:
    file = tmp_path / "labels.jsonl"
    file.write_text(json.dumps({**READ, "sent": "one\u2028two\x85three"}, ensure_ascii=False) + "\n", "utf-8")
    assert said(read_labels(file), "a", "Where is it?", "one\u2028two\x85three") is True


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ({"sent": "x"}, "line 1"),
        ({"id": 1, "sent": "x"}, "id: Input should be a valid string"),
        ({"id": "1", "supported": True}, "line 1"),
        ({"id": "1", "sent": "x", "supported": "yes"}, "supported: Input should be a valid boolean"),
        ({"id": "1", "right": "yes"}, "right: Input should be a valid boolean"),
        ({"id": "1", "right": None}, "right: Field required"),
        ([], "line 1"),
    ],
    ids=["no id", "number", "no text", "text for a label", "text for right", "right not said", "list"],
)
def test_a_line_that_is_no_label_is_named(tmp_path: Path, line: object, words: str) -> None:
    with pytest.raises(CalibrationError, match=words):
        labels(tmp_path, line)


def test_a_file_without_labels_holds_none(tmp_path: Path) -> None:
    assert labels(tmp_path).every == ()


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"labels\.jsonl"):
        read_labels(tmp_path / "labels.jsonl", EvaluationError)


def line(word: bool | None, sent: str = "It is that.", agrees: bool | None = None) -> dict[str, object]:
    return {"id": "rows:1", "sent": sent, "supported": word, "agrees": agrees}


def test_two_lines_that_contradict_each_other_are_named(tmp_path: Path) -> None:
    with pytest.raises(CalibrationError, match=r"line 1, and .*labels\.jsonl, line 3, contradict"):
        labels(tmp_path, line(True), line(None), line(False, "It is  that."))


def test_two_lines_that_complete_each_other_are_one_label(tmp_path: Path) -> None:
    found = labels(tmp_path, line(True), line(True), line(None, agrees=False))
    assert [(one.supported, one.agrees) for one in found.every] == [(True, False)]


def test_only_lines_with_a_word_count_as_said(tmp_path: Path) -> None:
    found = labels(tmp_path, line(True), line(None, "It was."), line(None, "It may.", agrees=True))
    assert (found.said("supported"), found.said("agrees"), len(found.every)) == (1, 1, 3)


@pytest.mark.parametrize(
    ("passages", "found"),
    [
        (["a", "b"], ("a", "b")),
        ([{"id": "a", "sha256": "12"}, {"id": "b"}], ({"id": "a", "sha256": "12"}, {"id": "b"})),
        (None, ()),
    ],
    ids=["ids", "with hashes", "null"],
)
def test_the_passages_that_were_read_beside_are_kept(tmp_path: Path, passages: object, found: object) -> None:
    (label,) = labels(tmp_path, {**line(True), "passages": passages}).every
    assert label.passages == found


def test_labels_of_no_file_find_nothing() -> None:
    assert Labels().find("a", "Q?", "Yes.") is None
    assert Labels((Label("a", "", "Yes.", True, None),)).find("a", "Q?", "Yes.") is not None
