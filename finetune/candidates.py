"""The models one might fine-tune, side by side: how large, what they need, what they score on ARC.

Their configurations and published scores, each with its source, stand in candidates.json. No model file is opened.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from pydantic import BaseModel, ConfigDict

from finetune.memory import serving_memory, training_memory
from finetune.recipe import Recipe
from finetune.size import config_at, is_masked, shape_of

RANK = 8
TOKENS = 1024
CHUNK_TOKENS = 256
API_ONLY = "API only"


class Published(BaseModel):
    """A score that somebody published, in per cent; what the source does not give is None, but for a plain mean."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    challenge: float | None = None
    easy: float | None = None
    average: float | None = None
    shots: str
    metric: str
    source: str
    url: str = ""


class Candidate(BaseModel):
    """One model. ``models`` are the names under which it can be loaded, ``config`` what transformers builds it from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    models: tuple[str, ...]
    access: str
    config: dict[str, Any]
    config_source: str
    published: tuple[Published, ...]


@dataclass(frozen=True)
class SizeRow:
    """A candidate's size, and the memory it takes in bytes: to train (LoRA) and to serve, in 16 and in 4 bit."""

    name: str
    access: str
    parameters: int
    trained: int
    train_16: int
    train_4: int
    serve_16: int
    serve_4: int
    verdict: str
    writes_text: bool


def candidates() -> list[Candidate]:
    """Every candidate, in the file's order: the largest first."""
    text = files("finetune").joinpath("candidates.json").read_text("utf-8")
    return [Candidate(**entry) for entry in json.loads(text)["candidates"]]


def size_row(candidate: Candidate, available_bytes: int) -> SizeRow:
    """Work out a candidate's memory: batch 1, gradient checkpointing, loss in pieces, rank 8 on PEFT's targets."""
    from transformers import AutoConfig

    config = AutoConfig.for_model(**candidate.config)
    tokens = min(TOKENS, getattr(config, "max_position_embeddings", None) or TOKENS)
    settings: dict[str, Any] = {"rank": RANK, "max_tokens": tokens, "loss_chunk_tokens": CHUNK_TOKENS}
    recipe = Recipe(**{"base": candidate.name, "batch_size": 1, "gradient_checkpointing": True, **settings})
    shape = shape_of(config, recipe)
    train_16, train_4 = (
        training_memory(recipe.model_copy(update={"method": method}), shape).total for method in ("lora", "qlora")
    )
    serve_16, serve_4 = (serving_memory(shape, weights, tokens=tokens).total for weights in ("bf16", "nf4"))
    fitting = {"yes": train_16, "in 4 bit": train_4, "to serve": serve_4, "no": 0}
    verdict = next(words for words, needed in fitting.items() if needed <= available_bytes)
    return SizeRow(
        name=candidate.name,
        access=candidate.access,
        parameters=shape.parameters,
        trained=shape.trained,
        train_16=train_16,
        train_4=train_4,
        serve_16=serve_16,
        serve_4=serve_4,
        verdict=API_ONLY if candidate.access == API_ONLY else verdict,
        writes_text=not is_masked(config),
    )


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
