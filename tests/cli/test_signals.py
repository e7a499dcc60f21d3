"""``signals retrain`` writes a folder that triage finds, and names the indexes of other embedders."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from support_agent.cli import app
from support_agent.retrieval import HashingEmbedder
from support_agent.triage.learned_routes import ROUTES, heads_for
from support_agent.triage.signal_folders import folder_name
from support_agent.triage.training import retraining
from support_agent.triage.training.rows import FRUSTRATED, HARMLESS, PublicRow, Row

# Words of its own for each text: near-duplicates would share a fold.
NUMBERS = range(8)
ROWS = [
    *(
        Row(f"{route} {route}a{number} {route}b{number}", route, "tickets")
        for route in (*ROUTES, FRUSTRATED)
        for number in NUMBERS
    ),
    *(Row(f"question export{number} table{number}", HARMLESS, "near misses") for number in NUMBERS),
]
COMMENTS = [
    PublicRow("goemotions", label, f"{label} {label}c{number} {label}d{number}")
    for label in ("upset", "other")
    for number in NUMBERS
]


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SUPPORT_AGENT_SIGNALS", str(tmp_path))
    monkeypatch.setattr(retraining, "default_root", lambda: tmp_path)
    monkeypatch.setattr(retraining, "ticket_rows", lambda: ROWS)
    monkeypatch.setattr(retraining, "comment_rows", lambda: COMMENTS)
    return tmp_path


def test_makes_models_that_triage_finds_and_names_indexes_of_other_embedders(own: Path) -> None:
    result = CliRunner().invoke(app, ["signals", "retrain", "--embedder", "hashing", "--json"])

    made = json.loads(result.stdout)
    assert result.exit_code == 0
    assert made["folder"] == str(own / folder_name("hashing", HashingEmbedder.fingerprint))
    assert "lamini_docs" in made["indexes_of_other_embedders"]
    heads = heads_for(HashingEmbedder.fingerprint)
    assert heads is not None
    assert heads.routes == ROUTES


def test_the_manifest_says_from_what_and_how_they_were_made(own: Path) -> None:
    CliRunner().invoke(app, ["signals", "retrain", "--embedder", "hashing", "--output", str(own / "here")])

    manifest = json.loads((own / "here" / "manifest.json").read_text("utf-8"))
    assert manifest["made_by"] == "support-agent signals retrain --embedder hashing"
    assert "GoEmotions" in manifest["licences"]
    assert set(manifest["files"]) == {"hard_routes.safetensors", "frustration.safetensors"}
    assert "data/tickets.jsonl" in manifest["sources"]


def test_the_same_texts_give_the_same_bytes(own: Path) -> None:
    for name in ("one", "two"):
        CliRunner().invoke(app, ["signals", "retrain", "--embedder", "hashing", "--output", str(own / name)])

    one, two = ({file.name: file.read_bytes() for file in (own / name).iterdir()} for name in ("one", "two"))
    assert one == two
