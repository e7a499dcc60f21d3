"""A golden set of five tickets and outcomes for it, made by hand."""

import json
from pathlib import Path

import pytest

from support_agent.evaluation.golden import GoldenSet, GoldenTicket, read_golden
from support_agent.evaluation.run import CheckedCitation, Outcome

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
        "words": {"draft": 0, "sent": 0},
    }
    return Outcome(id=ticket_id, route=route, **{**blank, **fields})  # type: ignore[arg-type]


@pytest.fixture
def golden(tmp_path: Path) -> GoldenSet:
    return read_golden(write_rows(tmp_path / "golden.jsonl", ROWS))


@pytest.fixture
def outcomes() -> list[Outcome]:
    """a answered rightly, b handed over with a right text held back, c answered, d asked back, e answered rightly."""
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
            "b", "human", confidence=0.4, text="A person will answer.", draft="It is free. x", held_text="It is free."
        ),
        make_outcome("c", "answer", confidence=0.6, text="Brazil.", draft="Brazil."),
        make_outcome("d", "clarify", text="What do you mean?"),
        make_outcome("e", "answer", confidence=0.9, text="No, by nobody.", draft="No, by nobody."),
    ]
