"""Which folder a result may be written to, and what is left where a write was cut off."""

from pathlib import Path

import pytest

from support_agent.errors import EvaluationError
from support_agent.evaluation import results
from support_agent.evaluation.results import check_page, read_result, write_result
from support_agent.evaluation.run import Outcome

from .conftest import FACTS


@pytest.mark.parametrize(
    ("files", "named"),
    [
        pytest.param({"golden.jsonl": "mine"}, "golden.jsonl", id="only a golden set"),
        pytest.param({"golden.jsonl": "mine", "manifest.json": '{"kind": "a ship"}'}, "golden.jsonl", id="other kind"),
        pytest.param({"manifest.json": '{"name": "my app"}'}, "manifest.json", id="no kind"),
        pytest.param({"manifest.json": "[]"}, "manifest.json", id="a list"),
        pytest.param({"manifest.json": "{"}, "manifest.json", id="no JSON"),
        pytest.param({"scores.json": "{}"}, "scores.json", id="only scores"),
    ],
)
def test_files_of_our_names_that_are_not_ours_are_left_alone(
    tmp_path: Path, outcomes: list[Outcome], files: dict[str, str], named: str
) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    with pytest.raises(EvaluationError, match=f"holds '{named}' and no result"):
        write_result(tmp_path, b"", outcomes, {}, FACTS)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == files


def test_a_write_that_was_killed_is_refused_when_read_and_can_be_made_again(
    folder: Path, outcomes: list[Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(results, "write_outcomes", killed)
        write_result(folder, b"", outcomes, {}, FACTS)
    with pytest.raises(EvaluationError, match="was not written to its end. Run `support-agent eval run` again"):
        read_result(folder)
    write_result(folder, b"", outcomes, {}, FACTS)
    assert "unfinished" not in (folder / "manifest.json").read_text()


def test_a_first_write_that_was_killed_does_not_block_the_folder(tmp_path: Path, outcomes: list[Outcome]) -> None:
    (tmp_path / ".manifest.json.0123abcd.part").touch()
    write_result(tmp_path, b"", outcomes, {}, FACTS)
    assert (tmp_path / "scores.json").is_file()


def test_what_lies_beside_a_result_is_left_as_it_is(folder: Path, outcomes: list[Outcome]) -> None:
    (folder / "page.html").write_text("mine")
    write_result(folder, b"", outcomes, {}, FACTS)
    assert (folder / "page.html").read_text() == "mine"


def test_facts_that_cannot_be_written_leave_the_earlier_result(folder: Path, outcomes: list[Outcome]) -> None:
    with pytest.raises(UnicodeEncodeError):
        write_result(folder, b"", outcomes, {}, {**FACTS, "set": "\ud800"})
    assert read_result(folder).manifest["set"] == "golden"


def test_a_page_that_is_a_folder_is_refused(folder: Path) -> None:
    with pytest.raises(EvaluationError, match="is a folder. Name a file, such as"):
        check_page(folder)


def test_a_folder_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="There is no folder .*last-week. Name the result folder of an earlier"):
        read_result(tmp_path / "last-week")
