"""Commands of other packages: an entry point of the group ``support_agent.commands`` names a typer app.

It is loaded when its command is used or listed, so that no other command waits for it.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

import typer
from typer.core import TyperGroup

from support_agent.errors import ConfigError

ENTRY_POINTS = "support_agent.commands"


class CommandsWithRegistered(TyperGroup):
    """The commands of this package, then the registered ones by the names of their entry points."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Names in the order of the help page."""
        return [*super().list_commands(ctx), *sorted(entry_points(group=ENTRY_POINTS).names)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of a name, or None; one that cannot be loaded says so when it is run."""
        own = super().get_command(ctx, cmd_name)
        found = entry_points(group=ENTRY_POINTS, name=cmd_name)
        if own or not found:
            return own
        entry = next(iter(found))
        try:
            command = typer.main.get_group(entry.load())
        except Exception as problem:  # noqa: BLE001 - another's code; the other commands must be listed all the same
            what = f"{type(problem).__name__}: {problem}".rstrip(".")
            command = _broken(f"The command {cmd_name} cannot be loaded from {entry.value} ({what}).")
        command.name = cmd_name
        return command


def _broken(why: str) -> Any:
    """A command that is listed with what is wrong, and says so when it is run."""
    stub = typer.Typer(help=why, invoke_without_command=True, context_settings={"allow_extra_args": True})

    @stub.callback()
    def fail() -> None:
        raise ConfigError(f"{why} Install the package that brings it again.")

    return typer.main.get_group(stub)
