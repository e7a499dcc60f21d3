"""``support-agent finetune``: parse → call → print."""

from __future__ import annotations

import typer

from finetune.cli.arc import arc
from finetune.cli.fit import fit
from finetune.cli.merge import merge
from finetune.cli.run import recipes, run
from finetune.cli.select import select

finetune_app = typer.Typer(no_args_is_help=True, help="Train, measure and merge adapters; what fits on which card.")
for command in (run, recipes, fit, select, arc, merge):
    finetune_app.command()(command)
