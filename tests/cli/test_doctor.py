"""``support-agent doctor`` on the promise; what else it looks at is tested in test_cli.py."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from support_agent.cli import app
from support_agent.config import Config
from support_agent.evidence.calibration import Calibration, write_calibration
from support_agent.evidence.certificate import Certificate
from support_agent.evidence.opening import calibrated_parts
from support_agent.gate.combiner import Combiner
from support_agent.generation.extractive import ExtractiveGenerator
from support_agent.retrieval import find_index
from support_agent.retrieval.folders import index_version

CERTIFIED = Certificate(0.1, 0.05, 9, 9, 0.1, threshold=0.5, answered=5, wrong=0, coverage=0.5, upper=0.09)
NONE_KEEPS_IT = Certificate(0.1, 0.05, 9, 9, 0.1)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An index of one row; the path at which the owner's calibration of it is looked for."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUPPORT_AGENT_INDEXES", str(tmp_path / "indexes"))
    monkeypatch.setenv("SUPPORT_AGENT_CALIBRATIONS", str(tmp_path / "calibrations"))
    Path("rows.jsonl").write_text(json.dumps({"question": "How?", "answer": "So."}), "utf-8")
    Path("support_agent.toml").write_text('index = "shop"\ngenerator = "extractive"\n', "utf-8")
    made = CliRunner().invoke(app, ["index", "build", "shop", "rows.jsonl", "--embedder", "hashing"])
    assert made.exit_code == 0, made.output
    return tmp_path / "calibrations" / "shop" / "extractive.json"


def calibration(certificate: Certificate) -> Calibration:
    settings = Config(index="shop", generator="extractive")
    return Calibration(
        about="supported",
        parts=calibrated_parts(index_version(find_index("shop")), ExtractiveGenerator(), settings),
        labels={"kinds": [""]},
        combiner=Combiner(("retrieval_score",), (0.5,), (0.1,), (1.0,), 0.0),
        certificate=certificate,
        tables={},
        reference_scores=(0.5,),
        made="2026-01-01",
    )


def doctor() -> tuple[int, str]:
    done = CliRunner().invoke(app, ["doctor"])
    return done.exit_code, done.stdout


@pytest.mark.usefixtures("shop")
def test_no_calibration_is_said_and_is_nothing_broken() -> None:
    code, said = doctor()
    assert code == 0
    assert "auto: every ticket goes to a human. No calibration was made for this index" in said
    assert said.endswith("Nothing is broken, but every ticket goes to a human.\n")


def test_the_promise_in_force_is_said(shop: Path) -> None:
    write_calibration(shop, calibration(CERTIFIED))
    code, said = doctor()
    assert code == 0
    assert "at most 10 % of the answers wrong" in said
    assert "Right means carried by the passages, labelled by readers." in said
    assert said.endswith("Nothing is broken.\n")


def test_a_calibration_without_a_threshold_is_said(shop: Path) -> None:
    write_calibration(shop, calibration(NONE_KEEPS_IT))
    assert "auto: every ticket goes to a human. No threshold keeps this promise" in doctor()[1]


def test_a_calibration_for_another_part_is_said(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = calibration(CERTIFIED)
    write_calibration(shop, replace(made, parts={**made.parts, "index": "abc"}))
    monkeypatch.setenv("SUPPORT_AGENT_CALIBRATION", str(shop))
    assert "every ticket goes to a human. This calibration was made for the index abc" in doctor()[1]


def test_a_calibration_that_cannot_be_read_is_broken(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPPORT_AGENT_CALIBRATION", str(shop))
    code, said = doctor()
    assert code == 1
    assert "broken: There is no calibration at" in said


@pytest.mark.usefixtures("shop")
def test_answers_without_a_promise_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPPORT_AGENT_CALIBRATION", "none")
    assert "none: none is asked for: answers go out without one" in doctor()[1]


@pytest.mark.usefixtures("shop")
def test_a_version_outside_what_was_tested_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    needed = ["typer<0.2,>=0.1", "rich>=14", "not-there>=1", "pytest<1; extra == 'test'"]
    monkeypatch.setattr("importlib.metadata.Distribution.requires", needed)
    done = CliRunner().invoke(app, ["doctor"])
    assert done.exit_code == 0, done.output
    assert ", outside what was tested (>=0.1,<0.2)\n" in done.stdout
    assert done.stderr.count("Warning:") == 1
    assert "is outside what was tested (>=0.1,<0.2)." in done.stderr
    assert "not-there: not installed" in done.stdout
    assert "  pytest: " not in done.stdout


@pytest.mark.usefixtures("shop")
def test_a_generator_that_cannot_be_opened_is_one_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPPORT_AGENT_GENERATOR", "openvino")
    monkeypatch.setenv("SUPPORT_AGENT_MODEL", "nonsense")
    done = CliRunner().invoke(app, ["doctor"])
    assert done.stderr.count("Broken:") == 1
