"""``support-agent chat``: a conversation at the terminal."""

from __future__ import annotations

import sys

import typer

from support_agent.cli.agent_options import AgentOptions, JsonOption, with_agent_options
from support_agent.cli.ask import show_reply

_TURNS_KEPT = 6


@with_agent_options()
def chat(as_json: JsonOption = False, options: AgentOptions = AgentOptions()) -> None:
    """Talk turn by turn; a follow-up keeps the subject of the turns before. End with an empty line or Ctrl-D."""
    from support_agent.records import Ticket, Turn

    agent = options.load_agent()
    typer.echo("Ask a question; an empty line ends the conversation.", err=True)
    history: list[Turn] = []
    while question := _read_line():
        # Not agent.stream: what the whole draft shows would come after its first sentences are out.
        reply = agent.ask(Ticket(question, history=tuple(history[-_TURNS_KEPT:])))
        show_reply(reply, as_json)
        history.append(Turn(question, reply.text, reply.route))


def _read_line() -> str:
    """One line of the customer's; empty at the end of the input."""
    if not sys.stdin:
        return ""
    if sys.stdin.isatty():
        typer.echo("\nyou> ", nl=False, err=True)
    return sys.stdin.buffer.readline().decode("utf-8", "replace").strip()
