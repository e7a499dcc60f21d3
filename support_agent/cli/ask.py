"""``support-agent ask``: one question in, one reply out."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

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

if TYPE_CHECKING:
    from support_agent.records import Reply


def ask(
    text: Annotated[
        str,
        typer.Argument(
            help="The question, or - to read it from standard input; put -- before one that begins with a dash."
        ),
    ],
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
    """Answer one question, or hand it to a human and say why."""
    agent = load_agent(config, profile, index, generator, model, adapter, calibration, offline)
    question = _read_all() if text == "-" else text
    reply = agent.ask(question)
    if as_json:
        typer.echo(json.dumps(reply.to_dict(), ensure_ascii=False))
    else:
        print_reply(reply)


def _read_all() -> str:
    """Standard input to its end; nothing where it is closed."""
    return sys.stdin.buffer.read().decode("utf-8", "replace") if sys.stdin else ""


def print_reply(reply: Reply) -> None:
    """The customer's text on stdout; where it went, why, and from what on stderr."""
    typer.echo(reply.text)
    _print_notes(reply)


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
