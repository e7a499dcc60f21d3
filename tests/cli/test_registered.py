"""Commands that other packages register by an entry point."""

import subprocess
import sys
from importlib.metadata import EntryPoint, EntryPoints
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from support_agent.cli import app
from support_agent.cli.registered import ENTRY_POINTS
from support_agent.errors import ConfigError

shop = typer.Typer(help="Look after the shop.")


@shop.callback()
def about() -> None:
    """Look after the shop."""


@shop.command()
def sweep() -> None:
    """Sweep the floor."""
    typer.echo("swept")


@pytest.fixture(autouse=True)
def two_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    """One brings the command shop; the module of the other's is not there."""
    here = sys.modules[__name__]
    monkeypatch.setitem(sys.modules, "shop_of_somebody_else", here)
    entries = EntryPoints(
        [
            EntryPoint("shop", "shop_of_somebody_else:shop", ENTRY_POINTS),
            EntryPoint("broken", "no_such_module:app", ENTRY_POINTS),
        ]
    )

    def found(**wanted: Any) -> EntryPoints:
        return entries.select(**wanted)

    monkeypatch.setattr("support_agent.cli.registered.entry_points", found)


def test_a_registered_command_runs_like_one_of_ours() -> None:
    done = CliRunner().invoke(app, ["shop", "sweep"])
    assert (done.exit_code, done.stdout) == (0, "swept\n")


def test_a_command_whose_package_is_damaged_is_one_sentence() -> None:
    done = CliRunner().invoke(app, ["broken"])
    assert isinstance(done.exception, ConfigError)
    assert "cannot be loaded from no_such_module:app" in str(done.exception)


def test_a_damaged_package_does_not_stop_other_commands() -> None:
    assert CliRunner().invoke(app, ["index", "--help"]).exit_code == 0


def test_an_unknown_command_is_wrong_usage() -> None:
    assert CliRunner().invoke(app, ["nonesuch"]).exit_code == 2


def test_other_commands_do_not_load_finetune() -> None:
    code = (
        "import sys\nfrom support_agent.cli import app\n"
        "try: app(['ask', '--help'])\nexcept SystemExit: pass\n"
        "print('loaded:', 'finetune' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "loaded: False" in done.stdout
