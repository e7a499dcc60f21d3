"""The models one might fine-tune, side by side: how large, whether a card bears them, what they score on ARC.

Comes in: candidates.json (configurations and published scores, each with its source) and the scores measured here. Goes
out: rows of sizes, rows of scores. Opens no model file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from finetune.memory import Plan, serving_memory, training_memory
from finetune.size import AUTO, adapter_parameters, config_at, is_masked, shape_of, target_modules

RANK = 8
TOKENS = 1024
CHUNK_TOKENS = 256
API_ONLY = "API only"
MEASURED = "measured here"


class Published(BaseModel):
    """A score that somebody published, in per cent; what the source does not give is None."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    challenge: float | None = None
    easy: float | None = None
    average: float | None = None
    shots: str
    metric: str
    source: str
    url: str


class Candidate(BaseModel):
    """One model. ``models`` are the names under which it can be loaded, ``config`` what transformers builds it from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    models: tuple[str, ...]
    access: str
    config: dict[str, Any]
    config_source: str
    published: tuple[Published, ...]
    measured: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class SizeRow:
    """A candidate's size, and the memory it takes in bytes: to train (LoRA) and to serve, in 16 and in 4 bit."""

    name: str
    access: str
    parameters: int
    trained: int
    tokens: int
    train_16: int
    train_4: int
    serve_16: int
    serve_4: int
    verdict: str
    writes_text: bool


@dataclass(frozen=True)
class ScoreRow:
    """One score of a model in per cent, published or measured; ``source`` says where it stands or how it was made."""

    name: str
    challenge: float | None
    easy: float | None
    average: float | None
    shots: str
    metric: str
    source: str
    url: str = ""


def candidates() -> list[Candidate]:
    """Every candidate, in the file's order: the largest first."""
    text = files("finetune").joinpath("candidates.json").read_text("utf-8")
    return [Candidate(**entry) for entry in json.loads(text)["candidates"]]


def size_row(candidate: Candidate, available_bytes: int) -> SizeRow:
    """Work out a candidate's memory: batch 1, gradient checkpointing, loss in pieces, rank 8 on PEFT's targets."""
    from transformers import AutoConfig

    config = AutoConfig.for_model(**candidate.config)
    shape = shape_of(config)
    found = target_modules(config, AUTO)
    targets = found if isinstance(found, str) else tuple(found)
    tokens = min(TOKENS, shape.context)
    plan = Plan(shape, targets, "bf16", RANK, tokens=tokens, chunk_tokens=CHUNK_TOKENS, checkpointing=True)
    train_16, train_4 = training_memory(plan).total, training_memory(replace(plan, weights="nf4")).total
    serve_16, serve_4 = (serving_memory(shape, weights, tokens=tokens).total for weights in ("bf16", "nf4"))
    return SizeRow(
        name=candidate.name,
        access=candidate.access,
        parameters=shape.parameters,
        trained=adapter_parameters(shape, targets, RANK),
        tokens=tokens,
        train_16=train_16,
        train_4=train_4,
        serve_16=serve_16,
        serve_4=serve_4,
        verdict=_verdict(candidate.access, train_16, train_4, serve_4, available_bytes),
        writes_text=not is_masked(config),
    )


def _verdict(access: str, train_16: int, train_4: int, serve_4: int, available_bytes: int) -> str:
    if access == API_ONLY:
        return API_ONLY
    if train_16 <= available_bytes:
        return "yes"
    if train_4 <= available_bytes:
        return "in 4 bit"
    return "to serve" if serve_4 <= available_bytes else "no"


def score_rows(candidate: Candidate, saved: Sequence[dict[str, Any]]) -> list[ScoreRow]:
    """A candidate's published scores, then the measured ones; ``saved`` is what ``finetune arc --save`` has kept.

    A saved score takes the place of a shipped one of the same model, file and method.
    """
    published = [_published_row(candidate.name, score) for score in candidate.published]
    own = [score for score in saved if _base(score) in candidate.models]
    return published + measured_rows(candidate.name, [*candidate.measured, *own])


def other_rows(known: Iterable[Candidate], saved: Iterable[dict[str, Any]]) -> list[ScoreRow]:
    """The saved scores of models that are no candidates."""
    names = {name for candidate in known for name in candidate.models}
    return [
        row for score in saved if _base(score) not in names for row in measured_rows(Path(_base(score)).name, [score])
    ]


def _base(score: dict[str, Any]) -> str:
    """The model of a score, without its adapter."""
    return str(score["model"]).split(" + ")[0]


def _published_row(name: str, score: Published) -> ScoreRow:
    average = _mean(score.challenge, score.easy) if score.average is None else score.average
    return ScoreRow(name, score.challenge, score.easy, average, score.shots, score.metric, score.source, score.url)


def measured_rows(name: str, scores: Iterable[dict[str, Any]]) -> list[ScoreRow]:
    """One row for each model and way of asking; the later of two scores of the same file counts."""
    groups: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for score in scores:
        groups.setdefault((score["model"], score["method"]), {})[score["task"]] = score
    return [_measured_row(name, model, tasks) for (model, _), tasks in groups.items()]


def _measured_row(name: str, model: str, tasks: dict[str, dict[str, Any]]) -> ScoreRow:
    first = next(iter(tasks.values()))
    normalised = first["accuracy_norm"] is not None
    challenge, easy = (_percent(tasks.get(task)) for task in ("arc_challenge", "arc_easy"))
    adapter = model.partition(" + ")[2]
    asked = ", ".join(f"{score['n']:,}" for score in tasks.values())
    return ScoreRow(
        name=f"{name} + {adapter}" if adapter else name,
        challenge=challenge,
        easy=easy,
        average=_mean(challenge, easy),
        shots="0",
        metric="accuracy, normalised" if normalised else "accuracy",
        source=f"{MEASURED}: {model}, {first['method']}, {first['precision']}, n = {asked}",
    )


def _percent(score: dict[str, Any] | None) -> float | None:
    if score is None:
        return None
    rate = score["accuracy"] if score["accuracy_norm"] is None else score["accuracy_norm"]
    return 100 * float(rate)


def _mean(challenge: float | None, easy: float | None) -> float | None:
    return None if challenge is None or easy is None else (challenge + easy) / 2


def config_of(base: str, *, offline: bool) -> Any:
    """A base's configuration: a candidate's, by any of its names and without fetching anything, else the model's own.

    Raises:
        ConfigError, ModelFileError: there is no such model.
    """
    from transformers import AutoConfig

    from finetune.bases import base_place

    for candidate in candidates():
        if base in {candidate.name, *candidate.models}:
            return AutoConfig.for_model(**candidate.config)
    return config_at(base_place(base, offline=offline), offline=offline)
