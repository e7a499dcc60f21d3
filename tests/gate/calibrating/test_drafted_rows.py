import json
from collections.abc import Collection, Sequence
from pathlib import Path

import pytest

from support_agent.errors import CalibrationError, GenerationError
from support_agent.gate.calibrating.drafted_rows import draft_rows, read_drafted
from support_agent.generation.scripted import ScriptedGenerator
from support_agent.records import Passage

ROWS = [Passage(f"rows:{n}", f"How do I do task {n}?", f"Press key {n}.", "rows.csv") for n in range(5)]


class Shelf:
    """Finds every row that is not hidden, in order."""

    def search_without(self, texts: Sequence[str], k: int, hidden: Sequence[Collection[str]]) -> list[list[Passage]]:
        return [[row for row in ROWS if row.passage_id not in ids][:k] for ids in hidden]


def draft(generator: ScriptedGenerator, file: Path) -> list[str]:
    made = draft_rows(ROWS, Shelf(), generator, passages=2, batch_size=2, file=file)
    return [row.draft.text for row in made]


def test_a_row_is_drafted_without_its_own_passage(tmp_path: Path) -> None:
    made = draft_rows(ROWS, Shelf(), ScriptedGenerator(), passages=2, batch_size=2, file=tmp_path / "drafts.jsonl")
    assert [row.row_id in {one.passage_id for one in row.passages} for row in made] == [False] * 5
    assert [row.reference for row in made] == [row.text for row in ROWS]


def test_a_row_that_stands_twice_is_hidden_twice(tmp_path: Path) -> None:
    twice = [*ROWS, Passage("rows:9", ROWS[0].title, ROWS[0].text, "rows.csv")]
    hidden: list[Collection[str]] = []

    class Noting(Shelf):
        def search_without(self, texts: Sequence[str], k: int, ids: Sequence[Collection[str]]) -> list[list[Passage]]:
            hidden.extend(ids)
            return super().search_without(texts, k, ids)

    draft_rows(twice, Noting(), ScriptedGenerator(), passages=1, batch_size=9, file=tmp_path / "drafts.jsonl")
    assert sorted(hidden[0]) == sorted(hidden[5]) == ["rows:0", "rows:9"]


def test_a_stopped_run_goes_on_where_it_was(tmp_path: Path) -> None:
    file = tmp_path / "drafts.jsonl"
    failing = ScriptedGenerator({ROWS[3].title: GenerationError("gone")})
    with pytest.raises(GenerationError):
        draft(failing, file)
    with file.open("a") as lines:
        lines.write('{"row_id": "cut o')
    generator = ScriptedGenerator()
    assert len(draft(generator, file)) == 5
    assert generator.calls == 3
    assert len(read_drafted(file)) == 5


def test_drafts_of_another_generator_are_written_anew(tmp_path: Path) -> None:
    file = tmp_path / "drafts.jsonl"
    draft(ScriptedGenerator(), file)
    other = ScriptedGenerator({row.title: "Another." for row in ROWS})
    other.version = "other"
    assert draft(other, file) == ["Another."] * 5


def test_a_line_that_is_no_row_is_named(tmp_path: Path) -> None:
    file = tmp_path / "drafts.jsonl"
    file.write_text(json.dumps({"row_id": "x"}) + "\n", "utf-8")
    with pytest.raises(CalibrationError, match="line 1"):
        read_drafted(file)
