"""``support-agent models``, invoked."""

import json

import pytest
from typer.testing import CliRunner

from support_agent.cli.models import models_app
from support_agent.errors import ModelFileError


@pytest.fixture
def invoke(cache):
    return lambda *words: CliRunner().invoke(models_app, words)


def test_lists_every_model_and_whether_it_is_here(invoke) -> None:
    result = invoke("list")
    assert "smollm2-135m-instruct" in result.stdout
    assert "98.4 MB" in result.stdout


def test_the_list_says_which_files_are_not_their_makers_own(invoke) -> None:
    shown = invoke("list").stdout
    assert "\nmultilingual-e5-small: e5-small-q4.e5s1 is intfloat/multilingual-e5-small in 4 bits" in shown
    models = {one["name"]: one for one in json.loads(invoke("list", "--json").stdout)["models"]}
    assert models["multilingual-e5-small-original"]["provenance"] is None


def test_lists_as_one_json_object(invoke) -> None:
    models = json.loads(invoke("list", "--json").stdout)["models"]
    assert models[0]["name"] == "smollm2-135m-instruct"
    assert models[0]["came_from"] is None


def test_path_names_the_command_that_fetches_a_missing_model(invoke) -> None:
    result = invoke("path", "all-minilm-l6-v2")
    assert isinstance(result.exception, ModelFileError)
    assert "support-agent models pull all-minilm-l6-v2" in str(result.exception)
    assert result.stdout == ""


def test_pull_offline_fetches_nothing(invoke, cache) -> None:
    assert isinstance(invoke("pull", "all-minilm-l6-v2", "--offline").exception, ModelFileError)
    assert not cache.exists()


def test_pull_obeys_the_offline_setting_of_the_environment(invoke, cache, monkeypatch) -> None:
    monkeypatch.setenv("SUPPORT_AGENT_OFFLINE", "true")
    assert isinstance(invoke("pull", "all-minilm-l6-v2").exception, ModelFileError)
    assert not cache.exists()


def test_pull_refuses_a_foreign_file_in_the_folder_given(invoke, tmp_path) -> None:
    (tmp_path / "SmolLM2-135M-Instruct.Q4_1.gguf").write_bytes(b"not the model")
    result = invoke("pull", "smollm2-135m-instruct", "--offline", "--from", str(tmp_path))
    assert "has sha256" in str(result.exception)


@pytest.mark.parametrize("words", [("pull",), ("path",), ("pull", "x", "--from", "nowhere")], ids=str)
def test_wrong_usage_exits_with_2(invoke, words) -> None:
    assert invoke(*words).exit_code == 2
