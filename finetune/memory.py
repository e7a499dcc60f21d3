"""A model's shape and a run's settings → bytes of memory, in named parts; and whether a machine has them.

Knows no model file and makes no tensor: pure arithmetic, each formula with its source. What one layer keeps for the
backward pass was held against what autograd really keeps (tests/finetune/test_memory.py): within 2 %.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal

from finetune.size import Shape, adapted, adapter_parameters, shape_of, target_modules
from support_agent.errors import ConfigError

if TYPE_CHECKING:
    from finetune.recipe import Recipe

Weights = Literal["fp32", "bf16", "nf4"]
Device = Literal["cuda", "cpu"]
GIB = 2**30

# 4 bits, and 8/64 + 32/(64 x 256) = 0.127 bits for the doubly quantised scales (Dettmers et al. 2023, section 3).
NF4_BITS = 4.127
# An adapter's weight, its gradient and AdamW's two moments, all in fp32.
BYTES_PER_TRAINED = 4 + 4 + 8
# Of each logit: what the head writes (see _width), its fp32 copy, its log-softmax, and its gradient.
LOGIT_FP32_COPIES = 3
# On a card assumed, not measured: CUDA context, cuBLAS workspace, holes in the allocator. On a CPU measured: Python,
# torch and transformers, before the first step.
OVERHEAD_BYTES: dict[Device, int] = {"cuda": 768 * 2**20, "cpu": 2**30}
# What the C allocator keeps beside tensors over a run of differently long batches: SmolLM2 with 4 examples of up to
# 1,021 tokens held 6.0 GiB after 43 steps (4.2 after the first), where this formula gives 2.4 for the activations.
CPU_HOLES = 2.0
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
        return sum(getattr(self, part.name) for part in fields(self))

    def in_words(self) -> str:
        """The total and the parts that count, such as "5.5 GiB of memory (weights 3.6, activations 0.8)"."""
        parts = {name: size for name, size in asdict(self).items() if size >= GIB / 10}
        listed = ", ".join(f"{name} {gib(size)}" for name, size in sorted(parts.items(), key=lambda part: -part[1]))
        return f"{gib(self.total)} GiB of memory ({listed})"

    def to_dict(self) -> dict[str, int]:
        """The parts and their total."""
        return {**asdict(self), "total": self.total}


@dataclass(frozen=True)
class Plan:
    """A training run as far as memory goes. ``tokens``: the longest example; ``chunk_tokens`` 0 holds all logits."""

    shape: Shape
    targets: tuple[str, ...] | str
    weights: Weights = "nf4"
    rank: int = 8
    batch_size: int = 1
    tokens: int = 1024
    chunk_tokens: int = 0
    checkpointing: bool = False
    dropout: float = 0.0
    device: Device = "cuda"


def plan_of(recipe: Recipe, config: Any, device: Device = "cuda") -> Plan:
    """The plan of a recipe on a base's configuration."""
    wanted = recipe.target_modules if isinstance(recipe.target_modules, str) else list(recipe.target_modules)
    targets = target_modules(config, wanted)
    return Plan(
        shape=shape_of(config),
        targets=targets if isinstance(targets, str) else tuple(targets),
        weights="nf4" if recipe.method == "qlora" else recipe.precision,
        rank=recipe.rank,
        batch_size=recipe.batch_size,
        tokens=recipe.max_tokens,
        chunk_tokens=recipe.loss_chunk_tokens,
        checkpointing=recipe.gradient_checkpointing,
        dropout=recipe.dropout,
        device=device,
    )


def training_memory(plan: Plan) -> Memory:
    """The most that a training run holds at once."""
    tokens = plan.batch_size * plan.tokens
    return Memory(
        weights=weight_bytes(plan.shape, plan.weights),
        adapter=BYTES_PER_TRAINED * adapter_parameters(plan.shape, plan.targets, plan.rank),
        activations=activation_bytes(plan),
        logits=logit_bytes(plan.shape, min(plan.chunk_tokens or tokens, tokens), plan.weights),
        workspace=workspace_bytes(plan),
        overhead=OVERHEAD_BYTES[plan.device],
    )


def serving_memory(shape: Shape, weights: Weights, *, tokens: int, batch_size: int = 1) -> Memory:
    """Memory to answer ``batch_size`` tickets at once, each with ``tokens`` of prompt and answer."""
    return Memory(
        weights=weight_bytes(shape, weights),
        kv_cache=2 * shape.layers * shape.kv_heads * shape.head_width * _width(weights) * tokens * batch_size,
        workspace=_matrix_bytes(shape) if weights == "nf4" else 0,
    )


def weight_bytes(shape: Shape, weights: Weights) -> int:
    """Bytes of the base's weights; with NF4 embedding, head, norms and biases stay in 16 bit."""
    if weights != "nf4":
        return shape.parameters * _width(weights)
    return round(shape.linear_parameters * NF4_BITS / 8) + 2 * (shape.parameters - shape.linear_parameters)


def _width(weights: Weights) -> int:
    """Bytes of a number that is computed with."""
    return 4 if weights == "fp32" else 2


def activation_bytes(plan: Plan) -> int:
    """What all layers keep for the backward pass; with checkpointing each its input, and one layer all."""
    tokens = plan.batch_size * plan.tokens
    layer = kept_per_token(plan)
    kept = plan.shape.layers * layer
    if plan.checkpointing:
        kept = plan.shape.layers * _width(plan.weights) * plan.shape.hidden + layer
    return round(kept * tokens * (CPU_HOLES if plan.device == "cpu" else 1))


def kept_per_token(plan: Plan) -> int:
    """Bytes that one layer keeps for each token.

    Korthikanti et al. 2022 (Reducing Activation Recomputation in Large Transformer Models, section 4.1) count
    s·b·h·(34 + 5·a·s/h) a layer. Adapted: SDPA never holds the s x s scores (the second term goes; one fp32 a head
    stays), no dropout inside the model, a frozen linear layer keeps no input, only its adapter does, and each norm
    keeps its input in fp32. A gated MLP keeps three tensors as wide as it is, a plain one its activation's input. An
    adapter keeps a copy of its own, in bf16 on a card (autocast) and in fp32 on a CPU; where the base is fp32 too, q, k
    and v share one, so that this is an upper bound there.
    """
    shape, width = plan.shape, _width(plan.weights)
    attention = width * shape.head_width * (2 * shape.heads + 2 * shape.kv_heads) + 4 * shape.heads
    norms = 2 * (4 * shape.hidden + 4)
    mlp = width * shape.intermediate * (3 if shape.gated else 1)
    layers = adapted(shape, plan.targets)
    inputs = sum(layer.inputs * layer.count for layer in layers) // shape.layers
    ranks = plan.rank * sum(layer.count for layer in layers) // shape.layers
    masks = inputs if plan.dropout else 0
    adapter_width = width if plan.device == "cuda" else 4
    return attention + norms + mlp + adapter_width * (inputs + ranks) + masks


def logit_bytes(shape: Shape, tokens: int, weights: Weights) -> int:
    """Bytes of the logits of so many tokens, and of what cross-entropy makes of them."""
    return tokens * shape.vocabulary * (_width(weights) + 4 * LOGIT_FP32_COPIES)


def workspace_bytes(plan: Plan) -> int:
    """Gradients of the widest tensors of one layer, and in 4 bit its largest matrix written out in 16 bit."""
    wide = (3 if plan.shape.gated else 2) * _width(plan.weights) * plan.shape.intermediate
    return wide * plan.batch_size * plan.tokens + (_matrix_bytes(plan.shape) if plan.weights == "nf4" else 0)


def _matrix_bytes(shape: Shape) -> int:
    return 2 * max(layer.inputs * layer.outputs for layer in shape.linears)


def preflight(recipe: Recipe, config: Any, available_bytes: int, device: Device = "cuda") -> Memory:
    """The memory a recipe needs on a base, if the machine has it.

    Raises:
        ConfigError: it has not; the message names the parts, and the changes to the recipe that make it fit.
    """
    plan = plan_of(recipe, config, device)
    needed = training_memory(plan)
    if needed.total <= available_bytes:
        return needed
    raise ConfigError(
        f"The recipe needs {needed.in_words()} on {recipe.base}, and {gib(available_bytes)} GiB are free. "
        f"{_advice(plan, available_bytes)}"
    )


def gib(size_bytes: float) -> str:
    """Bytes in GiB, one decimal."""
    return f"{size_bytes / GIB:.1f}"


def _advice(plan: Plan, available_bytes: int) -> str:
    changes = fitting_changes(plan, available_bytes)
    if changes is None:
        least = gib(weight_bytes(plan.shape, "nf4"))
        return f"No setting makes it fit (the weights take {least} GiB in 4 bit): choose a smaller base."
    changed = gib(training_memory(_changed(plan, changes)).total)
    return f"It fits in {changed} GiB with {' and '.join(change.words for change in changes)}."


@dataclass(frozen=True)
class Change:
    """One change to a recipe: how its line would read, and what it does to the plan."""

    words: str
    apply: Callable[[Plan], Plan]


def fitting_changes(plan: Plan, available_bytes: int) -> list[Change] | None:
    """The changes, cheapest first, that make a plan fit, without those that are not needed; None if nothing does."""
    taken: list[Change] = []
    for options in _changes(plan):
        for change in options:
            if _fits(plan, [*taken, change], available_bytes):
                return _needed(plan, [*taken, change], available_bytes)
        taken += options[-1:]
    return None


def _changes(plan: Plan) -> Iterator[list[Change]]:
    """Kinds of changes, the cheapest in time and quality first; within a kind from the mildest to the hardest."""
    if plan.chunk_tokens == 0 or plan.chunk_tokens > _CHUNK:
        yield [Change(f"loss_chunk_tokens = {_CHUNK}", lambda old: replace(old, chunk_tokens=_CHUNK))]
    yield [_batch(size, plan.batch_size // size) for size in _halves(plan.batch_size, 1)]
    if not plan.checkpointing:
        yield [Change("gradient_checkpointing = true", lambda old: replace(old, checkpointing=True))]
    if plan.weights != "nf4":
        yield [Change('method = "qlora"', lambda old: replace(old, weights="nf4"))]
    yield [_length(tokens) for tokens in _halves(plan.tokens, _SHORTEST)]


def _batch(size: int, times: int) -> Change:
    words = f"batch_size = {size} (gradient_accumulation times {times} keeps the run as it is)"
    return Change(words, lambda old: replace(old, batch_size=size))


def _length(tokens: int) -> Change:
    return Change(f"max_tokens = {tokens}", lambda old: replace(old, tokens=tokens))


def _halves(value: int, least: int) -> list[int]:
    found = []
    while value // 2 >= least:
        value //= 2
        found.append(value)
    return found


def _fits(plan: Plan, changes: Sequence[Change], available_bytes: int) -> bool:
    return training_memory(_changed(plan, changes)).total <= available_bytes


def _changed(plan: Plan, changes: Sequence[Change]) -> Plan:
    for change in changes:
        plan = change.apply(plan)
    return plan


def _needed(plan: Plan, changes: list[Change], available_bytes: int) -> list[Change]:
    """Leave out what is not needed, the dearest first."""
    for change in reversed(changes):
        rest = [other for other in changes if other is not change]
        if rest and _fits(plan, rest, available_bytes):
            changes = rest
    return changes


def memory_here() -> tuple[int, Device]:
    """Free bytes of the first CUDA card, or the RAM that is available where there is none; and which of the two."""
    import psutil
    import torch

    if torch.cuda.is_available():
        return int(torch.cuda.mem_get_info(0)[0]), "cuda"
    return int(psutil.virtual_memory().available), "cpu"
