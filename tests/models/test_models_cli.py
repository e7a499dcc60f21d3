"""``support-agent models``, invoked."""

import json

import pytest
from typer.testing import CliRunner

from support_agent.cli.models import download_progress, models_app
from support_agent.errors import ModelFileError
from support_agent.models import Progress


@pytest.fixture
def invoke(cache):
    return lambda *words: CliRunner().invoke(models_app, words)


def test_lists_every_model_and_whether_it_is_here(invoke) -> None:
    result = invoke("list")
    assert "smollm2-135m-instruct" in result.stdout
    assert "98.4 MB" in result.stdout


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


def test_progress_off_a_terminal_is_one_line_for_each_file(capsys) -> None:
    with download_progress() as on_progress:
        on_progress(Progress("tiny", "weights.bin", 1, 1000, "hub owner/repo"))
        on_progress(Progress("tiny", "weights.bin", 1000, 1000, "hub owner/repo"))
        on_progress(Progress("tiny", "", 0, None, "hub owner/repo", "hub owner/repo is passed over"))
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "fetching weights.bin (1.0 kB) from hub owner/repo",
        "hub owner/repo is passed over",
    ]


def test_nothing_is_shown_when_nothing_is_fetched(capsys) -> None:
    with download_progress():
        pass
    assert capsys.readouterr() == ("", "")


def test_a_terminal_gets_a_bar(capsys, monkeypatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with download_progress() as on_progress:
        on_progress(Progress("tiny", "weights.bin", 1000, 1000, "hub owner/repo"))
    err = capsys.readouterr().err
    assert "weights.bin" in err
    assert "1.0/1.0 kB" in err
