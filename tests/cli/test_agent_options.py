import inspect
from dataclasses import fields
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from support_agent.cli.agent_options import AgentOptions, JsonOption, with_agent_options

NAMES = [field.name for field in fields(AgentOptions)]


def taken(without: list[str], *arguments: str) -> AgentOptions:
    """What a command is called with."""
    found: list[AgentOptions] = []
    app = typer.Typer()

    @app.command()
    @with_agent_options(without=without)
    def command(text: str, options: AgentOptions, as_json: JsonOption = False) -> None:
        found.append(options)

    done = CliRunner().invoke(app, ["hi", *arguments])
    assert done.exit_code == 0, done.output
    return found[0]


def test_a_command_gets_what_was_given_and_none_for_the_rest() -> None:
    assert taken([], "-i", "shop", "--model", "m", "-c", "a.toml") == AgentOptions(
        Path("a.toml"), index="shop", model="m"
    )


def test_the_options_stand_where_the_command_takes_them() -> None:
    @with_agent_options()
    def command(text: str, options: AgentOptions, as_json: JsonOption = False) -> None:
        """Do it."""

    assert list(inspect.signature(command).parameters) == ["text", *NAMES, "as_json"]
    assert command.__doc__ == "Do it."


def test_an_option_that_is_left_out_is_no_option() -> None:
    assert taken(["calibration"], "--json").calibration is None
    with pytest.raises(AssertionError, match="calibration"):
        taken(["calibration"], "--calibration", "none")


def test_given_options_win_over_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUPPORT_AGENT_INDEX", "other")
    monkeypatch.setenv("SUPPORT_AGENT_OFFLINE", "true")
    settings = AgentOptions(index="shop", profile="llama2-7b").settings()
    assert (settings.index, settings.generator, settings.offline) == ("shop", "transformers", True)
