import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from support_agent.cli import app

from .conftest import write_rows

PAIRS = [
    {"question": "How do I get an API key?", "answer": "Open the API tab at app.example.com. Keep the key secret."},
    {"question": "What is the Enterprise plan?", "answer": "The Enterprise plan is for large teams."},
]
GOLDEN = [
    {
        "id": "key",
        "question": PAIRS[0]["question"],
        "reference": PAIRS[0]["answer"],
        "answerable": True,
        "tags": ["own"],
    },
    {
        "id": "plan",
        "question": PAIRS[1]["question"],
        "reference": PAIRS[1]["answer"],
        "answerable": True,
        "tags": ["own"],
    },
    {"id": "pizza", "question": "Which pizza is best in Naples?", "answerable": False, "tags": ["far"]},
]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """A folder with an index of two rows, a golden set of three tickets, and settings that use no model."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUPPORT_AGENT_INDEXES", str(tmp_path / "indexes"))
    Path("rows.jsonl").write_text("\n".join(json.dumps(row) for row in PAIRS))
    Path("support_agent.toml").write_text(
        'index = "shop"\ngenerator = "extractive"\nmin_retrieval_score = 0.2\npassages = 2\ncalibration = "none"\n'
    )
    write_rows(tmp_path / "golden.jsonl", GOLDEN)
    runner = CliRunner()
    made = runner.invoke(app, ["index", "build", "shop", "rows.jsonl", "--embedder", "hashing"])
    assert made.exit_code == 0, made.output
    return runner


def test_run_scores_writes_a_folder_and_a_page(shop: CliRunner) -> None:
    done = shop.invoke(app, ["eval", "run", "golden.jsonl", "-o", "out", "--report", "out.html", "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["overall"]["scores"]["right"] == {"value": 1.0, "low": 1.0, "high": 1.0, "n": 3}
    assert found["overall"]["scores"]["citation_precision"]["value"] == 1.0
    assert sorted(path.name for path in Path("out").iterdir()) == [
        "golden.jsonl",
        "manifest.json",
        "outcomes.jsonl",
        "scores.json",
    ]
    assert Path("out.html").read_text("utf-8").startswith("<!doctype html>")


def test_two_runs_of_one_agent_are_no_change(shop: CliRunner) -> None:
    for name in ("first", "second"):
        assert shop.invoke(app, ["eval", "run", "golden.jsonl", "-o", name]).exit_code == 0
    done = shop.invoke(app, ["eval", "compare", "first", "second"])
    assert done.exit_code == 0
    assert "0 differ beyond chance; 0 tickets went another way." in done.stdout


@pytest.mark.parametrize(("slice_name", "code"), [("own", 1), ("far", 0)], ids=["worse", "not worse"])
def test_compare_ends_with_one_for_a_named_slice_that_is_worse(shop: CliRunner, slice_name: str, code: int) -> None:
    write_rows(Path("bikes.jsonl"), [{"question": "Do you mend tyres?", "answer": "Yes, every Monday."}])
    assert shop.invoke(app, ["index", "build", "bikes", "bikes.jsonl", "--embedder", "hashing"]).exit_code == 0
    assert shop.invoke(app, ["eval", "run", "golden.jsonl", "-o", "first"]).exit_code == 0
    assert shop.invoke(app, ["eval", "run", "golden.jsonl", "-o", "second", "-i", "bikes"]).exit_code == 0
    done = shop.invoke(app, ["eval", "compare", "first", "second", "--slice", slice_name])
    assert done.exit_code == code
    assert "key: answer (right) → human (wrong)" in done.stdout


def test_labels_change_what_is_right_without_asking_again(shop: CliRunner) -> None:
    assert shop.invoke(app, ["eval", "run", "golden.jsonl", "-o", "out"]).exit_code == 0
    Path("labels.jsonl").write_text('{"id": "key", "right": false}\n{"id": "plan", "right": false}\n')
    done = shop.invoke(app, ["eval", "score", "out", "--labels", "labels.jsonl", "--json"])
    assert json.loads(done.stdout)["overall"]["scores"]["right"]["value"] == pytest.approx(1 / 3, abs=1e-6)


def test_a_foreign_folder_is_refused_before_any_ticket_is_asked(shop: CliRunner) -> None:
    Path("out").mkdir()
    Path("out/thesis.txt").touch()
    done = shop.invoke(app, ["eval", "run", "golden.jsonl", "-o", "out"])
    assert done.exit_code == 1
    assert "which is no part of a result" in str(done.exception)


def test_audit_prints_its_comparisons_and_writes_a_page(shop: CliRunner) -> None:
    done = shop.invoke(app, ["eval", "audit", "golden.jsonl", "--report", "audit.html", "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["tickets"] == 2
    assert {effect["family"] for effect in found["effects"]} == {"names", "tone", "dialect", "typing"}
    assert Path("audit.html").is_file()
