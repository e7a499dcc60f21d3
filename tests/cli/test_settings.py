import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from support_agent.cli import app
from support_agent.errors import ConfigError
from support_agent.gate.texts import load_texts, shipped_files, shipped_texts


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.chdir(tmp_path)
    Path("support_agent.toml").write_text("passages = 2\n")
    return CliRunner()


def test_texts_of_one_language_are_printed_as_a_file_of_texts(runner: CliRunner) -> None:
    done = runner.invoke(app, ["config", "texts", "de"])
    assert done.exit_code == 0, done.output
    Path("texts").mkdir()
    Path("texts/de.toml").write_text(done.stdout, "utf-8")
    assert load_texts(Path("texts")).version == shipped_texts().version


def test_texts_of_every_language_are_printed_under_their_code(runner: CliRunner) -> None:
    done = runner.invoke(app, ["config", "texts"])
    assert 'de.human.asked_for_human = "Gern. ' in done.stdout
    assert 'en.human.asked_for_human = "Of course. ' in done.stdout


def test_texts_name_the_file_that_each_stands_in(runner: CliRunner) -> None:
    Path("texts").mkdir()
    Path("texts/de.toml").write_text('[human]\nabuse = "Oje."\n')
    done = runner.invoke(app, ["config", "texts", "de", "--json"])
    files = {row["name"]: Path(row["file"]) for row in json.loads(done.stdout)["texts"]}
    assert files["human.abuse"] == Path("texts/de.toml").absolute()
    assert files["human.too_long"] in shipped_files()


def test_a_language_without_texts_is_an_error_that_lists_those_there_are(runner: CliRunner) -> None:
    done = runner.invoke(app, ["config", "texts", "german"])
    assert isinstance(done.exception, ConfigError)
    assert "ar, de, en, es" in str(done.exception)


def test_texts_are_exported_for_editing_and_then_in_force(runner: CliRunner) -> None:
    done = runner.invoke(app, ["config", "texts", "--export", "texts"])
    assert done.exit_code == 0, done.output
    assert (done.stdout, "texts: ar, de, en" in done.stderr) == ("", True)
    edited = Path("texts/de.toml")
    edited.write_text(edited.read_text("utf-8").replace("Gern. ", "Sehr gern. "), "utf-8")
    assert 'human.asked_for_human = "Sehr gern. ' in runner.invoke(app, ["config", "texts", "de"]).stdout


def test_one_language_is_exported_alone(runner: CliRunner) -> None:
    runner.invoke(app, ["config", "texts", "fr", "--export", "texts"])
    assert [file.name for file in Path("texts").iterdir()] == ["fr.toml"]


def test_export_overwrites_nothing_unless_told_to(runner: CliRunner) -> None:
    Path("texts").mkdir()
    Path("texts/en.toml").write_text("ours")
    refused = runner.invoke(app, ["config", "texts", "--export", "texts"])
    assert isinstance(refused.exception, ConfigError)
    assert f"{Path('texts/en.toml')} is there already. Give --force" in str(refused.exception)
    assert [file.read_text() for file in Path("texts").iterdir()] == ["ours"]
    assert runner.invoke(app, ["config", "texts", "--export", "texts", "--force"]).exit_code == 0
    assert Path("texts/en.toml").read_bytes() == shipped_files()[2].read_bytes()


def test_texts_name_each_file_once(runner: CliRunner) -> None:
    Path("texts").mkdir()
    Path("texts/de.toml").write_text('[human]\nabuse = "Oje."\n')
    lines = runner.invoke(app, ["config", "texts", "de"]).stdout.splitlines()
    files = [line.removeprefix("# ") for line in lines if line.startswith("# ")]
    assert [Path(file).name for file in files] == ["de.toml", "de.toml"]
    assert str(Path("texts/de.toml").absolute()) in files
    assert lines.index('human.abuse = "Oje."') > lines.index(f"# {Path('texts/de.toml').absolute()}")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("", '(from default; here auto is extractive)\ngenerator = "auto"'),
        ('adapter = "mine"', '(from default; here auto is openvino)\ngenerator = "auto"'),
        ('generator = "auto"', '(from support_agent.toml; here auto is extractive)\ngenerator = "auto"'),
        ('generator = "extractive"', '(from support_agent.toml)\ngenerator = "extractive"'),
    ],
    ids=["default", "an adapter", "auto by name", "named"],
)
def test_show_says_what_auto_has_become(runner: CliRunner, settings: str, said: str) -> None:
    Path("support_agent.toml").write_text(settings)
    assert said in runner.invoke(app, ["config", "show"]).stdout
