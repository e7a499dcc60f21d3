"""The command line: parse → call → print. Answers go to stdout, everything else to stderr.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 some rows of a batch rejected, 130 stopped with Ctrl-C.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import Annotated, Any

import typer

from support_agent.cli.adapters import adapters_app
from support_agent.cli.ask import ask
from support_agent.cli.batch import batch
from support_agent.cli.chat import chat
from support_agent.cli.doctor import doctor
from support_agent.cli.evaluate import eval_app
from support_agent.cli.index import index_app
from support_agent.cli.models import models_app
from support_agent.cli.promise import certify, learn, renew
from support_agent.cli.registered import CommandsWithRegistered
from support_agent.cli.settings import config_app
from support_agent.cli.signals import signals_app
from support_agent.errors import SupportAgentError

# Newer typers bring a click of their own, so that the class is taken from one that typer itself raises.
_USAGE_ERROR: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
# What typer returns when Ctrl-C ended a command that does not say so itself.
STOPPED = 130

app = typer.Typer(
    name="support-agent",
    cls=CommandsWithRegistered,
    help="Answers customers from a company's own knowledge, and knows when not to.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (ask, chat, batch, learn, certify, renew, doctor):
    app.command()(command)
app.command("calibrate", hidden=True)(certify)  # its name until now
for name, group in {
    "index": index_app,
    "models": models_app,
    "adapters": adapters_app,
    "signals": signals_app,
    "eval": eval_app,
    "config": config_app,
}.items():
    app.add_typer(group, name=name)


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
    _show_log(logging.INFO if verbose else logging.WARNING)
    _quiet_libraries()


def main() -> None:
    """Run the command line; a foreseen error is one sentence on stderr, never a traceback."""
    try:
        code = app(standalone_mode=False)
        if sys.stdout:
            sys.stdout.flush()
    except _USAGE_ERROR as problem:
        problem.show()
        code = problem.exit_code
    except SupportAgentError as problem:
        code = _fail(str(problem))
    except BrokenPipeError:
        # The reader of stdout has gone (`| head`): nothing is left to say, and Python must not try to flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except OSError as problem:
        code = _fail(f"{problem.filename or 'A file'} cannot be read or written: {problem.strerror or problem}.")
    if code == STOPPED:
        typer.echo("Stopped.", err=True)
    sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str) -> int:
    typer.secho(f"Error: {message}", err=True, fg=typer.colors.RED)
    return 1


def _show_log(level: int) -> None:
    """Our own warnings on stderr, one line each; with --verbose every step and traceback, and the libraries' too."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine("%(levelname)s: %(message)s") if level > logging.INFO else logging.Formatter())
    handler.setLevel(level)
    if level > logging.INFO:
        handler.addFilter(lambda record: record.name.split(".")[0] in {"support_agent", "finetune"})
    logging.basicConfig(level=level, handlers=[handler])


class _OneLine(logging.Formatter):
    """Leaves the traceback out; --verbose shows it."""

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the base class's name
        return f"{ei[0].__name__}: {ei[1]} (--verbose shows where)"


def _quiet_libraries() -> None:
    """Progress bars and advice of the libraries would mix with ours; our own say what is going on."""
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
