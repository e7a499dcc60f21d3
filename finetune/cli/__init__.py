"""``support-agent finetune``, which the entry point in pyproject.toml adds to the command line."""

from __future__ import annotations

import typer

from finetune.cli.arc import arc
from finetune.cli.merge import merge
from finetune.cli.run import recipes, run
from finetune.cli.sizes import fit, select

app = typer.Typer(no_args_is_help=True, help="Train, measure and merge adapters; what fits on which card.")
for command in (run, recipes, fit, select, arc, merge):
    app.command()(command)
