import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from support_agent.errors import CalibrationError, GenerationError
from support_agent.evidence.kept_drafts import KeepingGenerator, read_kept
from support_agent.generation.prompt import Prompt, write_prompt
from support_agent.generation.scripted import ScriptedGenerator
from support_agent.records import Draft, Passage

ROWS = [Passage(f"rows:{n}", f"How do I do task {n}?", f"Press key {n}.", "rows.csv") for n in range(5)]


def prompts(rows: Sequence[Passage] = ROWS, passages: int = 2) -> list[Prompt]:
    return [write_prompt(row.title, [one for one in rows if one is not row][:passages]) for row in rows]


def draft(generator: ScriptedGenerator, file: Path) -> list[str]:
    return [made.text for made in KeepingGenerator(generator, file, 200).generate(prompts())]


def calls(file: Path, asked: Sequence[Prompt], max_new_tokens: int = 200) -> int:
    """How many generator calls it takes to draft these, given the file."""
    generator = ScriptedGenerator()
    KeepingGenerator(generator, file, max_new_tokens).generate(asked)
    return generator.calls


def test_it_has_the_name_and_version_of_what_writes(tmp_path: Path) -> None:
    generator = ScriptedGenerator()
    keeping = KeepingGenerator(generator, tmp_path / "drafts.jsonl", 200)
    assert (keeping.name, keeping.version) == (generator.name, generator.version)


def test_drafts_come_in_the_order_of_their_prompts(tmp_path: Path) -> None:
    written = {row.title: f"Draft {number}." for number, row in enumerate(ROWS)}
    keeping = KeepingGenerator(ScriptedGenerator(written), tmp_path / "drafts.jsonl", 200)
    keeping.generate([prompts()[3]])
    assert [made.text for made in keeping.generate(prompts()[::-1])] == list(written.values())[::-1]


def test_a_stopped_run_goes_on_where_it_was(tmp_path: Path) -> None:
    file = tmp_path / "drafts.jsonl"
    failing = KeepingGenerator(ScriptedGenerator({ROWS[3].title: GenerationError("gone")}), file, 200)
    failing.generate(prompts()[:2])
    with pytest.raises(GenerationError):
        failing.generate(prompts()[2:4])
    with file.open("a") as lines:
        lines.write('{"generator": "cut o')
    generator = ScriptedGenerator()
    assert len(draft(generator, file)) == 5
    assert generator.calls == 3
    assert len(read_kept(file)) == 5


def test_a_prompt_that_stands_twice_in_a_batch_is_written_once(tmp_path: Path) -> None:
    assert calls(tmp_path / "drafts.jsonl", [prompts()[0], prompts()[0]]) == 1


def test_drafts_of_another_generator_are_written_anew(tmp_path: Path) -> None:
    file = tmp_path / "drafts.jsonl"
    draft(ScriptedGenerator(), file)
    other = ScriptedGenerator({row.title: "Another." for row in ROWS})
    other.version = "other"
    assert draft(other, file) == ["Another."] * 5


@pytest.mark.parametrize(
    "line",
    [{"row_id": "x"}, {"generator": "1", "asked": "2"}, {"generator": "1", "asked": "2", "draft": {"words": "x"}}],
    ids=["another file", "no draft", "another draft"],
)
def test_a_line_that_is_no_row_is_named(tmp_path: Path, line: object) -> None:
    file = tmp_path / "drafts.jsonl"
    file.write_text(json.dumps(line) + "\n", "utf-8")
    with pytest.raises(CalibrationError, match="line 1"):
        KeepingGenerator(ScriptedGenerator(), file, 200)


def test_drafts_that_are_known_are_not_written_again(tmp_path: Path) -> None:
    draft(ScriptedGenerator(), tmp_path / "drafts.jsonl")
    assert calls(tmp_path / "drafts.jsonl", prompts()) == 0


@pytest.mark.parametrize(
    ("asked", "max_new_tokens"),
    [
        (prompts([replace(row, text=f"{row.text} Twice.") for row in ROWS]), 200),
        (prompts(), 9),
        (prompts(passages=1), 200),
    ],
    ids=["another text of the same passage", "shorter drafts allowed", "fewer passages"],
)
def test_what_was_drafted_from_another_prompt_is_drafted_anew(
    tmp_path: Path, asked: list[Prompt], max_new_tokens: int
) -> None:
    draft(ScriptedGenerator(), tmp_path / "drafts.jsonl")
    assert calls(tmp_path / "drafts.jsonl", asked, max_new_tokens) == 5


def test_drafts_of_another_prompt_version_are_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draft(ScriptedGenerator(), tmp_path / "drafts.jsonl")
    monkeypatch.setattr("support_agent.generation.prompt.STOP_STRINGS", ("###",))
    assert calls(tmp_path / "drafts.jsonl", prompts()) == 5


def test_drafts_without_a_word_on_their_prompt_are_written_anew(tmp_path: Path) -> None:
    file = tmp_path / "drafts.jsonl"
    draft(ScriptedGenerator(), file)
    plain = [json.loads(line) for line in file.read_text("utf-8").split("\n")[:-1]]
    file.write_text("".join(json.dumps({**one, "asked": ""}) + "\n" for one in plain), "utf-8")
    assert calls(file, prompts()) == 5


@pytest.mark.parametrize("text", ["one\u2028two", "one\u2029two", "one\x85two"], ids=["U+2028", "U+2029", "U+0085"])
def test_any_text_survives_the_file(tmp_path: Path, text: str) -> None:
    draft(ScriptedGenerator({row.title: text for row in ROWS}), tmp_path / "drafts.jsonl")
    assert [kept.text for kept in read_kept(tmp_path / "drafts.jsonl").values()] == [text] * 5


def test_all_of_a_draft_is_kept(tmp_path: Path) -> None:
    whole = Draft("Press it", "scripted", tokens=3, sum_log_prob=-1.5, min_log_prob=-0.9, finish="length")
    written = ScriptedGenerator({row.title: whole for row in ROWS})
    made = KeepingGenerator(written, tmp_path / "drafts.jsonl", 200).generate(prompts())
    assert KeepingGenerator(ScriptedGenerator(), tmp_path / "drafts.jsonl", 200).generate(prompts()) == made


def test_a_row_that_was_cut_off_inside_a_letter_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "drafts.jsonl"
    draft(ScriptedGenerator(), file)
    with file.open("ab") as lines:
        lines.write(b'{"generator": "caf\xc3')
    assert len(read_kept(file)) == 5
