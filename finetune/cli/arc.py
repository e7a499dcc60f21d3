"""``support-agent finetune arc``: a model and a file of questions in, its score out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from support_agent.cli.agent_options import JsonOption, OfflineOption

if TYPE_CHECKING:
    from finetune.arc import ArcScore, Scorer


def arc(
    model: Annotated[str, typer.Argument(help="Registry name, folder, GGUF file or hub name.")],
    data: Annotated[
        Path, typer.Option("--data", "-d", help="JSONL file: query, choices and gold a line.", metavar="FILE")
    ],
    adapter: Annotated[str | None, typer.Option(help="Name or folder of an adapter for the model.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Ask a seeded sample of so many questions.")] = None,
    seed: Annotated[int, typer.Option(help="Which sample.")] = 0,
    threads: Annotated[int, typer.Option(min=0, help="CPU threads; 0 leaves it to the engine.")] = 0,
    offline: OfflineOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure a model on ARC questions, zero-shot, by the log-likelihood of the choices."""
    from finetune.arc import measure, read_questions
    from support_agent.cli.progress import counted_progress
    from support_agent.config import load_config

    read_questions(data)  # a file that cannot be read is told before a model is loaded
    scorer = _load(model, adapter, load_config(offline=offline or None).config.offline, threads)
    name = f"{model} + {adapter}" if adapter else model
    with counted_progress("questions") as asked:
        score = measure(scorer, data, model=name, limit=limit, seed=seed, on_question=asked.show)
    typer.echo(score.model_dump_json() if as_json else _sentence(score))


def _load(model: str, adapter: str | None, offline: bool, threads: int) -> Scorer:
    import torch

    from finetune.scorers import open_scorer
    from support_agent.cli.progress import download_progress
    from support_agent.generation.adapters import check_adapter, find_adapter

    if threads:
        torch.set_num_threads(threads)
    with download_progress() as on_progress:
        folder = find_adapter(adapter, offline=offline, on_progress=on_progress) if adapter else None
        if folder:
            check_adapter(folder, model, offline=offline)
        return open_scorer(model, folder, offline=offline, on_progress=on_progress)


def _sentence(score: ArcScore) -> str:
    plain, by_length = _percent(score.accuracy, score.interval), _percent(score.accuracy_norm, score.interval_norm)
    questions = f"{score.n:,} of {score.of:,} questions" if score.n < score.of else f"{score.n:,} questions"
    return (
        f"{score.model} on {score.task}: accuracy {plain}, normalised by length {by_length} "
        f"({questions}, zero-shot, {score.method}, {score.precision})"
    )


def _percent(rate: float, interval: tuple[float, float]) -> str:
    return f"{rate:.1%} (95 % interval {interval[0]:.1%} to {interval[1]:.1%})"
