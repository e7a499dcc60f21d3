"""A registry name, a folder, a GGUF file or a hub name → model and tokenizer, loaded by transformers and PEFT."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support_agent.artefacts import sha256_file
from support_agent.errors import ModelFileError
from support_agent.generation.adapters import misfit
from support_agent.generation.find_model import find_gguf, find_model, hash_folder
from support_agent.models import converted_folder
from support_agent.models.hub import why_refused

if TYPE_CHECKING:
    from support_agent.models import OnProgress


def model_place(model: str, *, offline: bool, on_progress: OnProgress | None = None) -> Path | str:
    """What transformers is to load: a folder, made of its GGUF file if the model is one, or a hub name.

    Raises:
        ModelFileError: see ``support_agent.models.ensure``.
    """
    found = find_model(model, offline=offline, on_progress=on_progress)
    if found is None:
        return model
    source = None if (found / "config.json").exists() else find_gguf(found)
    return hf_folder(source, on_progress=on_progress) if source else found


def hf_folder(source: Path, *, on_progress: OnProgress | None = None) -> Path:
    """A GGUF file as a Hugging Face folder (fp32 safetensors), made once (25 s for SmolLM2) and kept in the cache."""
    from importlib.metadata import version

    recipe = f"fp32 transformers {version('transformers')}"
    name, sha256 = f"{source.stem}-hf", sha256_file(source)
    return converted_folder(name, sha256, recipe, lambda place: _convert(source, place), on_progress=on_progress)


def _convert(source: Path, place: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    folder, file = str(source.parent), source.name
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=file)
        loaded = AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, dtype=torch.float32)
    except (ValueError, KeyError, RuntimeError) as problem:
        raise ModelFileError(f"transformers cannot read {source} ({first_line(problem)}).") from problem
    # A model read from GGUF refuses save_pretrained: the weights go into a fresh one of the same shape.
    settings = loaded.config
    if hasattr(settings, "quantization_config"):
        del settings.quantization_config
    fresh = type(loaded)(settings)
    fresh.load_state_dict(loaded.state_dict())
    fresh.save_pretrained(place)
    tokenizer.save_pretrained(place)


def load_model(
    place: Path | str,
    adapter: Path | None,
    *,
    offline: bool,
    precision: Mapping[str, Any] | None = None,
    kind: str = "AutoModelForCausalLM",
) -> tuple[Any, Any]:
    """The model, with the adapter if there is one, and its tokenizer: safetensors only, no code of the model's own.

    Args:
        place: a folder or a hub name.
        precision: what ``from_pretrained`` takes as dtype, quantization_config and device_map; without it NF4 on CUDA,
            and on a CPU bf16 where it has instructions for it.
        kind: the class of transformers that loads it.

    Raises:
        ModelFileError: it cannot be loaded, or is meant to come from the hub and the hub does not give it.
    """
    import torch
    import transformers
    from safetensors import SafetensorError

    # Asked first: transformers alone would try for half a minute.
    refusal = why_refused(place) if isinstance(place, str) and not offline else ""
    here = access(offline=offline or bool(refusal))
    named = f"{place} with the adapter {adapter}" if adapter else place
    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        settings = transformers.AutoConfig.from_pretrained(place, **here)
        tokenizer = transformers.AutoTokenizer.from_pretrained(place, **here)
        _check_memory(place)
        how = precision or _precision(settings)
        model = getattr(transformers, kind).from_pretrained(place, use_safetensors=True, **how, **here)
        return (with_adapter(model, adapter) if adapter else model), tokenizer
    except torch.OutOfMemoryError as problem:
        raise ModelFileError(f"{named} does not fit into memory. Choose a smaller model.") from problem
    except (OSError, ValueError, RuntimeError, SafetensorError) as problem:
        if refusal and isinstance(problem, OSError):
            raise ModelFileError(
                f"{place} is neither a path here nor in the hub's cache, and the hub does not give it: {refusal}. "
                "Mend that, or name another model: `support-agent models list` shows some."
            ) from problem
        raise ModelFileError(
            f"{named} cannot be loaded ({first_line(problem)}). Name a model that `support-agent models list` shows, a "
            "folder with a model in safetensors, or a hub name you have access to."
        ) from problem


def access(*, offline: bool) -> dict[str, Any]:
    """How files are loaded from a folder or the hub: no code of the model's own, no login but HF_TOKEN."""
    return {
        "local_files_only": offline,
        "trust_remote_code": False,  # left out, transformers would ask on the terminal
        "token": os.environ.get("HF_TOKEN") or False,
    }


def _check_memory(place: Path | str) -> None:
    """Refuse a model whose weights alone are more than the machine's free memory, where no card holds them.

    Raises:
        ModelFileError: names both sizes.
    """
    import psutil
    import torch

    if isinstance(place, str) or torch.cuda.is_available():
        return
    weights_bytes = sum(file.stat().st_size for file in place.glob("*.safetensors"))
    free_bytes = psutil.virtual_memory().available
    if weights_bytes > free_bytes:
        raise ModelFileError(
            f"{place.name} has weights of {weights_bytes / 2**30:.1f} GiB, {free_bytes / 2**30:.1f} GiB of memory are "
            "free, and there is no CUDA card. Use a machine with one, or a smaller model."
        )


def with_adapter(model: Any, folder: Path) -> Any:
    """The model with a PEFT adapter on it.

    Raises:
        ModelFileError: the adapter was made for a model of another shape.
    """
    from peft import PeftModel

    try:
        with quiet_peft():
            adapted = PeftModel.from_pretrained(model, str(folder))
            # What the first loading had no place for is told by the second alone.
            strange = adapted.load_adapter(str(folder), "default").unexpected_keys
    except RuntimeError as problem:
        if "size mismatch" not in str(problem):
            raise
        raise misfit(folder, model.name_or_path, str(problem).splitlines()[-1].strip(" \t.")) from problem
    if strange:
        layer = strange[0].removeprefix("base_model.model.")
        raise misfit(folder, model.name_or_path, f"the model has no layer {layer}")
    return adapted


@contextmanager
def quiet_peft() -> Iterator[None]:
    """PEFT 0.21 reads a property that transformers 5.23 has renamed, and says that it sets what it must for GPT-2."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="fan_in_fan_out is set to False", category=UserWarning)
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)
        yield


def _precision(settings: Any) -> dict[str, Any]:
    """NF4 on CUDA, unless the model is quantised already; on CPU bf16 where it has instructions for it, else fp32."""
    import torch

    if not torch.cuda.is_available():
        fast = torch.ops.mkldnn._is_mkldnn_bf16_supported()
        return {"dtype": torch.bfloat16 if fast else torch.float32}
    dtype = torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if getattr(settings, "quantization_config", None):
        return {"dtype": dtype, "device_map": {"": 0}}
    return {"dtype": dtype, "device_map": {"": 0}, "quantization_config": nf4(dtype)}


def nf4(compute_dtype: Any) -> Any:
    """Weights in 4 bit, scales quantised too: else bitsandbytes corrupts the live model on a CPU when it is saved."""
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(  # type: ignore[no-untyped-call]
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=compute_dtype,
    )


def weights_version(place: Path | str, adapter: Path | None) -> str:
    """A hub name as it is; for folders a hash over their weights and settings."""
    return "+".join(part if isinstance(part, str) else hash_folder(part) for part in (place, adapter) if part)


def first_line(problem: Exception) -> str:
    """What an engine's error says first, or its class where it says nothing."""
    lines = str(problem).strip().splitlines()
    return lines[0][:200] if lines else type(problem).__name__
