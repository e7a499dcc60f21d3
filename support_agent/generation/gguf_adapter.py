"""A LoRA adapter → what it adds to each matrix of a GGUF model, so that an engine without adapters can run it.

OpenVINO passes over the adapters of a GGUF model without a word, hence merging.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support_agent.errors import ModelFileError
from support_agent.generation.adapters import CONFIG_FILE, WEIGHTS_FILE, misfit, read_json
from support_agent.generation.gguf import Deltas, metadata, open_gguf, write_quantised

if TYPE_CHECKING:
    import gguf
    import numpy as np

_MEND = "Make or fetch the adapter again."
_OTHERWISE = "Choose the generator transformers, which loads the adapter as it is, or another adapter."

# llama.cpp reorders the rows of q and k in these architectures, and leaves them in the others.
_ARCHITECTURES = {"llama": {"attn_q", "attn_k"}, "qwen2": set[str](), "qwen3": set[str]()}

# What adapter_config.json may say without changing the arithmetic of a trained adapter, and what is read of it; a rank
# is that of the matrices. Any other key that says something is refused: a later PEFT may have invented it.
_NEUTRAL = frozenset(
    "auto_mapping base_model_name_or_path eva_config exclude_modules inference_mode layers_pattern layers_to_transform "
    "lora_dropout peft_version qalora_group_size revision runtime_config target_modules task_type megatron_core r "
    "rank_pattern loftq_config corda_config lora_ga_config ensure_weight_tying init_lora_weights".split()
)
_READ = frozenset("peft_type lora_alpha use_rslora alpha_pattern bias".split())
# These begin from a changed base, so that the adapter's matrices mean nothing beside the unchanged one.
_CHANGES_THE_BASE = ("pissa", "olora", "loftq", "corda", "lora_ga")


@dataclass(frozen=True)
class LowRank:
    """One layer's change: ``scale · up @ down``, of the layer's shape (outputs × inputs)."""

    down: np.ndarray  # rank × inputs, PEFT's lora_A
    up: np.ndarray  # outputs × rank, PEFT's lora_B
    scale: float

    def product(self, heads: int = 0) -> np.ndarray:
        """The change as one float32 matrix, with the rows of so many heads in the order of the GGUF file."""
        result: np.ndarray = (_interleaved(self.up, heads) @ self.down) * self.scale
        return result


def write_merged(base: Path, adapter: Path, target: Path) -> None:
    """Write a GGUF model with an adapter merged in, every matrix as Q8_0. The same bytes every time.

    Raises:
        ModelFileError: the adapter cannot be merged, or was made for another model.
    """
    write_quantised(base, target, _deltas_for(base, adapter))


def _deltas_for(base: Path, adapter: Path) -> Deltas:
    """What the adapter adds, by the base's tensor names, each computed when it is called."""
    import gguf

    reader = open_gguf(base)
    architecture = reader.fields["general.architecture"].contents()
    if architecture not in _ARCHITECTURES:
        raise ModelFileError(
            f"An adapter can be merged into GGUF models of the architectures {', '.join(_ARCHITECTURES)}, and {base} "
            f"is of {architecture!r}. {_OTHERWISE}"
        )
    shapes = {tensor.name: tuple(int(size) for size in reversed(tensor.shape)) for tensor in reader.tensors}
    kind = next(kind for kind, name in gguf.MODEL_ARCH_NAMES.items() if name == architecture)
    blocks = {name.split(".")[1] for name in shapes if name.startswith("blk.")}
    names = gguf.get_tensor_name_map(kind, len(blocks))
    heads = {name: _heads(reader, name) for name in _ARCHITECTURES[architecture]}
    deltas: dict[str, Callable[[], Any]] = {}
    for layer, change in read_lora(adapter).items():
        name = names.get_name(f"{layer}.weight", try_suffixes=(".weight",)) or ""
        there, here = shapes.get(name), (change.up.shape[0], change.down.shape[1])
        if there != here:
            why = f"{layer} is {there} there and {here} here" if there else f"the model has no layer {layer}"
            raise misfit(adapter, base, why)
        deltas[name] = partial(change.product, heads.get(name.split(".")[-2], 0))
    return deltas


def read_lora(folder: Path) -> dict[str, LowRank]:
    """The changes of a LoRA adapter, by Hugging Face's name of the layer, such as model.layers.0.self_attn.q_proj.

    Raises:
        ModelFileError: it is no plain LoRA adapter, or its files are damaged.
    """
    settings, file = _read_settings(folder / CONFIG_FILE), folder / WEIGHTS_FILE
    downs, ups = _read_sides(file)
    changes = {}
    for layer in sorted(downs.keys() | ups.keys()):
        down, up = downs.get(layer), ups.get(layer)
        if down is None or up is None or down.ndim != 2 or up.ndim != 2 or down.shape[0] != up.shape[1]:
            shapes = [None if matrix is None else matrix.shape for matrix in (down, up)]
            raise ModelFileError(
                f"{file} does not fit together: {layer} has lora_A {shapes[0]} and lora_B {shapes[1]}. {_MEND}"
            )
        changes[layer] = LowRank(down, up, _scale(settings, layer, len(down), folder / CONFIG_FILE))
    if not changes:
        raise ModelFileError(f"{file} holds no LoRA layer. {_MEND}")
    return changes


def _read_settings(path: Path) -> Mapping[str, Any]:
    settings = read_json(path)
    kind, initial = settings.get("peft_type"), str(settings.get("init_lora_weights"))
    if kind != "LORA":
        raise ModelFileError(f"{path} describes an adapter of the kind {kind}; only LORA can be merged. {_OTHERWISE}")
    unknown = [key for key, value in settings.items() if value and key not in _NEUTRAL | _READ]
    if settings.get("bias", "none") != "none":
        unknown.append("bias")
    if initial.startswith(_CHANGES_THE_BASE):
        unknown.append("init_lora_weights")
    if unknown:
        raise ModelFileError(
            f"{path} sets {unknown[0]} = {settings[unknown[0]]!r}, which cannot be merged into a GGUF model. "
            f"{_OTHERWISE}"
        )
    return settings


def _scale(settings: Mapping[str, Any], layer: str, rank: int, path: Path) -> float:
    """PEFT's: alpha / rank, or alpha / √rank for rank-stabilised LoRA; single layers may have an alpha of their own.

    The first pattern that matches the end of the layer's name counts, as in PEFT's get_pattern_key.
    """
    try:
        patterns = settings.get("alpha_pattern") or {}
        own = [value for key, value in patterns.items() if re.match(rf"(.*\.)?({key})$", layer)]
        scale = float([*own, settings["lora_alpha"]][0]) / (math.sqrt(rank) if settings.get("use_rslora") else rank)
        if not math.isfinite(scale):
            raise ValueError(f"the scale of {layer} is {scale}")
    except (KeyError, TypeError, ValueError, AttributeError, ZeroDivisionError, re.error) as problem:
        raise ModelFileError(f"{path} is no PEFT configuration ({problem!r}). {_MEND}") from problem
    return scale


def _read_sides(path: Path) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The matrices A and B by layer, as float32.

    Raises:
        ModelFileError: the file is damaged, or holds something that is neither.
    """
    import safetensors
    import torch
    from safetensors.torch import load_file  # NumPy has no bf16

    try:
        stored = load_file(path)
    except (safetensors.SafetensorError, OSError) as problem:
        raise ModelFileError(f"{path} cannot be read ({problem}). {_MEND}") from problem
    sides: dict[str, dict[str, np.ndarray]] = {"A": {}, "B": {}}
    for name, tensor in stored.items():
        match = re.fullmatch(r"(?:base_model\.model\.)?(.+)\.lora_(A|B)(?:\.default)?\.weight", name)
        if not match or not tensor.is_floating_point():
            raise ModelFileError(
                f"{path} holds {name} ({tensor.dtype}), which is no part of a plain LoRA and cannot be merged into a "
                f"GGUF model. {_OTHERWISE}"
            )
        if not torch.isfinite(tensor).all():
            raise ModelFileError(f"{path} holds {name} with values that are no numbers. {_MEND}")
        sides[match[2]][match[1]] = tensor.float().numpy()
    return sides["A"], sides["B"]


def _heads(reader: gguf.GGUFReader, name: str) -> int:
    heads = metadata(reader, "attention.head_count")
    return int((metadata(reader, "attention.head_count_kv") or heads) if name == "attn_k" else heads)


def _interleaved(matrix: np.ndarray, heads: int) -> np.ndarray:
    """The matrix with each head's halves interleaved; as it is where ``heads`` is 0.

    llama.cpp, convert_hf_to_gguf.py, LlamaModel.permute: Hugging Face keeps a head's first and second halves apart,
    llama.cpp's rotary embedding takes neighbouring rows as pairs.
    """
    if not heads:
        return matrix
    rows, columns = matrix.shape
    return matrix.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)
