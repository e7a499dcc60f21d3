"""A model's shape and a run's settings → bytes of memory, in named parts; and whether a machine has them.

Pure arithmetic. What one layer keeps for the backward pass was held against what autograd really keeps: within 2 %.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, Literal

from finetune.size import Shape, shape_of
from support_agent.errors import ConfigError

if TYPE_CHECKING:
    from finetune.recipe import Recipe

Weights = Literal["fp32", "bf16", "nf4"]
Device = Literal["cuda", "cpu"]
GIB = 2**30

# Bytes of a number that is computed with.
WIDTH: dict[Weights, int] = {"fp32": 4, "bf16": 2, "nf4": 2}
# 4 bits, and 8/64 + 32/(64 x 256) = 0.127 bits for the doubly quantised scales (Dettmers et al. 2023, section 3).
NF4_BITS = 4.127
# An adapter's weight, its gradient and AdamW's two moments, all in fp32.
BYTES_PER_TRAINED = 4 + 4 + 8
# Of each logit, beside what the head writes: an fp32 copy, its log-softmax, and its gradient.
LOGIT_FP32_BYTES = 3 * 4
# On a card assumed, not measured: CUDA context, cuBLAS workspace, holes in the allocator. On a CPU measured: Python,
# torch and transformers, before the first step.
OVERHEAD_BYTES: dict[Device, int] = {"cuda": 768 * 2**20, "cpu": 2**30}
# What the C allocator keeps beside tensors over a run of differently long batches: SmolLM2 with 4 examples of up to
# 1,021 tokens held 6.0 GiB after 43 steps (4.2 after the first), where this formula gives 2.4 for the activations.
CPU_HOLES = 2
_SHORTEST = 256
_CHUNK = 256


@dataclass(frozen=True)
class Memory:
    """Bytes, part by part."""

    weights: int
    adapter: int = 0
    """Adapter, its gradients and the optimizer's state."""
    activations: int = 0
    """What the forward pass keeps for the backward pass."""
    logits: int = 0
    workspace: int = 0
    """Gradients of one layer while it is worked on, and one matrix out of 4 bit."""
    kv_cache: int = 0
    overhead: int = OVERHEAD_BYTES["cuda"]

    @property
    def total(self) -> int:
        """Sum of the parts."""
        return sum(asdict(self).values())

    def in_words(self) -> str:
        """The total and the parts that count, such as "5.5 GiB of memory (weights 3.6, activations 0.8)"."""
        parts = sorted(asdict(self).items(), key=lambda part: -part[1])
        listed = ", ".join(f"{name} {gib(size)}" for name, size in parts if size >= GIB / 10)
        return f"{gib(self.total)} GiB of memory ({listed})"

    def to_dict(self) -> dict[str, int]:
        """The parts and their total."""
        return {**asdict(self), "total": self.total}


def weights_of(recipe: Recipe) -> Weights:
    """What a recipe keeps the base's weights in."""
    return "nf4" if recipe.method == "qlora" else recipe.precision


def training_memory(recipe: Recipe, shape: Shape, device: Device = "cuda") -> Memory:
    """The most that a training run holds at once, if every example is as long as ``max_tokens``.

    With checkpointing each layer keeps its input alone, and the one that is worked on everything.
    """
    weights, tokens = weights_of(recipe), recipe.batch_size * recipe.max_tokens
    width, layer = WIDTH[weights], kept_per_token(recipe, shape, device)
    kept = shape.layers * width * shape.hidden + layer if recipe.gradient_checkpointing else shape.layers * layer
    logits = min(recipe.loss_chunk_tokens or tokens, tokens)
    return Memory(
        weights=weight_bytes(shape, weights),
        adapter=BYTES_PER_TRAINED * shape.trained,
        activations=kept * tokens * (CPU_HOLES if device == "cpu" else 1),
        logits=logits * shape.vocabulary * (width + LOGIT_FP32_BYTES),
        workspace=(3 if shape.gated else 2) * width * shape.intermediate * tokens + _unpacked(shape, weights),
        overhead=OVERHEAD_BYTES[device],
    )


def serving_memory(shape: Shape, weights: Weights, *, tokens: int, batch_size: int = 1) -> Memory:
    """Memory to answer ``batch_size`` tickets at once, each with ``tokens`` of prompt and answer."""
    return Memory(
        weights=weight_bytes(shape, weights),
        kv_cache=2 * shape.layers * shape.kv_heads * shape.head_width * WIDTH[weights] * tokens * batch_size,
        workspace=_unpacked(shape, weights),
    )


def weight_bytes(shape: Shape, weights: Weights) -> int:
    """Bytes of the base's weights; with NF4 embedding, head, norms and biases stay in 16 bit."""
    if weights != "nf4":
        return shape.parameters * WIDTH[weights]
    return round(shape.linear_parameters * NF4_BITS / 8) + 2 * (shape.parameters - shape.linear_parameters)


def kept_per_token(recipe: Recipe, shape: Shape, device: Device = "cuda") -> int:
    """Bytes that one layer keeps for each token.

    Korthikanti et al. 2022 (Reducing Activation Recomputation in Large Transformer Models, section 4.1) count
    s·b·h·(34 + 5·a·s/h) a layer. Adapted: SDPA never holds the s x s scores (the second term goes; one fp32 a head
    stays), no dropout inside the model, a frozen linear layer keeps no input, only its adapter does, and each norm
    keeps its input in fp32. A gated MLP keeps three tensors as wide as it is, a plain one its activation's input. An
    adapter keeps a copy of its own, in bf16 on a card (autocast) and in fp32 on a CPU; where the base is fp32 too, q, k
    and v share one, so that this is an upper bound there.
    """
    width = WIDTH[weights_of(recipe)]
    attention = width * shape.head_width * (2 * shape.heads + 2 * shape.kv_heads) + 4 * shape.heads
    norms = 2 * (4 * shape.hidden + 4)
    mlp = width * shape.intermediate * (3 if shape.gated else 1)
    inputs = shape.adapted_inputs // shape.layers
    ranks = recipe.rank * shape.adapted // shape.layers
    masks = inputs if recipe.dropout else 0
    adapter_width = width if device == "cuda" else 4
    return attention + norms + mlp + adapter_width * (inputs + ranks) + masks


def _unpacked(shape: Shape, weights: Weights) -> int:
    """Bytes of the largest matrix in 16 bit, which a 4-bit model writes out to compute with it."""
    return 2 * shape.largest_linear if weights == "nf4" else 0


def preflight(recipe: Recipe, config: Any, available_bytes: int, device: Device = "cuda") -> Memory:
    """The memory a recipe needs on a base, if the machine has it.

    Raises:
        ConfigError: it has not; the message names the parts, and the changes to the recipe that make it fit.
    """
    shape = shape_of(config, recipe)
    needed = training_memory(recipe, shape, device)
    if needed.total <= available_bytes:
        return needed
    problem = f"The recipe needs {needed.in_words()} on {recipe.base}, and {gib(available_bytes)} GiB are free."
    changes = fitting_changes(recipe, shape, available_bytes, device)
    if not changes:
        least = gib(weight_bytes(shape, "nf4"))
        raise ConfigError(
            f"{problem} No setting makes it fit (the weights take {least} GiB in 4 bit): choose a smaller base."
        )
    enough = gib(training_memory(recipe.model_copy(update=changes), shape, device).total)
    raise ConfigError(f"{problem} It fits in {enough} GiB with {in_words(recipe, changes)}.")


def gib(size_bytes: float) -> str:
    """Bytes in GiB, one decimal."""
    return f"{size_bytes / GIB:.1f}"


def fitting_changes(
    recipe: Recipe, shape: Shape, available_bytes: int, device: Device = "cuda"
) -> dict[str, int | bool | str]:
    """The keys of the recipe with values that make it fit, the cheapest in time and quality; {} if nothing does."""
    chunk = recipe.loss_chunk_tokens
    # The dearest first, as the last varies first; none is changed without need.
    choices: dict[str, list[Any]] = {
        "max_tokens": _halves(recipe.max_tokens, _SHORTEST),
        "method": [recipe.method, "qlora"],
        "gradient_checkpointing": [recipe.gradient_checkpointing, True],
        "batch_size": _halves(recipe.batch_size, 1),
        "loss_chunk_tokens": [chunk, min(chunk, _CHUNK) or _CHUNK],
    }
    for values in product(*choices.values()):
        chosen = reversed(list(zip(choices, values, strict=True)))
        changes = {key: value for key, value in chosen if value != getattr(recipe, key)}
        if training_memory(recipe.model_copy(update=changes), shape, device).total <= available_bytes:
            return changes
    return {}


def in_words(recipe: Recipe, changes: Mapping[str, Any]) -> str:
    """Changes as the recipe's lines would read."""
    words = " and ".join(f"{key} = {json.dumps(value)}" for key, value in changes.items())
    if "batch_size" not in changes:
        return words
    return f"{words} (gradient_accumulation times {recipe.batch_size // changes['batch_size']} keeps the run as it is)"


def _halves(value: int, least: int) -> list[int]:
    """The value, its half, and so on, none but the first under ``least``."""
    return [value, *_halves(value // 2, least)] if value // 2 >= least else [value]


def memory_here() -> tuple[int, Device]:
    """Free bytes of the first CUDA card, or the RAM that is available where there is none; and which of the two."""
    import psutil
    import torch

    if torch.cuda.is_available():
        return int(torch.cuda.mem_get_info(0)[0]), "cuda"
    return int(psutil.virtual_memory().available), "cpu"
