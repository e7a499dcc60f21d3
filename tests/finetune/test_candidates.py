import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from finetune.candidates import Candidate, candidates, config_of, size_row
from finetune.cli.sizes import fit, select
from finetune.memory import GIB
from support_agent.errors import ModelFileError

KNOWN = {candidate.name: candidate for candidate in candidates()}
PARAMETERS = {
    "GPT-3": 174_604_259_328,
    "GPT-NeoX-20B": 20_554_567_680,
    "Llama-2-13B": 13_015_864_320,
    "Llama-2-7B": 6_738_415_616,
    "SmolLM2-1.7B-Instruct": 1_711_376_384,
    "SmolLM2-360M-Instruct": 361_821_120,
    "BERT-large": 335_174_458,
    "SmolLM2-135M-Instruct": 134_515_008,
    "BERT-base": 109_514_298,
}


@pytest.mark.parametrize(("name", "parameters"), PARAMETERS.items())
def test_a_candidates_configuration_has_its_parameters(name: str, parameters: int) -> None:
    assert size_row(KNOWN[name], 12 * GIB).parameters == parameters


def test_there_are_no_other_candidates() -> None:
    assert set(KNOWN) == set(PARAMETERS)


@pytest.mark.parametrize("candidate", KNOWN.values(), ids=KNOWN)
def test_every_published_score_names_its_source(candidate: Candidate) -> None:
    for score in candidate.published:
        assert score.shots
        assert score.url.startswith("https://") or "measured for this package: finetune arc" in score.source


@pytest.mark.parametrize(
    ("name", "gib", "verdict"),
    [
        ("Llama-2-7B", 12, "in 4 bit"),
        ("Llama-2-7B", 24, "yes"),
        ("Llama-2-7B", 4, "no"),
        ("Llama-2-7B", 5, "to serve"),
        ("GPT-3", 1000, "API only"),
    ],
)
def test_says_whether_a_card_bears_it(name: str, gib: int, verdict: str) -> None:
    assert size_row(KNOWN[name], gib * GIB).verdict == verdict


def test_bert_writes_no_text() -> None:
    assert [name for name, candidate in KNOWN.items() if not size_row(candidate, GIB).writes_text] == [
        "BERT-large",
        "BERT-base",
    ]


@pytest.mark.parametrize("name", ["Llama-2-7B", "llama-2-7b", "meta-llama/Llama-2-7b-hf"])
def test_a_candidates_configuration_needs_no_file(name: str) -> None:
    assert config_of(name, offline=True).hidden_size == 4096


def test_says_that_a_base_has_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="has no configuration that can be read"):
        config_of(str(tmp_path), offline=True)


# --- the commands ----------------------------------------------------------------------------------------------------

app = typer.Typer()
app.command()(fit)
app.command()(select)


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def _run(*arguments: str) -> str:
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_select_shows_sizes_and_scores() -> None:
    shown = _run("select", "--vram-gb", "12")
    assert next(line for line in shown.splitlines() if line.startswith("Llama-2-7B ")).rstrip().endswith("in 4 bit")
    assert "46.2" in shown
    assert "…" not in shown


def test_select_prints_json() -> None:
    rows = json.loads(_run("select", "--json"))
    assert {row["name"] for row in rows["sizes"]} == {row["name"] for row in rows["scores"]} == set(PARAMETERS)


def test_fit_shows_what_a_recipe_needs() -> None:
    shown = _run("fit", "--recipe", "smollm2-cpu", "--model", "llama-2-7b", "--vram-gb", "12")
    assert "4,194,304 of 6,742,609,920 parameters trained (0.0622%)" in shown
    assert "That does not fit. It fits with" in shown


def test_fit_prints_json() -> None:
    shown = json.loads(_run("fit", "-r", "smollm2-cpu", "-m", "SmolLM2-135M-Instruct", "--vram-gb", "2", "--json"))
    assert {(cell["tokens"], cell["batch_size"]): cell["fits"] for cell in shown["cells"]} == {
        (tokens, size): tokens * size <= 1024 for tokens in (256, 512, 1024, 2048, 4096) for size in (1, 2, 4, 8, 16)
    }
