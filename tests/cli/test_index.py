"""``support-agent index``, really invoked."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from support_agent.cli.index import index_app
from support_agent.errors import DocumentError, IndexFolderError

CSV = (
    "question,answer\nCan I export?,Yes as CSV.\nWhere is it?,Under Settings.\nWhy?,I'm sorry I can't help with that.\n"
)


@pytest.fixture
def faq(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SUPPORT_AGENT_INDEXES", str(tmp_path / "own"))
    path = tmp_path / "faq.csv"
    path.write_text(CSV)
    return path


def run(*arguments: str | Path) -> tuple[str, str]:
    result = CliRunner().invoke(index_app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout, result.stderr


def built(faq: Path) -> None:
    run("build", "faq", faq, "--embedder", "hashing")


def test_build_says_what_it_made_and_left_out_on_stderr(faq: Path) -> None:
    stdout, stderr = run("build", "faq", faq, "--embedder", "hashing")

    assert stdout == ""
    assert "2 passages from 1 file; left out: 1 refusal" in stderr


def test_build_says_that_it_replaced_one(faq: Path, tmp_path: Path) -> None:
    assert "replaced" not in run("build", "faq", faq, "--embedder", "hashing")[1]
    assert f"{tmp_path / 'own' / 'faq'} (replaced): 2 passages" in run("build", "faq", faq, "--embedder", "hashing")[1]


def test_build_takes_another_folder(faq: Path, tmp_path: Path) -> None:
    run("build", "faq", faq, "--embedder", "hashing", "--output", tmp_path / "here")

    assert (tmp_path / "here" / "manifest.json").is_file()


def test_info_prints_the_manifest_for_machines(faq: Path) -> None:
    built(faq)

    facts = json.loads(run("info", "faq", "--json")[0])

    assert (facts["counts"]["passages"], len(facts["version"])) == (2, 12)


def test_info_prints_what_a_person_wants_to_know(faq: Path) -> None:
    built(faq)

    stdout, _ = run("info", "faq")

    assert "passages    2; left out: 1 refusal" in stdout
    assert "subject     no one product; names: none; scope model: none, for too few texts" in stdout
    assert "faq.csv: 3 rows" in stdout


def test_add_says_how_many_are_new(faq: Path, tmp_path: Path) -> None:
    built(faq)
    more = tmp_path / "more.jsonl"
    more.write_text('{"question": "Is there an app?", "answer": "Yes."}\n')

    assert "1 new passage from 1 file, 3 in all" in run("add", "faq", more)[1]


def test_adding_to_a_shipped_index_copies_it_first(faq: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("build", "shipped", faq, "--embedder", "hashing", "--output", tmp_path / "package" / "shipped")
    monkeypatch.setattr("support_agent.shelves.Shelf.shipped", lambda _: tmp_path / "package")
    before = run("info", tmp_path / "package" / "shipped", "--json")[0]
    more = tmp_path / "more.jsonl"
    more.write_text('{"question": "Is there an app?", "answer": "Yes."}\n')

    _, stderr = run("add", "shipped", more)

    assert f"a copy of your own.\n{tmp_path / 'own' / 'shipped'}: 1 new passage" in stderr
    assert run("info", tmp_path / "package" / "shipped", "--json")[0] == before
    assert json.loads(run("info", "shipped", "--json")[0])["counts"]["passages"] == 3
    hidden = f"shipped now means your own copy in {tmp_path / 'own' / 'shipped'}: delete that to have the shipped one."
    assert hidden in stderr
    assert "now means" not in run("add", "shipped", more)[1]
    assert hidden in run("build", "shipped", faq, "--embedder", "hashing")[1]


def test_lint_of_files_prints_a_table_and_fails_nothing(faq: Path) -> None:
    stdout, stderr = run("lint", faq, "--embedder", "hashing")

    assert "faq:3" in stdout
    assert "3 passages; 1 refusal" in stderr


def test_lint_of_an_index_sees_what_was_left_out_too(faq: Path) -> None:
    built(faq)

    findings = json.loads(run("lint", "faq", "--json")[0])

    assert [(finding["kind"], finding["passage_ids"]) for finding in findings] == [("refusal", ["faq:3"])]


def test_lint_of_files_and_names_together_is_a_usage_error(faq: Path) -> None:
    assert CliRunner().invoke(index_app, ["lint", str(faq), "lamini_docs"]).exit_code == 2


def test_an_unknown_index_is_an_error_that_names_the_known(faq: Path) -> None:
    with pytest.raises(IndexFolderError, match="lamini_docs"):
        run("info", "nowhere")


def test_a_bad_file_builds_nothing(faq: Path, tmp_path: Path) -> None:
    faq.write_text("a,b\n1,2\n")

    with pytest.raises(DocumentError, match="line 1"):
        built(faq)

    assert not (tmp_path / "own").exists()
