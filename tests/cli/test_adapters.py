"""``support-agent adapters`` and ``finetune merge``, invoked."""

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from safetensors.numpy import save_file
from typer.testing import CliRunner

from finetune.cli.merge import merge
from support_agent.artefacts import write_manifest
from support_agent.cli import app
from support_agent.errors import ConfigError, ModelFileError
from support_agent.generation.find_model import base_fingerprint
from support_agent.generation.prompt import prompt_version

FILES = ["adapter_config.json", "adapter_model.safetensors"]


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """An own adapter "mine" for base.gguf, and settings that use it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUPPORT_AGENT_ADAPTERS", str(tmp_path / "own"))
    monkeypatch.setenv("SUPPORT_AGENT_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("SUPPORT_AGENT_MODELS", raising=False)
    Path("base.gguf").write_bytes(b"weights")
    Path("support_agent.toml").write_text('model = "base.gguf"\nadapter = "mine"\n')
    folder = Path("own/mine")
    folder.mkdir(parents=True)
    (folder / FILES[0]).write_text('{"peft_type": "LORA"}')
    save_file({"a": np.zeros(3, dtype=np.float32)}, folder / FILES[1])
    facts = {"base": "base.gguf", "prompt_version": prompt_version(), "made": "2026-01-02T03:04:05+00:00"}
    write_manifest(folder, {**facts, "base_fingerprint": base_fingerprint("base.gguf", offline=True)}, FILES)
    return CliRunner()


def test_list_shows_name_base_prompt_and_which_is_in_use(runner: CliRunner) -> None:
    done = runner.invoke(app, ["adapters", "list"])
    row = next(line.split() for line in done.stdout.splitlines() if "mine" in line)
    assert row == ["*", "mine", "base.gguf", "today's", "own"]


def test_list_as_json(runner: CliRunner) -> None:
    listed = json.loads(runner.invoke(app, ["adapters", "list", "--json"]).stdout)
    row = next(row for row in listed["adapters"] if row["name"] == "mine")
    assert (listed["in_use"], row["in_use"], row["prompt_fits"], row["base"]) == ("mine", True, True, "base.gguf")


def test_path_prints_the_folder_alone(runner: CliRunner, tmp_path: Path) -> None:
    assert runner.invoke(app, ["adapters", "path", "mine"]).stdout == f"{tmp_path}/own/mine\n"


def test_check_holds_an_adapter_against_its_own_base(runner: CliRunner) -> None:
    done = runner.invoke(app, ["adapters", "check", "mine"])
    assert done.exit_code == 0, done.output
    assert "mine fits base.gguf" in done.stdout


def test_check_against_another_base_names_both(runner: CliRunner) -> None:
    Path("other.gguf").write_bytes(b"other weights")
    done = runner.invoke(app, ["adapters", "check", "mine", "--base", "other.gguf"])
    assert isinstance(done.exception, ConfigError)
    assert "made for base.gguf, not for the other.gguf" in str(done.exception)


def test_check_finds_a_changed_file(runner: CliRunner) -> None:
    Path("own/mine", FILES[0]).write_text('{"peft_type": "LoRA"}')
    assert isinstance(runner.invoke(app, ["adapters", "check", "mine"]).exception, ModelFileError)


def test_config_show_names_the_profile_a_setting_came_from(runner: CliRunner) -> None:
    done = runner.invoke(app, ["config", "show", "--json", "--profile", "llama2-7b"])
    shown = json.loads(done.stdout)
    assert shown["sources"]["generator"] == "profile llama2-7b"
    assert shown["settings"]["model"] == "base.gguf"  # the file stands above the profile


@pytest.mark.parametrize(
    "words", [("ask", "hi"), ("chat",), ("batch", "in.csv", "-o", "out.csv"), ("config", "show")], ids=lambda w: w[0]
)
def test_an_unknown_profile_is_one_sentence(runner: CliRunner, words: tuple[str, ...]) -> None:
    Path("in.csv").write_text("question\nHi\n")
    done = runner.invoke(app, [*words, "--profile", "nowhere"])
    assert isinstance(done.exception, ConfigError)
    assert "no profile 'nowhere'" in str(done.exception)


def test_the_adapter_option_switches(runner: CliRunner) -> None:
    done = runner.invoke(app, ["ask", "hi", "--adapter", "nowhere"])
    assert isinstance(done.exception, ConfigError)
    assert "There is no adapter 'nowhere'" in str(done.exception)


def test_merge_refuses_to_overwrite(runner: CliRunner) -> None:
    merging = typer.Typer()
    merging.command()(merge)
    done = runner.invoke(merging, ["mine", "-o", "base.gguf", "--format", "gguf"])
    assert isinstance(done.exception, ConfigError)
    assert "base.gguf is there already" in str(done.exception)


def test_merge_does_not_replace_its_own_base(runner: CliRunner) -> None:
    merging = typer.Typer()
    merging.command()(merge)
    done = runner.invoke(merging, ["mine", "-o", "base.gguf", "--format", "gguf", "--force"])
    assert isinstance(done.exception, (ConfigError, ModelFileError))
    assert Path("base.gguf").read_bytes() == b"weights"
