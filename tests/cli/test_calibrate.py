"""``support-agent calibrate``, really invoked: 60 rows, the hashing embedder, the generator without a model."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from support_agent.cli import app
from support_agent.errors import CalibrationError
from support_agent.evidence.calibration import read_calibration
from support_agent.retrieval.fit_subject import shipped_outliers

THINGS = "webhook invoice password dashboard backup export role token report alias widget schedule".split()
FORMS = [
    ("How do I create a {}?", "Open the {} page and press Create. The new {} is listed there."),
    ("Where do I delete the {}?", "Open the {} page, choose it and press Delete."),
    ("What does a {} cost monthly?", "Each {} costs $3 a month."),
    ("Why did my {} fail yesterday?", "A {} fails when its owner has left the team."),
    ("Who may share the {} with partners?", "Owners and admins may share a {} with partners."),
]
ROWS = [
    {"question": question.format(thing), "answer": answer.format(thing, thing)}
    for thing in THINGS
    for question, answer in FORMS
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Holds the index, the answers to be read and their drafts: made once, since everything is measured for each."""
    folder = tmp_path_factory.mktemp("shop")
    # A tenth of the texts about anything else: fitting the scope signal to all of them takes seconds.
    few = shipped_outliers()[::10]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("support_agent.retrieval.fit_subject.shipped_outliers", lambda: few)
        patch.setenv("SUPPORT_AGENT_INDEXES", str(folder))
        patch.chdir(folder)
        Path("rows.jsonl").write_text("\n".join(json.dumps(row) for row in ROWS), "utf-8")
        made = CliRunner().invoke(app, ["index", "build", "shop", "rows.jsonl", "--embedder", "hashing"])
        assert made.exit_code == 0, made.output
        calibrate(
            "--index", "shop", "--generator", "extractive", "--to-read", "answers.jsonl", "--drafts", "drafts.jsonl"
        )
        yield folder


@pytest.fixture
def shop(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working folder with settings and labels of every answer (those about costs are wrong), and no calibration."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUPPORT_AGENT_INDEXES", str(folder))
    monkeypatch.setenv("SUPPORT_AGENT_CALIBRATIONS", str(tmp_path / "calibrations"))
    Path("support_agent.toml").write_text('index = "shop"\ngenerator = "extractive"\n', "utf-8")
    said = [{**answer, "supported": "cost" not in answer["question"]} for answer in lines(folder / "answers.jsonl")]
    Path("labels.jsonl").write_text("".join(json.dumps(one) + "\n" for one in said), "utf-8")


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").split("\n")[:-1]]


def calibrate(*arguments: str) -> tuple[str, str]:
    done = CliRunner().invoke(app, ["calibrate", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout, done.stderr


def test_the_answers_are_written_to_be_read_and_nothing_is_put_in_force(folder: Path) -> None:
    answers, drafted = lines(folder / "answers.jsonl"), lines(folder / "drafts.jsonl")
    told = {"id", "question", "sent", "passages", "reference"}
    assert answers[0].keys() == {*told, "supported", "agrees", "reader", "kind"}
    assert {answer["supported"] for answer in answers} == {None}
    assert len(answers) <= len(drafted) == 60
    assert not list(folder.glob("*.json"))


def test_a_file_that_may_hold_labels_is_not_written_over(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    labelled = Path("answers.jsonl").read_bytes()
    done = CliRunner().invoke(app, ["calibrate", "--index", "shop", "--to-read", "answers.jsonl"])
    assert isinstance(done.exception, CalibrationError) or "may hold labels" in done.stderr
    assert Path("answers.jsonl").read_bytes() == labelled


@pytest.mark.usefixtures("shop")
def test_labels_by_readers_become_the_calibration_in_force() -> None:
    stdout, stderr = calibrate("--labels", "labels.jsonl", "--max-error", "0.5")
    (file,) = Path("calibrations/shop").glob("*.json")
    made = read_calibration(file)
    assert made.certificate.threshold is not None
    assert (made.about, made.labels["rows"], made.labels["drafted_by"]) == ("supported", 60, ["1"])
    assert made.labels["held"] + made.labels["labelled"] == 60
    assert "Right means carried by the passages, labelled by readers." in stdout
    assert f"{file.name} is in force" in stderr.replace("\n", "")
    answered = CliRunner().invoke(app, ["ask", "--json", ROWS[0]["question"]])
    assert json.loads(answered.stdout)["versions"]["calibration"] == made.version


@pytest.mark.usefixtures("shop")
def test_labels_of_some_answers_are_counted_against_all_questions() -> None:
    some = Path("labels.jsonl").read_text("utf-8").split("\n")[::2]
    Path("some.jsonl").write_text("\n".join(some), "utf-8")
    stdout, _ = calibrate("--labels", "some.jsonl", "--max-error", "0.5")
    made = read_calibration(next(Path("calibrations/shop").glob("*.json")))
    assert made.labels["rows"] == 60
    assert f"and {made.labels['labelled']} of the others have a label" in stdout


@pytest.mark.usefixtures("shop")
def test_without_labels_it_fails_before_anything_is_drafted() -> None:
    with pytest.raises(CalibrationError, match="rests on what readers say.*--to-read"):
        calibrate()
    Path("none.jsonl").touch()
    with pytest.raises(CalibrationError, match=r"none\.jsonl holds no label.*--to-read"):
        calibrate("--labels", "none.jsonl")
    assert not Path("calibrations").exists()


@pytest.mark.usefixtures("shop")
def test_cross_fitted_adapters_that_are_not_there_fail_before_anything_is_drafted() -> None:
    Path("folds").mkdir()
    with pytest.raises(CalibrationError, match="folds holds no fold-0"):
        calibrate("--to-read", "answers.jsonl", "--cross-fitted", "folds")
    assert not Path("calibrations").exists()


@pytest.mark.usefixtures("shop")
def test_a_calibration_elsewhere_is_used_where_it_is_named() -> None:
    _, stderr = calibrate("--labels", "labels.jsonl", "--max-error", "0.5", "-o", "else where.json")
    assert "else where.json is used where it is named: --calibration 'else where.json'" in stderr
    assert "in force" not in stderr


@pytest.mark.usefixtures("shop")
def test_a_promise_that_no_threshold_keeps_says_that_everything_goes_to_a_human() -> None:
    stdout, stderr = calibrate("--labels", "labels.jsonl", "--max-error", "0.001")
    assert "No threshold keeps this promise" in stdout
    assert "With it every ticket goes to a human." in stderr


@pytest.mark.usefixtures("shop")
def test_json_is_one_object() -> None:
    stdout, _ = calibrate("--labels", "labels.jsonl", "--json")
    assert json.loads(stdout)["about"] == "supported"
