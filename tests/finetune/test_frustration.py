"""Commands that the package names can be run, no split behind a figure is learnt from, and the cache keeps vectors."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from finetune import frustration, hard_routes
from finetune.frustration_rows import sources
from support_agent.artefacts import read_manifest
from support_agent.errors import ModelFileError
from support_agent.triage import frustration as frustration_signal
from support_agent.triage import learned_routes


@pytest.fixture
def data(tmp_path: Path) -> Path:
    files = ["goemotions/train.tsv", "goemotions/dev.tsv", "clinc150/data_full.json", "natcs_dstc11/some.jsonl"]
    for file in files:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text("x")
    return tmp_path


def test_a_model_s_sources_are_the_files_that_it_is_made_from(data: Path) -> None:
    named = set(sources(data))

    assert named == {
        "goemotions/train.tsv",
        "goemotions/dev.tsv",
        "clinc150/data_full.json",
        "natcs_dstc11/some.jsonl",
        "lamini_docs/train.jsonl",
    }


def test_the_shipped_model_does_not_claim_the_split_behind_its_figure() -> None:
    assert "goemotions/test.tsv" not in read_manifest(frustration_signal.SHIPPED, ModelFileError, "")["sources"]


@pytest.mark.parametrize("module", [frustration, hard_routes], ids=["frustration", "hard routes"])
@pytest.mark.parametrize("options", ["", " --embedder NAME"], ids=["as it ships", "for another embedder"])
def test_the_command_that_makes_a_model_is_complete(module: Any, options: str) -> None:
    _, _, arguments = f"{module.COMMAND}{options}".partition(f"python -m {module.__name__} ")

    assert module.parser().parse_args(arguments.split()).data == Path("FOLDER")


@pytest.mark.parametrize(
    ("module", "made_with"),
    [(frustration_signal, frustration), (learned_routes, hard_routes)],
    ids=["frustration", "hard routes"],
)
def test_every_command_in_a_message_is_complete(module: Any, made_with: Any) -> None:
    source = " ".join(Path(module.__file__).read_text("utf-8").split())

    named = set(re.findall(r"`(python -m finetune[^`]*)`", source))

    assert named == {made_with.COMMAND, f"{made_with.COMMAND} --embedder NAME"}


@pytest.mark.parametrize(
    ("folder", "command"),
    [(frustration_signal.SHIPPED, frustration.COMMAND), (learned_routes.SHIPPED, hard_routes.COMMAND)],
    ids=["frustration", "hard routes"],
)
def test_a_manifest_says_the_command_that_made_it(folder: Path, command: str) -> None:
    assert json.loads((folder / "manifest.json").read_text("utf-8"))["made_by"] == command


def test_vectors_are_kept_in_the_cache_when_no_folder_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SUPPORT_AGENT_CACHE", str(tmp_path))

    assert frustration.vectors_folder().parent == tmp_path
