"""``support-agent finetune select``: the candidate models side by side, for a card of a given size."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from support_agent.cli.agent_options import JsonOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from finetune.candidates import ScoreRow, SizeRow

_SIZE_COLUMNS = ("para-\nmeters", "\ntrained", "train\n16 bit", "\n4 bit", "serve\n16 bit", "\n4 bit")
_UNITS = ((10**9, " B"), (10**6, " M"), (10**3, " k"), (0.1, ""))
VramOption = Annotated[
    float, typer.Option("--vram-gb", min=0.1, max=1e6, help="Memory of the card, in GiB.", metavar="GIB")
]


def select(vram_gb: VramOption = 12.0, as_json: JsonOption = False) -> None:
    """Compare the models one might fine-tune: parameters, memory, ARC scores with their sources."""
    from finetune.arc import measured_file, saved_scores
    from finetune.candidates import candidates, other_rows, score_rows, size_row
    from finetune.memory import GIB

    known = candidates()
    saved = saved_scores(measured_file())
    sizes = [size_row(candidate, int(vram_gb * GIB)) for candidate in known]
    scores = [row for candidate in known for row in score_rows(candidate, saved)]
    scores += other_rows(known, saved)
    if as_json:
        rows = {"sizes": [asdict(row) for row in sizes], "scores": [asdict(row) for row in scores]}
        typer.echo(json.dumps({"vram_gib": vram_gb, **rows}, ensure_ascii=False))
        return
    _print(sizes, scores, vram_gb)


def _print(sizes: Sequence[SizeRow], scores: Sequence[ScoreRow], vram_gb: float) -> None:
    from rich.console import Console

    from finetune.candidates import CHUNK_TOKENS, RANK, TOKENS

    console = Console(highlight=False)
    silent = [row.name for row in sizes if not row.writes_text]
    console.print(f"[bold]Memory in GiB, on a card of {vram_gb:g}[/bold]")
    console.print(_size_table(sizes, vram_gb))
    console.print(
        f"[dim]Training: LoRA, rank {RANK} on PEFT's own layers, batch 1 of {TOKENS:,} tokens (BERT: 512), gradient "
        f"checkpointing, loss in pieces of {CHUNK_TOKENS}. Serving: one ticket of as many tokens. "
        f"`finetune fit` shows other lengths and batches. {', '.join(silent)} fill gaps and write no answers.[/dim]\n"
    )
    console.print("[bold]ARC, per cent of the questions answered right[/bold]")
    console.print(_score_table(scores))
    console.print("[dim]Chance is 25. Normalised: by the length of the choice, as lm-eval's acc_norm.[/dim]")


def _size_table(rows: Sequence[SizeRow], vram_gb: float) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("\nmodel", no_wrap=True)
    for column in _SIZE_COLUMNS:
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("\nfits", no_wrap=True)
    for row in rows:
        memory = (_cell(size, vram_gb) for size in (row.train_16, row.train_4, row.serve_16, row.serve_4))
        table.add_row(row.name, _count(row.parameters), _count(row.trained), *memory, row.verdict)
    return table


def _score_table(rows: Sequence[ScoreRow]) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("model", no_wrap=True)
    for column in ("ARC-C", "ARC-E", "mean", "shots"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("what, and where it stands", overflow="fold")
    last = ""
    for row in rows:
        numbers = ("–" if score is None else f"{score:.1f}" for score in (row.challenge, row.easy, row.average))
        table.add_row("" if row.name == last else row.name, *numbers, row.shots, f"{row.metric}; {row.source}")
        last = row.name
    return table


def _cell(size_bytes: int, vram_gb: float) -> str:
    from finetune.memory import GIB, gib

    colour = "green" if size_bytes <= vram_gb * GIB else "red"
    return f"[{colour}]{gib(size_bytes)}[/{colour}]"


def _count(parameters: int) -> str:
    unit, name = next((unit, name) for unit, name in _UNITS if parameters >= unit)
    return f"{parameters / unit:.3g}{name}"
