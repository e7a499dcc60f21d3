"""A recipe: every choice of one training run, in a TOML file that a person reads; the shipped ones are in recipes/."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from support_agent.errors import ConfigError


class Recipe(BaseModel):
    """One run. A file that leaves a key out gets the value here."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    base: str = Field(min_length=1, description="Registry name, folder or hub name of the model that is adapted.")
    data: str = Field(
        "lamini_docs",
        description="Index whose rows are learned, or a CSV or JSONL file of them; with "
        "mode = examples a shipped set, or a JSONL file with question, passages and answer.",
    )
    attribution: str = Field("", description="Whom the rows are owed to, and their licence; stands on the card.")
    index: str = Field("", description="Index whose passages stand in the prompts; data itself where that is one.")
    mode: Literal["retrieval", "plain", "examples"] = Field(
        "retrieval", description="With passages in the prompt, without, or with those that each row brings along."
    )
    own_passage_share: float = Field(0.5, ge=0, le=1, description="Share of examples that show the row's own passage.")
    passages: int = Field(3, ge=1, le=20, description="Passages in a prompt; the agent's default is 3.")
    dev_share: float = Field(0.05, ge=0, le=0.5, description="Share of rows held back to measure the adapter.")
    max_rows: int = Field(0, ge=0, description="Train on so many rows only; 0 means all.")
    max_tokens: int = Field(1024, ge=32, le=1_000_000, description="Longest example, prompt and answer, in tokens.")
    method: Literal["lora", "qlora"] = Field("lora", description="qlora keeps the base in 4 bit (NF4, double quant).")
    target_modules: str | tuple[str, ...] = Field(
        "auto", description='Layers that are adapted: names, "auto" (peft\'s own table) or "all-linear".'
    )
    rank: int = Field(8, ge=1, le=1024, description="Rank of the adapter's matrices.")
    alpha: float = Field(16, gt=0, le=1e6, description="LoRA's scale: the update is multiplied by alpha / rank.")
    dropout: float = Field(0.0, ge=0, lt=1, description="Dropout before the adapter.")
    epochs: float = Field(1, gt=0, le=1000, description="How often every row is seen.")
    learning_rate: float = Field(1e-3, gt=0, lt=1, description="Highest learning rate; it falls linearly to 0.")
    batch_size: int = Field(8, ge=1, le=4096, description="Examples computed together.")
    gradient_accumulation: int = Field(1, ge=1, le=4096, description="Batches before the weights are changed.")
    gradient_checkpointing: bool = Field(False, description="Compute activations twice instead of keeping them.")
    loss_chunk_tokens: int = Field(256, ge=0, description="Logits held at once, in tokens; 0 holds all of them.")
    precision: Literal["bf16", "fp32"] = Field("bf16", description="What is computed in; the adapter stays in fp32.")
    warmup_share: float = Field(0.03, ge=0, lt=1, description="Share of steps in which the learning rate rises.")
    seed: int = Field(0, ge=0, lt=2**32, description="Decides order, split and the adapter's first values.")

    @property
    def data_is_file(self) -> bool:
        """Whether ``data`` is a file of rows rather than an index."""
        return _is_file(self.data)

    @model_validator(mode="before")
    @classmethod
    def _take_the_index_of_the_data(cls, values: dict[str, Any]) -> dict[str, Any]:
        data = str(values.get("data", cls.model_fields["data"].default))
        names_none = values.get("index") or values.get("mode") == "examples" or _is_file(data)
        return values if names_none else {**values, "index": data}

    @model_validator(mode="after")
    def _check_index(self) -> Self:
        if self.mode == "retrieval" and not self.index:
            raise ValueError(
                f"data is the file {self.data}, and the index to take its passages from is not named. Make one "
                f"(`support-agent index build NAME {self.data}`) and add --set index=NAME, or train without passages: "
                "--set mode=plain"
            )
        return self


def _is_file(data: str) -> bool:
    return Path(data).suffix.lower() in {".csv", ".tsv", ".jsonl"}


def shipped_recipes() -> list[str]:
    """Names of the recipes that come with the package."""
    return sorted(entry.name.removesuffix(".toml") for entry in files("finetune").joinpath("recipes").iterdir())


def load_recipe(name: str, changes: Mapping[str, Any] | None = None) -> Recipe:
    """Read a recipe: a shipped name or the path of a TOML file.

    Args:
        changes: keys that are given another value. Other ``data`` than the recipe's leaves the recipe's ``index`` and
            ``attribution`` behind, which belong to its own rows.

    Raises:
        ConfigError: there is no such recipe, it is not TOML, or a key or value does not fit.
    """
    text = _read(name)
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise ConfigError(f"The recipe {name} is not readable TOML: {problem}. Mend it at that place.") from problem
    changes = changes or {}
    if "data" in changes and changes["data"] != values.get("data"):
        values = {key: value for key, value in values.items() if key not in {"index", "attribution"}}
    try:
        return Recipe(**{**values, **changes})
    except ValidationError as problem:
        raise ConfigError(_explain(name, problem)) from problem


def _read(name: str) -> str:
    path = Path(name)
    if name in shipped_recipes():
        return files("finetune").joinpath("recipes", f"{name}.toml").read_text("utf-8")
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigError(
            f"There is no recipe {name!r}: it is neither a readable file nor one of {', '.join(shipped_recipes())}."
        ) from problem


def _explain(name: str, problem: ValidationError) -> str:
    first = problem.errors()[0]
    if not first["loc"]:
        return f"The recipe {name} does not fit: {first['msg'].removeprefix('Value error, ')}."
    key = str(first["loc"][0])
    if first["type"] == "extra_forbidden":
        return f"The recipe {name} has a key {key!r} that is not known. Known are: {', '.join(Recipe.model_fields)}."
    if first["type"] == "missing":
        return f"The recipe {name} has no {key!r}. Add it."
    return f"The recipe {name}: {key} = {first['input']!r} does not fit ({first['msg']}). Change it."
