import json
from pathlib import Path

import pytest
from support_agent.gate.calibrating.drafted_rows import DraftedRow
from support_agent.gate.calibrating.measured_rows import MeasuredRow

from support_agent.errors import CalibrationError
from support_agent.evidence.labels import read_verdicts, write_to_read
from support_agent.records import Draft, Passage


def row(row_id: str, sent: str, held: tuple[str, ...] = ()) -> MeasuredRow:
    passage = Passage("rows:9", "What?", "That.", "rows.csv")
    drafted = DraftedRow(row_id, "What is it?", "It is that.", (passage,), Draft(sent, "scripted"), "1")
    return MeasuredRow(drafted, {}, {}, sent, held, "en")


def write(path: Path, *verdicts: object) -> Path:
    path.write_text("\n".join(json.dumps(verdict) for verdict in verdicts), "utf-8")
    return path


def test_a_verdict_counts_for_the_very_answer_that_was_read(tmp_path: Path) -> None:
    file = write(
        tmp_path / "verdicts.jsonl",
        {"id": "rows:1", "sent": "It  is that.\n", "supported": True, "agrees": False},
        {"id": "rows:2", "sent": "It was that.", "supported": True, "agrees": True},
        {"id": "rows:3", "sent": "It is that.", "supported": None, "agrees": True},
    )
    rows = [row(f"rows:{n}", "It is that.") for n in (1, 2, 3, 4)]
    verdicts = read_verdicts(file)
    assert verdicts.labels(rows, "supported").right == {"rows:1": True}
    assert verdicts.labels(rows, "agrees").right == {"rows:1": False, "rows:3": True}


def test_what_is_to_be_read_comes_back_as_verdicts(tmp_path: Path) -> None:
    file = tmp_path / "to_read.jsonl"
    rows = [row("rows:1", "It is that."), row("rows:2", "", held=("empty_draft",))]
    assert write_to_read(file, rows) == 1
    assert json.loads(file.read_text("utf-8"))["passages"] == [{"title": "What?", "text": "That."}]
    assert [verdict.sent for verdict in read_verdicts(file).by_answer.values()] == ["It is that."]


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ({"sent": "x"}, "line 1"),
        ({"id": 1, "sent": "x"}, "'id' must be a string"),
        ({"id": "1", "sent": "x", "supported": "yes"}, "must be true or false"),
        ([], "line 1"),
    ],
    ids=["no id", "number", "text for a label", "list"],
)
def test_a_line_that_is_no_verdict_is_named(tmp_path: Path, verdict: object, words: str) -> None:
    with pytest.raises(CalibrationError, match=words):
        read_verdicts(write(tmp_path / "verdicts.jsonl", verdict))


def test_a_file_without_verdicts_says_how_to_begin(tmp_path: Path) -> None:
    with pytest.raises(CalibrationError, match="--to-read"):
        read_verdicts(write(tmp_path / "verdicts.jsonl"))


def verdict(label: bool | None, sent: str = "It is that.", agrees: bool | None = None) -> dict[str, object]:
    return {"id": "rows:1", "sent": sent, "supported": label, "agrees": agrees}


def test_two_lines_that_contradict_each_other_are_named(tmp_path: Path) -> None:
    file = write(tmp_path / "verdicts.jsonl", verdict(True), verdict(None), verdict(False, "It is  that."))
    with pytest.raises(CalibrationError, match=r"line 1, and .*verdicts\.jsonl, line 3, contradict"):
        read_verdicts(file)


def test_two_lines_that_complete_each_other_are_one_verdict(tmp_path: Path) -> None:
    file = write(tmp_path / "verdicts.jsonl", verdict(True), verdict(True), verdict(None, agrees=False))
    verdicts, rows = read_verdicts(file), [row("rows:1", "It is that.")]
    assert (verdicts.labels(rows, "supported").right, verdicts.labels(rows, "agrees").right) == (
        {"rows:1": True},
        {"rows:1": False},
    )


def test_only_lines_with_a_label_count_as_read(tmp_path: Path) -> None:
    file = write(tmp_path / "verdicts.jsonl", verdict(True), verdict(None, "It was."))
    assert read_verdicts(file).labels([row("rows:1", "It is that.")], "supported").facts["read"] == 1


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (verdict(True, "It was something else."), "None of the 1 labels in .* is of an answer that would be sent now"),
        (verdict(None, agrees=True), "No line of .* says 'supported'"),
    ],
    ids=["other texts", "another kind of label"],
)
def test_labels_that_say_nothing_of_these_answers_are_an_error(tmp_path: Path, said: object, words: str) -> None:
    verdicts = read_verdicts(write(tmp_path / "verdicts.jsonl", said))
    with pytest.raises(CalibrationError, match=words):
        verdicts.labels([row("rows:1", "It is that.")], "supported")


def test_it_is_said_how_many_labels_are_of_no_use(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = write(tmp_path / "verdicts.jsonl", verdict(True), verdict(False, "It was."))
    read_verdicts(file).labels([row(f"rows:{n}", "It is that.") for n in (1, 2, 3)], "supported")
    assert "1 of the 2 labels" in caplog.text
    assert "2 of the 3 such answers have none" in caplog.text


def test_any_text_survives_the_file(tmp_path: Path) -> None:
    rows = [row("rows:1", "one\u2028two\x85three")]
    write_to_read(tmp_path / "to_read.jsonl", rows)
    said = json.loads((tmp_path / "to_read.jsonl").read_text("utf-8"))
    file = tmp_path / "verdicts.jsonl"
    file.write_text(json.dumps({**said, "supported": True}, ensure_ascii=False) + "\n", "utf-8")
    assert read_verdicts(file).labels(rows, "supported").right == {"rows:1": True}
