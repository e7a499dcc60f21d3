"""``support-agent finetune arc``: a model and a file of questions in, its score out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from support_agent.cli.agent_options import JsonOption, OfflineOption

if TYPE_CHECKING:
    from finetune.arc import ArcScore, Scorer


def arc(
    model: Annotated[
        str,
        typer.Argument(
            help="Registry name, folder, GGUF file or hub name; with --chat what LangChain's init_chat_model takes, "
            "such as openai:gpt-4.1-mini."
        ),
    ],
    data: Annotated[
        Path, typer.Option("--data", "-d", help="JSONL file: query, choices and gold a line.", metavar="FILE")
    ],
    adapter: Annotated[str | None, typer.Option(help="Name or folder of an adapter for the model.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Ask a seeded sample of so many questions.")] = None,
    seed: Annotated[int, typer.Option(help="Which sample.")] = 0,
    threads: Annotated[int, typer.Option(min=0, help="CPU threads; 0 leaves it to the engine.")] = 0,
    chat: Annotated[bool, typer.Option("--chat", help="Ask a hosted chat model for a letter.")] = False,
    base_url: Annotated[str | None, typer.Option(help="Address of an OpenAI-compatible server (with --chat).")] = None,
    save: Annotated[bool, typer.Option("--save", help="Keep the score; `finetune select` shows it.")] = False,
    offline: OfflineOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure a model on ARC questions, zero-shot: by log-likelihood, or with --chat by the letter it names."""
    from finetune.arc import measure, measured_file, read_questions, save_score
    from finetune.scorers import open_chat_scorer
    from support_agent.config import load_config

    if chat and adapter:
        raise typer.BadParameter("--adapter needs a model that is loaded here; leave --chat out.")
    read_questions(data)  # a file that cannot be read is told before a model is loaded
    if chat:
        scorer = open_chat_scorer(model, base_url)
    else:
        scorer = _load(model, adapter, load_config(offline=offline or None).config.offline, threads)
    name = f"{model} + {adapter}" if adapter else model
    with _bar() as on_question:
        score = measure(scorer, data, model=name, limit=limit, seed=seed, on_question=on_question)
    if save:
        save_score(score, measured_file())
        typer.echo(f"kept in {measured_file()}", err=True)
    typer.echo(score.model_dump_json() if as_json else _sentence(score))


def _load(model: str, adapter: str | None, offline: bool, threads: int) -> Scorer:
    import torch
    from transformers.utils import logging

    from finetune.scorers import open_scorer
    from support_agent.cli.progress import download_progress
    from support_agent.generation.adapters import check_adapter, find_adapter

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    if threads:
        torch.set_num_threads(threads)
    with download_progress() as on_progress:
        folder = find_adapter(adapter, offline=offline, on_progress=on_progress) if adapter else None
        if folder:
            check_adapter(folder, model, offline=offline)
        return open_scorer(model, folder, offline=offline, on_progress=on_progress)


@contextmanager
def _bar() -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr with the time left; nothing where stderr is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    console = Console(stderr=True)
    columns = ("questions", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("questions", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _sentence(score: ArcScore) -> str:
    parts = [f"accuracy {_percent(score.accuracy, score.interval)}"]
    if score.accuracy_norm is not None and score.interval_norm is not None:
        parts.append(f"normalised by length {_percent(score.accuracy_norm, score.interval_norm)}")
    questions = f"{score.n:,} of {score.of:,} questions" if score.n < score.of else f"{score.n:,} questions"
    return (
        f"{score.model} on {score.task}: {', '.join(parts)} ({questions}, zero-shot, {score.method}, {score.precision})"
    )


def _percent(rate: float, interval: tuple[float, float]) -> str:
    return f"{rate:.1%} (95 % interval {interval[0]:.1%} to {interval[1]:.1%})"
