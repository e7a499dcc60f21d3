"""A model or its configuration → the layers an adapter sits on, and exact parameter counts.

Counting is done on torch's meta device: no weight is ever made.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support_agent.errors import ConfigError, ModelFileError

AUTO = "auto"
ALL_LINEAR = "all-linear"
UNKNOWN_CONTEXT = 4096  # tokens, for an architecture without positions of its own, such as Bloom
_NAME_ONE = "Name a model that `support-agent models list` shows, a folder with one, or a hub name."
_MASKED = {"bert", "roberta", "xlm-roberta", "electra"}


@dataclass(frozen=True)
class Linear:
    """Linear layers of one name and size; ``count`` of them in the model."""

    name: str
    inputs: int
    outputs: int
    count: int


@dataclass(frozen=True)
class Shape:
    """What the memory formulas need to know of a model. ``parameters`` is exact; ``linears`` leave out the head."""

    parameters: int
    layers: int
    hidden: int
    intermediate: int
    heads: int
    kv_heads: int
    head_width: int
    vocabulary: int
    context: int
    linears: tuple[Linear, ...]
    adapted: tuple[Linear, ...]
    """Those of them that an adapter sits on."""

    @property
    def gated(self) -> bool:
        """Whether a gate stands beside the MLP's first matrix, as in Llama."""
        return any("gate" in linear.name for linear in self.linears)

    @property
    def linear_parameters(self) -> int:
        """Weights that 4-bit loading quantises: those of the linear layers; not embedding, head, norms or biases."""
        return sum(linear.inputs * linear.outputs * linear.count for linear in self.linears)

    def adapter_parameters(self, rank: int) -> int:
        """Trained parameters of a LoRA adapter: rank x (inputs + outputs) a layer (Hu et al. 2021, section 4.1)."""
        return sum(rank * (linear.inputs + linear.outputs) * linear.count for linear in self.adapted)


def shape_of(config: Any, wanted: str | Sequence[str] = AUTO) -> Shape:
    """Read a configuration's shape and count its parameters, tied ones once.

    Args:
        wanted: the layers that are adapted, see ``target_modules``.
    """
    model = empty_model(config)
    linears, targets = linear_layers(model), target_modules(model, wanted)
    names = {target.rsplit(".", 1)[-1] for target in targets}
    config = config.get_text_config()  # of a model that also sees or hears, the part that writes
    heads = config.num_attention_heads
    return Shape(
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        layers=config.num_hidden_layers,
        hidden=config.hidden_size,
        # GPT-2 says nothing: 4 times.
        intermediate=getattr(config, "intermediate_size", None) or 4 * config.hidden_size,
        heads=heads,
        kv_heads=getattr(config, "num_key_value_heads", None) or heads,
        head_width=getattr(config, "head_dim", None) or config.hidden_size // heads,
        vocabulary=config.vocab_size,
        context=getattr(config, "max_position_embeddings", None) or UNKNOWN_CONTEXT,
        linears=linears,
        adapted=tuple(linear for linear in linears if targets == ALL_LINEAR or linear.name in names),
    )


def linear_layers(model: Any) -> tuple[Linear, ...]:
    """The linear layers by the last part of their name, in the model's own order; without the output head."""
    from torch.nn import Linear as TorchLinear
    from transformers.pytorch_utils import Conv1D  # GPT-2's linear layer, weights transposed

    sizes: Counter[tuple[str, int, int]] = Counter()
    for name, layer in model.named_modules():
        if isinstance(layer, (TorchLinear, Conv1D)) and layer is not model.get_output_embeddings():
            first, second = layer.weight.shape
            inputs, outputs = (first, second) if isinstance(layer, Conv1D) else (second, first)
            sizes[name.rsplit(".", 1)[-1], inputs, outputs] += 1
    return tuple(Linear(*size, count) for size, count in sizes.items())


def target_modules(model: Any, wanted: str | Sequence[str]) -> list[str] | str:
    """The layers a LoRA adapter is put on, in the form PEFT's ``LoraConfig`` takes.

    Args:
        model: a transformers model; its weights may be on the meta device.
        wanted: "auto" for PEFT's own table by architecture, "all-linear", or names of layers.

    Raises:
        ConfigError: PEFT's table does not hold the architecture, or the model has no layer of a name.
    """
    if wanted == ALL_LINEAR:
        return ALL_LINEAR
    if isinstance(wanted, str) and wanted != AUTO:
        raise ConfigError(f'target_modules is {wanted!r}; set it to "auto", "all-linear" or a list of layer names.')
    kind, there = model.config.model_type, ", ".join(dict.fromkeys(one.name for one in linear_layers(model)))
    if isinstance(wanted, str):
        return _by_architecture(kind, there)
    if not wanted:
        raise ConfigError(f"target_modules is an empty list. Name some of {there}.")
    missing = [name for name in wanted if not _has_layer(model, name)]
    if missing:
        raise ConfigError(
            f"target_modules names {missing[0]!r}, which {kind} does not have. Its linear layers are {there}."
        )
    return list(wanted)


def _by_architecture(kind: str, there: str) -> list[str] | str:
    from peft.utils.constants import TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING

    known = TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING.get(kind)
    if known is None:
        raise ConfigError(
            f"PEFT has no target modules for the architecture {kind!r}. Set target_modules in the recipe to "
            f'"all-linear", or to some of its linear layers: {there}.'
        )
    return known if isinstance(known, str) else list(known)


def _has_layer(model: Any, wanted: str) -> bool:
    """Whether a layer that holds a matrix, linear or an embedding, goes by that name."""
    return any(
        f".{name}".endswith(f".{wanted}") and getattr(getattr(layer, "weight", None), "ndim", 0) == 2
        for name, layer in model.named_modules()
    )


def config_at(place: Path | str, *, offline: bool) -> Any:
    """The configuration of a folder or hub name; a hub that does not answer costs seconds.

    Raises:
        ModelFileError: there is none that transformers can read.
    """
    from transformers import AutoConfig

    from support_agent.generation.hf_loading import access, first_line
    from support_agent.models import HubSource, ModelFile, SourceError

    try:
        return AutoConfig.from_pretrained(place, **access(offline=True))
    except (OSError, ValueError) as problem:
        reason = first_line(problem)
        if offline or isinstance(place, Path):
            raise ModelFileError(f"{place} has no configuration that can be read ({reason}). {_NAME_ONE}") from problem
    with tempfile.TemporaryDirectory() as scratch:
        try:
            HubSource(place, "main").fetch(ModelFile("config.json"), Path(scratch), lambda *_: None)
            return AutoConfig.from_pretrained(scratch, **access(offline=True))
        except (SourceError, OSError, ValueError) as problem:
            raise ModelFileError(
                f"The hub gives no configuration of {place}: {first_line(problem)} {_NAME_ONE}"
            ) from problem


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
