"""``support-agent finetune``: parse → call → print."""

from __future__ import annotations

import typer

from support_agent.cli.finetune.arc import arc
from support_agent.cli.finetune.cross_fit import cross_fit
from support_agent.cli.finetune.fit import fit
from support_agent.cli.finetune.merge import merge
from support_agent.cli.finetune.run import recipes, run
from support_agent.cli.finetune.select import select

finetune_app = typer.Typer(no_args_is_help=True, help="Train, measure and merge adapters; what fits on which card.")
for command in (run, cross_fit, recipes, fit, select, arc, merge):
    finetune_app.command()(command)
