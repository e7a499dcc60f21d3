"""The reference of every command: ``python -m support_agent.cli.reference > support_agent/cli/README.md``."""

from __future__ import annotations

import re
import sys

import typer.main
from typer.cli import get_docs_for_click

from support_agent.cli import app

_PROGRAM = "support-agent"
# Their help depends on the shell in which the page is made.
_DEPENDS_ON_SHELL = ("* `--install-completion", "* `--show-completion")


def reference() -> str:
    """Every command with its arguments, options and defaults, as Markdown; the same at any width of the terminal."""
    group = typer.main.get_command(app)
    context = typer.Context(group, **group.context_settings)
    page = get_docs_for_click(obj=group, ctx=context, name=_PROGRAM)
    # A group lists its commands with help that is cut short; each command's own follows.
    page = re.sub(r"^(\* `[a-z][a-z-]*`): .*$", r"\1", page, flags=re.MULTILINE)
    lines = [_escaped(line) for line in page.splitlines() if not line.startswith(_DEPENDS_ON_SHELL)]
    return "\n".join(lines).strip() + "\n"


def _escaped(line: str) -> str:
    """An angle bracket in a help text is no tag."""
    code, sign, text = line.partition("`: ")
    return code + sign + text.replace("<", "&lt;")


if __name__ == "__main__":
    sys.stdout.write(reference())
