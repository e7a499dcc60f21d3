import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from support_agent.gate.calibrating.drafted_rows import draft_rows, read_drafted

from support_agent.config import Config
from support_agent.errors import CalibrationError, GenerationError
from support_agent.generation.scripted import ScriptedGenerator
from support_agent.records import Passage

ROWS = [Passage(f"rows:{n}", f"How do I do task {n}?", f"Press key {n}.", "rows.csv") for n in range(5)]


class Shelf:
    """Finds every row that is not hidden, in order."""

    def search_without(self, texts: Sequence[str], k: int, hidden: Sequence[Collection[str]]) -> list[list[Passage]]:
        return [[row for row in ROWS if row.passage_id not in ids][:k] for ids in hidden]


SETTINGS = Config(generator="scripted", passages=2, batch_size=2)


def draft(generator: ScriptedGenerator, file: Path) -> list[str]:
    return [row.draft.text for row in draft_rows(ROWS, Shelf(), generator, SETTINGS, file)]


def test_a_row_is_drafted_without_its_own_passage(tmp_path: Path) -> None:
    made = draft_rows(ROWS, Shelf(), ScriptedGenerator(), SETTINGS, tmp_path / "drafts.jsonl")
    assert [row.row_id in {one.passage_id for one in row.passages} for row in made] == [False] * 5
    assert [row.reference for row in made] == [row.text for row in ROWS]


def test_a_row_that_stands_twice_is_hidden_twice(tmp_path: Path) -> None:
    twice = [*ROWS, Passage("rows:9", ROWS[0].title, ROWS[0].text, "rows.csv")]
    hidden: list[Collection[str]] = []

    class Noting(Shelf):
        def search_without(self, texts: Sequence[str], k: int, ids: Sequence[Collection[str]]) -> list[list[Passage]]:
            hidden.extend(ids)
            return super().search_without(texts, k, ids)

    draft_rows(twice, Noting(), ScriptedGenerator(), SETTINGS, tmp_path / "drafts.jsonl")
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


def calls(file: Path, rows: Sequence[Passage], settings: Config) -> int:
    """How many generator calls it takes to draft these rows, given the file."""

    class Other(Shelf):
        def search_without(
            self, texts: Sequence[str], k: int, hidden: Sequence[Collection[str]]
        ) -> list[list[Passage]]:
            return [[row for row in rows if row.passage_id not in ids][:k] for ids in hidden]

    generator = ScriptedGenerator()
    draft_rows(rows, Other(), generator, settings, file)
    return generator.calls


def test_drafts_that_are_known_are_not_written_again(tmp_path: Path) -> None:
    draft(ScriptedGenerator(), tmp_path / "drafts.jsonl")
    assert calls(tmp_path / "drafts.jsonl", ROWS, SETTINGS) == 0


@pytest.mark.parametrize(
    ("rows", "settings"),
    [
        ([replace(row, text=f"{row.text} Twice.") for row in ROWS], SETTINGS),
        (ROWS, SETTINGS.model_copy(update={"max_new_tokens": 9})),
        (ROWS, SETTINGS.model_copy(update={"passages": 1})),
    ],
    ids=["another text of the same passage", "longer drafts allowed", "fewer passages"],
)
def test_what_was_drafted_from_another_prompt_is_drafted_anew(
    tmp_path: Path, rows: list[Passage], settings: Config
) -> None:
    draft(ScriptedGenerator(), tmp_path / "drafts.jsonl")
    assert calls(tmp_path / "drafts.jsonl", rows, settings) > 0


def test_drafts_of_another_prompt_version_are_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draft(ScriptedGenerator(), tmp_path / "drafts.jsonl")
    monkeypatch.setattr("support_agent.generation.prompt.STOP_STRINGS", ("###",))
    assert calls(tmp_path / "drafts.jsonl", ROWS, SETTINGS) > 0


def test_drafts_without_a_word_on_their_prompt_are_written_anew(tmp_path: Path) -> None:
    file = tmp_path / "drafts.jsonl"
    draft(ScriptedGenerator(), file)
    plain = [json.loads(line) for line in file.read_text("utf-8").split("\n")[:-1]]
    file.write_text("".join(json.dumps({**one, "asked": ""}) + "\n" for one in plain), "utf-8")
    assert calls(file, ROWS, SETTINGS) > 0


def test_a_known_draft_comes_with_the_passages_and_the_reference_of_now(tmp_path: Path) -> None:
    file = tmp_path / "drafts.jsonl"
    draft_rows(ROWS[:1], Shelf(), ScriptedGenerator(), SETTINGS, file)
    now = [replace(ROWS[0], text="Press another key.")]
    made = draft_rows(now, Shelf(), ScriptedGenerator({"x": "never"}), SETTINGS, file)
    assert (made[0].reference, made[0].draft.text) == ("Press another key.", read_drafted(file)[0].draft.text)


@pytest.mark.parametrize("text", ["one\u2028two", "one\u2029two", "one\x85two"], ids=["U+2028", "U+2029", "U+0085"])
def test_any_text_survives_the_file(tmp_path: Path, text: str) -> None:
    draft(ScriptedGenerator({row.title: text for row in ROWS}), tmp_path / "drafts.jsonl")
    assert [row.draft.text for row in read_drafted(tmp_path / "drafts.jsonl")] == [text] * 5


def test_a_row_that_was_cut_off_inside_a_letter_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "drafts.jsonl"
    draft(ScriptedGenerator(), file)
    with file.open("ab") as lines:
        lines.write(b'{"row_id": "caf\xc3')
    assert len(read_drafted(file)) == 5
