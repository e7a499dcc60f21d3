"""A golden set of five tickets and outcomes for it, made by hand."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from support_agent.cli import app
from support_agent.evaluation.golden import GoldenSet, GoldenTicket, read_golden
from support_agent.evaluation.judging import AnswerJudge
from support_agent.evaluation.results import write_result
from support_agent.evaluation.run import CheckedCitation, Outcome
from support_agent.evaluation.scores import score

ROWS = [
    {
        "id": "a",
        "question": "Where is it?",
        "reference": "In Palo Alto.",
        "answerable": True,
        "relevant_ids": ["p:1"],
        "tags": ["own"],
    },
    {"id": "b", "question": "What does it cost?", "reference": "It is free.", "answerable": True, "tags": ["own"]},
    {"id": "c", "question": "Who won the cup?", "answerable": False, "tags": ["far"]},
    {"id": "d", "question": "I want to die", "answerable": False, "route": "human", "tags": ["danger"]},
    {"id": "e", "question": "Is it owned by X?", "answerable": False, "reference": "No, by nobody.", "tags": ["trap"]},
]


FACTS = {"set": "golden", "versions": {"index": "i", "support_agent": "0"}}

PAIRS = [
    {"question": "How do I get an API key?", "answer": "Open the API tab at app.example.com. Keep the key secret."},
    {"question": "What is the Enterprise plan?", "answer": "The Enterprise plan is for large teams."},
]
SHOP_GOLDEN = [
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


def write_rows(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def make_golden(tickets: list[GoldenTicket]) -> GoldenSet:
    return GoldenSet("made", "0" * 64, tuple(tickets))


def make_outcome(ticket_id: str, route: str = "human", **fields: object) -> Outcome:
    blank: dict[str, object] = {
        "confidence": 0.0,
        "text": "",
        "reasons": (),
        "citations": (),
        "evidence": (),
        "signals": {},
        "fired": (),
        "language": "en",
        "draft": "",
        "timings_ms": {"total": 1.0},
    }
    return Outcome(id=ticket_id, route=route, **{**blank, **fields})  # type: ignore[arg-type]


@pytest.fixture
def golden(tmp_path: Path) -> GoldenSet:
    return read_golden(write_rows(tmp_path / "golden.jsonl", ROWS))


@pytest.fixture
def outcomes() -> list[Outcome]:
    """a answered rightly, b handed over with a right suggestion, c answered, d asked back, e answered rightly."""
    cited = (CheckedCitation("p:1", 1.0, "In Palo Alto.", True), CheckedCitation("p:2", 0.5, "No.", True))
    return [
        make_outcome(
            "a",
            "answer",
            confidence=0.9,
            text="In Palo Alto.",
            draft="In Palo Alto.",
            citations=cited,
            evidence=("p:2", "p:1", "p:3"),
        ),
        make_outcome(
            "b", "human", confidence=0.4, text="A person will answer.", draft="It is free. x", suggestion="It is free."
        ),
        make_outcome("c", "answer", confidence=0.6, text="Brazil.", draft="Brazil."),
        make_outcome("d", "clarify", text="What do you mean?"),
        make_outcome("e", "answer", confidence=0.9, text="No, by nobody.", draft="No, by nobody."),
    ]


@pytest.fixture
def folder(tmp_path: Path, golden: GoldenSet, outcomes: list[Outcome]) -> Path:
    source = write_rows(tmp_path / "source.jsonl", ROWS)
    write_result(tmp_path / "run", source.read_bytes(), outcomes, score(golden, outcomes, AnswerJudge()), FACTS)
    return tmp_path / "run"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """A folder with an index of two rows, a golden set of three tickets, and settings that use no model."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUPPORT_AGENT_INDEXES", str(tmp_path / "indexes"))
    monkeypatch.setenv("SUPPORT_AGENT_CALIBRATIONS", str(tmp_path / "calibrations"))
    Path("rows.jsonl").write_text("\n".join(json.dumps(row) for row in PAIRS))
    Path("support_agent.toml").write_text(
        'index = "shop"\ngenerator = "extractive"\nmin_retrieval_score = 0.2\npassages = 2\ncalibration = "none"\n'
    )
    write_rows(tmp_path / "golden.jsonl", SHOP_GOLDEN)
    runner = CliRunner()
    made = runner.invoke(app, ["index", "build", "shop", "rows.jsonl", "--embedder", "hashing"])
    assert made.exit_code == 0, made.output
    return runner
