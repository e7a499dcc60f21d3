"""The command line: parse → call → print. Answers go to stdout, everything else to stderr.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 some rows of a batch rejected, 130 stopped with Ctrl-C.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import Annotated

import typer

from support_agent.cli.ask import ask
from support_agent.cli.batch import batch
from support_agent.cli.chat import chat
from support_agent.cli.doctor import doctor
from support_agent.cli.index import index_app
from support_agent.cli.models import models_app
from support_agent.cli.settings import config_app
from support_agent.errors import SupportAgentError

app = typer.Typer(
    name="support-agent",
    help="Answers customers from a company's own knowledge, and knows when not to.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(ask)
app.command()(chat)
app.command()(batch)
app.command()(doctor)
app.add_typer(index_app, name="index")
app.add_typer(models_app, name="models")
app.add_typer(config_app, name="config")


@app.callback(invoke_without_command=True)
def options(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log each step, and tracebacks, to stderr.")] = False,
) -> None:
    """Options that stand before the command."""
    if version:
        from importlib.metadata import version as package_version

        typer.echo(f"support-agent {package_version('support-agent')}")
        raise typer.Exit
    level = logging.INFO if verbose else logging.CRITICAL
    handler = logging.StreamHandler(sys.stderr)
    # On the handler too: bm25s sets its own logger to DEBUG, which a level on the root alone does not stop.
    handler.setLevel(level)
    logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s", handlers=[handler])
    _quiet_libraries()


def main() -> None:
    """Run the command line; a foreseen error is one sentence on stderr, never a traceback."""
    try:
        app()
    except SupportAgentError as problem:
        typer.secho(f"Error: {problem}", err=True, fg=typer.colors.RED)
        sys.exit(1)
    except KeyboardInterrupt:
        typer.echo("Stopped.", err=True)
        sys.exit(130)
    except BrokenPipeError:
        # The reader of stdout has gone (`| head`): nothing is left to say, and Python must not try to flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _quiet_libraries() -> None:
    """Progress bars and advice of the libraries would mix with ours; our own say what is going on."""
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
