import json
from pathlib import Path

import pytest

from support_agent.errors import CalibrationError
from support_agent.gate.calibrating.drafted_rows import DraftedRow
from support_agent.gate.calibrating.measured_rows import MeasuredRow
from support_agent.gate.calibrating.verdicts import read_verdicts, write_to_read
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
    assert read_verdicts(file).labels(rows, "supported").right == {}


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ({"sent": "x"}, "line 1"),
        ({"id": 1, "sent": "x"}, "wrong kind"),
        ({"id": "1", "sent": "x", "supported": "yes"}, "wrong kind"),
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
