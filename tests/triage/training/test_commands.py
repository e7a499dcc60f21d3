"""Commands that the package names can be run, and no split behind a figure is learnt from."""

import json
from pathlib import Path
from typing import Any

import pytest

from support_agent.artefacts import read_manifest
from support_agent.errors import ModelFileError
from support_agent.triage import frustration as frustration_signal
from support_agent.triage import learned_routes
from support_agent.triage.training import frustration, hard_routes
from support_agent.triage.training.command import parser
from support_agent.triage.training.frustration_rows import sources


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
        "training/bug_reports.toml",
    }


def test_the_shipped_model_does_not_claim_the_split_behind_its_figure() -> None:
    assert (
        "goemotions/test.tsv"
        not in read_manifest(frustration_signal.SHIPPED, ModelFileError, "", reads=None)["sources"]
    )


MAKERS = pytest.mark.parametrize(
    ("signal", "maker"),
    [(frustration_signal, frustration), (learned_routes, hard_routes)],
    ids=["frustration", "hard routes"],
)


@MAKERS
@pytest.mark.parametrize("options", ["", " --embedder NAME"], ids=["as it ships", "for another embedder"])
def test_the_command_that_a_message_names_is_complete(signal: Any, maker: Any, options: str) -> None:
    _, _, arguments = f"{signal.MADE_BY}{options}".partition(f"python -m {maker.__name__} ")

    assert parser("", signal.SHIPPED).parse_args(arguments.split()).data == Path("FOLDER")


@MAKERS
def test_a_manifest_says_the_command_that_made_it(signal: Any, maker: Any) -> None:
    assert json.loads((signal.SHIPPED / "manifest.json").read_text("utf-8"))["made_by"] == signal.MADE_BY
