"""The model that is adapted: found, loaded in the recipe's precision, and wrapped with a fresh adapter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune.recipe import Recipe
from finetune.tiny_llama import TINY_LLAMA, tiny_llama
from support_agent.errors import ConfigError, ModelFileError, TrainingError
from support_agent.generation.hf_loading import load_model, model_place, nf4, quiet_peft

if TYPE_CHECKING:
    from support_agent.models import OnProgress


def base_place(base: str, *, offline: bool, on_progress: OnProgress | None = None) -> Path | str:
    """Folder of the base, or its name on the hub."""
    if base == TINY_LLAMA:
        return tiny_llama()
    return model_place(base, offline=offline, on_progress=on_progress)


def load_base(recipe: Recipe, place: Path | str, *, offline: bool) -> tuple[Any, Any]:
    """The base in the recipe's precision, and its tokenizer; safetensors only.

    Embedding, head and norms stay in bf16: nothing is cast up to fp32, as peft's ``prepare_model_for_kbit_training``
    would (1 GB more for Llama-2-7B).

    Raises:
        ModelFileError: it is not there or cannot be loaded.
    """
    model, tokenizer = load_model(place, None, offline=offline, precision=_precision(recipe))
    if tokenizer.eos_token is None:
        raise ModelFileError(f"The tokenizer of {recipe.base} has no token that ends a text. Choose another base.")
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return model, tokenizer


def with_fresh_adapter(recipe: Recipe, model: Any) -> Any:
    """Freeze the model and add the recipe's adapter, in fp32.

    Raises:
        ConfigError: the model has no such target modules, or peft's table of them does not hold its architecture.
    """
    from peft import LoraConfig, get_peft_model

    wanted = recipe.target_modules
    there = dict.fromkeys(name.rpartition(".")[-1] for name in linear_layers(model))
    misfit = ConfigError(
        f"target_modules = {json.dumps(wanted)} does not fit {recipe.base} ({model.config.model_type}). Set it to "
        f'"all-linear", or to some of its linear layers: {", ".join(there)}.'
    )
    settings = LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.alpha,
        lora_dropout=recipe.dropout,
        target_modules=None if wanted == "auto" else wanted if isinstance(wanted, str) else list(wanted),
        task_type="CAUSAL_LM" if model.can_generate() else None,
    )
    try:
        with quiet_peft():
            adapted = get_peft_model(model, settings)
    except ValueError as problem:
        raise misfit from problem
    found = {name.rpartition(".")[-1] for name in adapted.targeted_module_names}
    if not isinstance(wanted, str) and not {name.rpartition(".")[-1] for name in wanted} <= found:
        raise misfit  # peft passes over a name that no layer has beside others that there are
    if recipe.gradient_checkpointing:
        adapted.get_base_model().activation_checkpointing_enable({"use_reentrant": False})
    return adapted


def linear_layers(model: Any) -> dict[str, Any]:
    """Every linear layer by its full name, without the output head."""
    from torch.nn import Linear
    from transformers.pytorch_utils import Conv1D  # GPT-2's linear layer, weights transposed

    head = model.get_output_embeddings()
    layers = {name: layer for name, layer in model.named_modules() if isinstance(layer, (Linear, Conv1D))}
    return {name: layer for name, layer in layers.items() if layer is not head}


def _precision(recipe: Recipe) -> dict[str, Any]:
    import torch

    if recipe.precision == "bf16" and torch.cuda.is_available() and not torch.cuda.is_bf16_supported():
        raise TrainingError(f'{torch.cuda.get_device_name()} computes no bf16. Set precision = "fp32".')
    dtype = torch.bfloat16 if recipe.precision == "bf16" else torch.float32
    loading: dict[str, Any] = {"dtype": dtype, "attn_implementation": "sdpa"}
    if torch.cuda.is_available():
        loading["device_map"] = {"": 0}
    if recipe.method == "qlora":
        loading["quantization_config"] = nf4(dtype)
    return loading


def check_length(recipe: Recipe, model: Any) -> None:
    """Refuse examples longer than what the base can read."""
    context = getattr(model.config, "max_position_embeddings", None)
    if context and recipe.max_tokens > context:
        raise TrainingError(f"max_tokens is {recipe.max_tokens:,}, but {recipe.base} reads {context:,}. Lower it.")
