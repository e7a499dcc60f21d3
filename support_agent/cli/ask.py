"""``support-agent ask``: one question in, one reply out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from support_agent.cli.agent_options import AgentOptions, JsonOption, with_agent_options
from support_agent.cli.printing import print_json

if TYPE_CHECKING:
    from support_agent.records import Reply


@with_agent_options()
def ask(
    text: Annotated[
        str,
        typer.Argument(
            help="The question, or - to read it from standard input; put -- before one that begins with a dash."
        ),
    ],
    as_json: JsonOption = False,
    options: AgentOptions = AgentOptions(),
) -> None:
    """Answer one question, or hand it to a human and say why."""
    agent = options.load_agent()
    show_reply(agent.ask(_read_all() if text == "-" else text), as_json)


def _read_all() -> str:
    """Standard input to its end; nothing where it is closed."""
    return sys.stdin.buffer.read().decode("utf-8", "replace") if sys.stdin else ""


def show_reply(reply: Reply, as_json: bool) -> None:
    """The customer's text on stdout; where it went, why, and from what on stderr."""
    if as_json:
        print_json(reply.to_dict())
        return
    typer.echo(reply.as_sent)
    _print_notes(reply)
    if reply.suggestion:
        _print_suggestion(reply)


def _print_notes(reply: Reply) -> None:
    """Route, confidence, reasons and citations, for the person at the terminal."""
    from rich.console import Console

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(f"\n[dim]route {reply.route} · confidence {reply.confidence:.2f} · language {reply.language}[/dim]")
    for reason in reply.reasons:
        console.print(f"[dim]- {reason.staff} ({reason})[/dim]")
    for citation in reply.citations:
        console.print(f"[dim]\\[{citation.passage_id}] {citation.score:.2f} ", end="", style="dim")
        console.print(citation.quote, markup=False, style="dim")


def _print_suggestion(reply: Reply) -> None:
    """What a person may send, plainly marked as not sent, and what it rests on."""
    from rich.console import Console

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print("\n[bold yellow]NOT SENT[/bold yellow] – a suggestion for the person who takes over:")
    console.print(reply.suggestion, markup=False)
    for passage in reply.evidence:
        console.print(f"\n[dim]\\[{passage.passage_id}] {passage.score:.2f}[/dim] ", end="")
        console.print(passage.title, markup=False, style="bold dim")
        console.print(passage.text, markup=False, style="dim")
