"""``support-agent doctor`` on the promise; what else it looks at is tested in test_cli.py."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from support_agent.cli import app
from support_agent.config import Config
from support_agent.evidence.calibration import Calibration, write_calibration
from support_agent.evidence.ladder import Look, Plan, Promise
from support_agent.evidence.opening import calibrated_parts, watch_over
from support_agent.evidence.store import FILE, open_store
from support_agent.gate.combiner import Combiner
from support_agent.generation.extractive import ExtractiveGenerator
from support_agent.retrieval import find_index
from support_agent.retrieval.folders import index_version


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An index of one row; the path at which the owner's promise for it is looked for."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUPPORT_AGENT_INDEXES", str(tmp_path / "indexes"))
    monkeypatch.setenv("SUPPORT_AGENT_CALIBRATIONS", str(tmp_path / "calibrations"))
    Path("rows.jsonl").write_text(json.dumps({"question": "How?", "answer": "So."}), "utf-8")
    Path("support_agent.toml").write_text('index = "shop"\ngenerator = "extractive"\nadapter = "none"\n', "utf-8")
    made = CliRunner().invoke(app, ["index", "build", "shop", "rows.jsonl", "--embedder", "hashing"])
    assert made.exit_code == 0, made.output
    return tmp_path / "calibrations" / "shop" / "extractive-smollm2_135m_instruct-none.json"


def calibration() -> Calibration:
    settings = Config(index="shop", generator="extractive")
    return Calibration(
        parts=calibrated_parts(index_version(find_index("shop")), ExtractiveGenerator(), settings),
        combiner=Combiner(("nearness",), (0.5,), (0.1,), (1.0,), 0.0),
        plan=Plan(Promise(), (0.5,), 0),
        look=Look(0, 0, 60, 1, 0.0175, True, 0.5, 100),
        upper=0.095,
        coverage=0.5,
        readers=("person",),
        reference_scores=(0.5,),
        languages=(),
        made="2026-01-01",
    )


def doctor() -> tuple[int, str]:
    done = CliRunner().invoke(app, ["doctor"])
    return done.exit_code, done.stdout


@pytest.mark.usefixtures("shop")
def test_that_nothing_is_proven_is_said_and_is_nothing_broken() -> None:
    code, said = doctor()
    assert code == 0
    assert (
        "auto: every ticket goes to a human, with a suggestion. Nothing is proven for this knowledge base yet" in said
    )
    assert said.endswith("Nothing is broken, but every ticket goes to a human, with a suggestion.\n")


def test_its_hints_carry_the_settings_file_that_was_named(shop: Path) -> None:
    settings = Path("other file.toml")
    settings.write_bytes(Path("support_agent.toml").read_bytes())
    said = CliRunner().invoke(app, ["doctor", "--config", str(settings)]).stdout
    assert "`support-agent certify --tickets past.csv --config 'other file.toml'` says what to read" in said
    write_calibration(shop, calibration())
    watch_over(calibration(), open_store(shop.parent)).check([True] * 30)
    said = CliRunner().invoke(app, ["doctor", "--config", str(settings)]).stdout
    assert "`support-agent certify --config 'other file.toml'` says what to read" in said


def test_the_promise_in_force_is_said_and_what_its_watch_has_seen(shop: Path) -> None:
    write_calibration(shop, calibration())
    code, said = doctor()
    assert code == 0
    assert "at most 10 % of the answers wrong, with 95 % confidence" in said
    assert "of 60 such answers that people read, 1 was wrong" in said
    assert "Nothing speaks against the promise (0 different tickets seen" in said
    assert said.endswith("Nothing is broken.\n")


def test_a_promise_that_was_withdrawn_is_said(shop: Path) -> None:
    write_calibration(shop, calibration())
    watch_over(calibration(), open_store(shop.parent)).check([True] * 30)
    code, said = doctor()
    assert code == 0
    assert "The promise was withdrawn: " in said
    assert said.endswith("Nothing is broken, but every ticket goes to a human, with a suggestion.\n")


def test_a_promise_for_another_part_waits_for_its_renewal(shop: Path) -> None:
    made = calibration()
    write_calibration(shop, replace(made, parts={**made.parts, "index": "abc"}))
    said = doctor()[1]
    assert "auto: every ticket goes to a human, with a suggestion. The promise was made with the index abc, not" in said
    assert "`support-agent renew`" in said


def test_a_promise_that_the_settings_name_and_nobody_can_read_is_broken(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUPPORT_AGENT_CALIBRATION", str(shop))
    code, said = doctor()
    assert code == 1
    assert "broken: There is no calibration at" in said


def test_a_damaged_evidence_file_is_one_problem(shop: Path) -> None:
    write_calibration(shop, calibration())
    (shop.parent / FILE).write_bytes(b"no database" * 1000)
    code, said = doctor()
    assert code == 1
    assert f"{FILE} is damaged or not a file of this program" in said


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
