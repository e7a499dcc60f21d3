"""``support-agent chat``: a conversation at the terminal."""

from __future__ import annotations

import json
import sys

import typer

from support_agent.cli.ask import print_reply
from support_agent.cli.loading import (
    AdapterOption,
    CalibrationOption,
    ConfigOption,
    GeneratorOption,
    IndexOption,
    JsonOption,
    ModelOption,
    OfflineOption,
    ProfileOption,
    load_agent,
)

_TURNS_KEPT = 6


def chat(
    as_json: JsonOption = False,
    config: ConfigOption = None,
    profile: ProfileOption = None,
    index: IndexOption = None,
    generator: GeneratorOption = None,
    model: ModelOption = None,
    adapter: AdapterOption = None,
    calibration: CalibrationOption = None,
    offline: OfflineOption = None,
) -> None:
    """Talk turn by turn; a follow-up keeps the subject of the turns before. End with an empty line or Ctrl-D."""
    from support_agent.records import Ticket, Turn

    agent = load_agent(config, profile, index, generator, model, adapter, calibration, offline)
    typer.echo("Ask a question; an empty line ends the conversation.", err=True)
    history: list[Turn] = []
    while question := _read_line():
        # Not agent.stream: what the whole draft shows would come after its first sentences are out.
        reply = agent.ask(Ticket(question, history=tuple(history[-_TURNS_KEPT:])))
        if as_json:
            typer.echo(json.dumps(reply.to_dict(), ensure_ascii=False))
        else:
            print_reply(reply)
        history.append(Turn(question, reply.text, reply.route))


def _read_line() -> str:
    """One line of the customer's; empty at the end of the input."""
    if not sys.stdin:
        return ""
    if sys.stdin.isatty():
        typer.echo("\nyou> ", nl=False, err=True)
    return sys.stdin.buffer.readline().decode("utf-8", "replace").strip()
