"""``support-agent finetune fit``: which batch and length a card bears, and what the memory goes to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from support_agent.cli.agent_options import JsonOption, OfflineOption
from support_agent.cli.finetune.select import VramOption

if TYPE_CHECKING:
    from rich.table import Table

    from finetune.memory import Memory, Plan

BATCHES = (1, 2, 4, 8, 16)
LENGTHS = (256, 512, 1024, 2048, 4096)
Grid = dict[int, dict[int, "Memory"]]


def fit(
    vram_gb: VramOption = 12.0,
    recipe: Annotated[str, typer.Option("--recipe", "-r", help="Recipe whose settings count.")] = "llama2-7b-12gb",
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="Another base: a name that `finetune select` shows, or a model.")
    ] = None,
    offline: OfflineOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the memory that training needs, for each batch size and length, and whether the card has it."""
    from finetune.candidates import config_of
    from finetune.memory import plan_of
    from finetune.recipe import load_recipe
    from support_agent.config import load_config

    chosen = load_recipe(recipe, {"base": model} if model else None)
    plan = plan_of(chosen, config_of(chosen.base, offline=load_config(offline=offline or None).config.offline))
    grid = _grid(plan)
    if as_json:
        typer.echo(json.dumps(_as_json(chosen.base, plan, grid, vram_gb)))
    else:
        _print(chosen.base, recipe, plan, grid, vram_gb)


def _grid(plan: Plan) -> Grid:
    from dataclasses import replace

    from finetune.memory import training_memory

    lengths = [tokens for tokens in LENGTHS if tokens <= plan.shape.context] or [plan.shape.context]
    return {
        tokens: {size: training_memory(replace(plan, tokens=tokens, batch_size=size)) for size in BATCHES}
        for tokens in lengths
    }


def _as_json(base: str, plan: Plan, grid: Grid, vram_gb: float) -> dict[str, Any]:
    from finetune.memory import GIB, training_memory
    from finetune.size import adapter_parameters

    cells = [
        {"tokens": tokens, "batch_size": size, "fits": memory.total <= vram_gb * GIB, **memory.to_dict()}
        for tokens, row in grid.items()
        for size, memory in row.items()
    ]
    return {
        "base": base,
        "vram_gib": vram_gb,
        "parameters": plan.shape.parameters,
        "trained": adapter_parameters(plan.shape, plan.targets, plan.rank),
        "recipe": {"tokens": plan.tokens, "batch_size": plan.batch_size, **training_memory(plan).to_dict()},
        "cells": cells,
    }


def _print(base: str, recipe: str, plan: Plan, grid: Grid, vram_gb: float) -> None:
    from rich.console import Console

    from finetune.memory import GIB, fitting_changes, gib, training_memory
    from finetune.size import adapter_parameters

    console = Console(highlight=False)
    shape, needed = plan.shape, training_memory(plan)
    trained = adapter_parameters(shape, plan.targets, plan.rank)
    console.print(
        f"[bold]{base}[/bold]: {trained:,} of {shape.parameters + trained:,} parameters trained "
        f"({trained / (shape.parameters + trained):.4%}), weights in {plan.weights}, "
        f"gradient checkpointing {'on' if plan.checkpointing else 'off'}, "
        f"{f'loss in pieces of {plan.chunk_tokens} tokens' if plan.chunk_tokens else 'all logits held'}"
    )
    console.print(_table(grid, vram_gb))
    console.print(f"[dim]GiB; green fits on {vram_gb:g} GiB, red does not.[/dim]\n")
    console.print(
        f"The recipe {recipe} (batch {plan.batch_size} of {plan.tokens:,} tokens) needs {gib(needed.total)} GiB:"
    )
    for name, size in needed.to_dict().items():
        if size and name != "total":
            console.print(f"  {name.replace('_', ' '):<12} {size / GIB:6.2f}")
    if needed.total > vram_gb * GIB:
        changes = fitting_changes(plan, int(vram_gb * GIB))
        words = " and ".join(change.words for change in changes) if changes else "a smaller base or a larger card"
        console.print(f"That does not fit. It fits with {words}.")


def _table(grid: Grid, vram_gb: float) -> Table:
    from rich.table import Table

    from finetune.memory import GIB, gib

    table = Table(box=None, pad_edge=False)
    table.add_column("tokens", justify="right")
    for size in BATCHES:
        table.add_column(f"batch {size}", justify="right")
    for tokens, row in grid.items():
        colours = ("green" if memory.total <= vram_gb * GIB else "red" for memory in row.values())
        cells = (f"[{c}]{gib(memory.total)}[/{c}]" for c, memory in zip(colours, row.values(), strict=True))
        table.add_row(f"{tokens:,}", *cells)
    return table
