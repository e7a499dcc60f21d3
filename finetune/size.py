"""A model's configuration and a recipe → exact parameter counts, and what the memory formulas need to know.

Counting is done on torch's meta device: no weight is ever made.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finetune.bases import linear_layers, with_fresh_adapter
from finetune.recipe import Recipe
from support_agent.errors import ConfigError, ModelFileError

UNKNOWN_CONTEXT = 4096  # tokens, for an architecture without positions of its own, such as Bloom
_NAME_ONE = "Name a model that `support-agent models list` shows, a folder with one, or a hub name."
_MASKED = {"bert", "roberta", "xlm-roberta", "electra"}


@dataclass(frozen=True)
class Shape:
    """A model's sizes, and those of a recipe's adapter on it; parameters are counted exactly, tied ones once."""

    parameters: int
    linear_parameters: int
    """Weights that 4-bit loading quantises: those of the linear layers; not embedding, head, norms or biases."""
    largest_linear: int
    gated: bool
    """Whether a gate stands beside the MLP's first matrix, as in Llama."""
    layers: int
    hidden: int
    intermediate: int
    heads: int
    kv_heads: int
    head_width: int
    vocabulary: int
    context: int
    trained: int
    """Parameters of the adapter."""
    adapted: int
    """How many linear layers it sits on."""
    adapted_inputs: int
    """Summed width of what goes into them."""


def shape_of(config: Any, recipe: Recipe) -> Shape:
    """Read a configuration's shape, and count its parameters and those that a recipe trains.

    Raises:
        ConfigError: the recipe's adapter does not fit the model, or transformers knows no such model.
    """
    import torch
    from peft.tuners.lora import LoraLayer

    model = empty_model(config)
    linears = linear_layers(model)
    sizes = [layer.weight.numel() for layer in linears.values()]
    parameters = sum(parameter.numel() for parameter in model.parameters())
    with torch.device("meta"):
        adapted = with_fresh_adapter(recipe, model)
    adapted_layers = [layer for layer in adapted.modules() if isinstance(layer, LoraLayer)]
    config = config.get_text_config()  # of a model that also sees or hears, the part that writes
    heads = config.num_attention_heads
    return Shape(
        parameters=parameters,
        linear_parameters=sum(sizes),
        largest_linear=max(sizes),
        gated=any("gate" in name.rpartition(".")[-1] for name in linears),
        layers=config.num_hidden_layers,
        hidden=config.hidden_size,
        # GPT-2 says nothing: 4 times.
        intermediate=getattr(config, "intermediate_size", None) or 4 * config.hidden_size,
        heads=heads,
        kv_heads=getattr(config, "num_key_value_heads", None) or heads,
        head_width=getattr(config, "head_dim", None) or config.hidden_size // heads,
        vocabulary=config.vocab_size,
        context=getattr(config, "max_position_embeddings", None) or UNKNOWN_CONTEXT,
        trained=adapted.get_nb_trainable_parameters()[0],
        adapted=len(adapted_layers),
        adapted_inputs=sum(layer.in_features for layer in adapted_layers),
    )


def config_at(place: Path | str, *, offline: bool) -> Any:
    """The configuration of a folder or hub name; a hub that does not answer costs seconds.

    Raises:
        ModelFileError: there is none that transformers can read.
    """
    from transformers import AutoConfig

    from support_agent.generation.hf_loading import access, first_line
    from support_agent.models.hub import why_refused

    refusal = why_refused(place) if isinstance(place, str) and not offline else ""
    try:
        return AutoConfig.from_pretrained(place, **access(offline=offline or bool(refusal)))
    except (OSError, ValueError) as problem:
        reason = refusal or first_line(problem)
        raise ModelFileError(f"{place} has no configuration that can be read ({reason}). {_NAME_ONE}") from problem


def empty_model(config: Any) -> Any:
    """The model of a configuration on the meta device: shapes without weights."""
    import torch
    from transformers import AutoModelForCausalLM, AutoModelForMaskedLM

    kind = AutoModelForMaskedLM if is_masked(config) else AutoModelForCausalLM
    try:
        with torch.device("meta"):
            return kind.from_config(config)  # type: ignore[no-untyped-call]
    except ValueError as problem:
        raise ConfigError(
            f"{config.model_type} is no causal language model that transformers knows. {_NAME_ONE}"
        ) from problem


def is_masked(config: Any) -> bool:
    """Whether the model is one that fills masks, as BERT is; for some of these transformers has a causal class too."""
    from transformers import AutoModelForCausalLM, AutoModelForMaskedLM

    if type(config) not in AutoModelForMaskedLM._model_mapping:
        return False
    named = " ".join(getattr(config, "architectures", None) or [])
    return (
        type(config) not in AutoModelForCausalLM._model_mapping or config.model_type in _MASKED or "MaskedLM" in named
    )
