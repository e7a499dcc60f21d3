"""``support-agent finetune fit`` and ``select``: the memory that training and serving need, held against a card."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from support_agent.cli.agent_options import JsonOption, OfflineOption

if TYPE_CHECKING:
    from rich.table import Table

    from finetune.candidates import Candidate, SizeRow
    from finetune.memory import Memory
    from finetune.recipe import Recipe
    from finetune.size import Shape

BATCHES = (1, 2, 4, 8, 16)
LENGTHS = (256, 512, 1024, 2048, 4096)
_SIZE_COLUMNS = ("weights\nmillion", "trained\nmillion", "train\n16 bit", "\n4 bit", "serve\n16 bit", "\n4 bit")
VramOption = Annotated[
    float, typer.Option("--vram-gb", min=0.1, max=1e6, help="Memory of the card, in GiB.", metavar="GIB")
]


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
    from finetune.recipe import load_recipe
    from finetune.size import shape_of
    from support_agent.config import load_config

    chosen = load_recipe(recipe, {"base": model} if model else None)
    config = config_of(chosen.base, offline=load_config(offline=offline or None).config.offline)
    shape = shape_of(config, chosen)
    cells = _cells(chosen, shape)
    if as_json:
        typer.echo(json.dumps(_as_json(chosen, shape, cells, vram_gb)))
    else:
        _print_fit(recipe, chosen, shape, cells, vram_gb)


def _cells(recipe: Recipe, shape: Shape) -> dict[tuple[int, int], Memory]:
    """What is needed for examples of so many tokens, in batches of so many."""
    from finetune.memory import training_memory

    lengths = [tokens for tokens in LENGTHS if tokens <= shape.context] or [shape.context]
    return {
        (tokens, size): training_memory(recipe.model_copy(update={"max_tokens": tokens, "batch_size": size}), shape)
        for tokens in lengths
        for size in BATCHES
    }


def _as_json(recipe: Recipe, shape: Shape, cells: dict[tuple[int, int], Memory], vram_gb: float) -> dict[str, Any]:
    from finetune.memory import GIB, training_memory

    asked = {"tokens": recipe.max_tokens, "batch_size": recipe.batch_size}
    return {
        "base": recipe.base,
        "vram_gib": vram_gb,
        "parameters": shape.parameters,
        "trained": shape.trained,
        "recipe": {**asked, **training_memory(recipe, shape).to_dict()},
        "cells": [
            {"tokens": tokens, "batch_size": size, "fits": memory.total <= vram_gb * GIB, **memory.to_dict()}
            for (tokens, size), memory in cells.items()
        ],
    }


def _print_fit(name: str, recipe: Recipe, shape: Shape, cells: dict[tuple[int, int], Memory], vram_gb: float) -> None:
    from rich.console import Console

    from finetune.memory import GIB, fitting_changes, in_words, training_memory, weights_of

    console = Console(highlight=False)
    needed, trained = training_memory(recipe, shape), shape.trained
    pieces = recipe.loss_chunk_tokens
    console.print(
        f"[bold]{recipe.base}[/bold]: {trained:,} of {shape.parameters + trained:,} parameters trained "
        f"({trained / (shape.parameters + trained):.4%}), weights in {weights_of(recipe)}, "
        f"gradient checkpointing {'on' if recipe.gradient_checkpointing else 'off'}, "
        f"{f'loss in pieces of {pieces} tokens' if pieces else 'all logits held'}"
    )
    table = _table("tokens", *(f"batch {size}" for size in BATCHES))
    table.columns[0].justify = "right"
    for tokens in dict.fromkeys(tokens for tokens, _ in cells):
        table.add_row(f"{tokens:,}", *(_coloured(cells[tokens, size].total, vram_gb) for size in BATCHES))
    console.print(table)
    console.print(f"[dim]GiB; green fits on {vram_gb:g} GiB, red does not.[/dim]\n")
    console.print(
        f"The recipe {name} (batch {recipe.batch_size} of {recipe.max_tokens:,} tokens) needs {needed.in_words()}."
    )
    if needed.total > vram_gb * GIB:
        changes = fitting_changes(recipe, shape, int(vram_gb * GIB))
        words = in_words(recipe, changes) if changes else "a smaller base or a larger card"
        console.print(f"That does not fit. It fits with {words}.")


def select(vram_gb: VramOption = 12.0, as_json: JsonOption = False) -> None:
    """Compare the models one might fine-tune: parameters, memory, ARC scores with their sources."""
    from finetune.candidates import candidates, size_row
    from finetune.memory import GIB

    known = candidates()
    sizes = [size_row(candidate, int(vram_gb * GIB)) for candidate in known]
    if as_json:
        scores = [{"name": one.name, **score.model_dump()} for one in known for score in one.published]
        rows = {"sizes": [asdict(row) for row in sizes], "scores": scores}
        typer.echo(json.dumps({"vram_gib": vram_gb, **rows}, ensure_ascii=False))
    else:
        _print_selection(known, sizes, vram_gb)


def _print_selection(known: Sequence[Candidate], sizes: Sequence[SizeRow], vram_gb: float) -> None:
    from rich.console import Console

    from finetune.candidates import CHUNK_TOKENS, RANK, TOKENS

    console = Console(highlight=False)
    silent = [row.name for row in sizes if not row.writes_text]
    console.print(f"[bold]Memory in GiB, on a card of {vram_gb:g}[/bold]")
    table = _table("\nmodel", *_SIZE_COLUMNS)
    table.add_column("\nfits", no_wrap=True)
    for row in sizes:
        memory = (_coloured(size, vram_gb) for size in (row.train_16, row.train_4, row.serve_16, row.serve_4))
        table.add_row(row.name, f"{row.parameters / 1e6:,.0f}", f"{row.trained / 1e6:.2f}", *memory, row.verdict)
    console.print(table)
    console.print(
        f"[dim]Training: LoRA, rank {RANK} on PEFT's own layers, batch 1 of {TOKENS:,} tokens (BERT: 512), gradient "
        f"checkpointing, loss in pieces of {CHUNK_TOKENS}. Serving: one ticket of as many tokens. "
        f"`finetune fit` shows other lengths and batches. {', '.join(silent)} fill gaps and write no answers.[/dim]\n"
    )
    console.print("[bold]ARC, per cent of the questions answered right[/bold]")
    table = _table("model", "ARC-C", "ARC-E", "mean", "shots")
    table.add_column("what, and where it stands", overflow="fold")
    for one in known:
        for at, score in enumerate(one.published):
            numbers = ("–" if rate is None else f"{rate:.1f}" for rate in (score.challenge, score.easy, score.average))
            name = "" if at else one.name
            table.add_row(name, *numbers, score.shots, f"{score.metric}; {score.source}")
    console.print(table)
    console.print("[dim]Chance is 25. Normalised: by the length of the choice, as lm-eval's acc_norm.[/dim]")


def _table(first: str, *numbers: str) -> Table:
    """A plain table: one column of names, the others of numbers."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column(first, no_wrap=True)
    for column in numbers:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _coloured(size_bytes: int, vram_gb: float) -> str:
    from finetune.memory import GIB, gib

    colour = "green" if size_bytes <= vram_gb * GIB else "red"
    return f"[{colour}]{gib(size_bytes)}[/{colour}]"
