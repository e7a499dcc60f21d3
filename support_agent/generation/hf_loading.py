"""Name of a model and of an adapter → both loaded by transformers and PEFT.

Comes in: a registry name, a folder, a GGUF file or a hub name. Goes out: model and tokenizer, 4-bit on CUDA. Knows no
prompt.
"""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support_agent.artefacts import sha256_bytes, sha256_file
from support_agent.errors import ConfigError, ModelFileError
from support_agent.generation.find_model import find_gguf, find_model
from support_agent.models import HubSource, ModelFile, SourceError, converted_folder

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
    return converted_folder(
        f"{source.stem}-hf",
        sha256_file(source),
        recipe,
        lambda place: _convert(source, place),
        on_progress=on_progress,
    )


def _convert(source: Path, place: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

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


def load_model(place: Path | str, adapter: Path | None, *, offline: bool) -> tuple[Any, Any]:
    """The model, with the adapter if there is one, and its tokenizer: safetensors only, no code of the model's own.

    Raises:
        ModelFileError: the model is meant to come from the hub and the hub does not give it.
        OSError, ValueError, RuntimeError, SafetensorError: it cannot be loaded.
    """
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    refusal = _hub_refusal(place) if isinstance(place, str) and not offline else ""
    here = offline or bool(refusal)
    try:
        settings = AutoConfig.from_pretrained(place, local_files_only=here)
        tokenizer = AutoTokenizer.from_pretrained(place, local_files_only=here)
        model = AutoModelForCausalLM.from_pretrained(
            place, local_files_only=here, use_safetensors=True, **_precision(settings)
        )
    except OSError as problem:
        if refusal:
            raise ModelFileError(
                f"{place} is neither a path here nor in the hub's cache, and the hub does not give it: {refusal}. "
                "Mend that, or name another model: `support-agent models list` shows some."
            ) from problem
        raise
    return (_with_adapter(model, adapter) if adapter else model), tokenizer


def _hub_refusal(repo: str) -> str:
    """Why the hub does not give a model, empty if it does; transformers alone would try for half a minute."""
    with tempfile.TemporaryDirectory() as scratch:
        try:
            HubSource(repo, "main").fetch(ModelFile("config.json"), Path(scratch), lambda *_: None)
        except SourceError as problem:
            return str(problem).rstrip(".")
    return ""


def _with_adapter(model: Any, folder: Path) -> Any:
    from peft import PeftModel

    with warnings.catch_warnings():
        # PEFT 0.21 reads a property that transformers 5.23 has renamed; nobody here can mend that.
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)
        return PeftModel.from_pretrained(model, str(folder))


def _precision(settings: Any) -> dict[str, Any]:
    """NF4 on CUDA, unless the model is quantised already; on CPU bf16 where it has instructions for it, else fp32."""
    import torch
    from transformers import BitsAndBytesConfig

    if not torch.cuda.is_available():
        fast = torch.ops.mkldnn._is_mkldnn_bf16_supported()
        return {"dtype": torch.bfloat16 if fast else torch.float32}
    dtype = torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if getattr(settings, "quantization_config", None):
        return {"dtype": dtype, "device_map": {"": 0}}
    nf4 = BitsAndBytesConfig(  # type: ignore[no-untyped-call]
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=dtype
    )
    return {"dtype": dtype, "device_map": {"": 0}, "quantization_config": nf4}


def adapter_folder(name: str, *, offline: bool, on_progress: OnProgress | None = None) -> Path:
    """The adapter's folder, if it is one whose weights are safetensors."""
    folder = find_model(name, offline=offline, on_progress=on_progress)
    if folder is None or not (folder / "adapter_config.json").is_file():
        raise ConfigError(
            f"There is no adapter {name!r}: it is neither a folder with an adapter_config.json nor a name that "
            "`support-agent models list` shows."
        )
    if not (folder / "adapter_model.safetensors").is_file():
        raise ModelFileError(
            f"{folder} has no adapter_model.safetensors. An adapter_model.bin is a pickle, which may run code, and is "
            "not loaded: save the adapter again with a PEFT of 0.5 or later."
        )
    return folder


def weights_version(place: Path | str, adapter: Path | None) -> str:
    """A hub name as it is; for folders a hash over their weights and settings."""
    parts = [place if isinstance(place, str) else _hash_folder(place)]
    if adapter:
        parts.append(_hash_folder(adapter))
    return "+".join(parts)


def _hash_folder(folder: Path) -> str:
    files = sorted([*folder.glob("*.safetensors"), *folder.glob("*config.json")])
    return sha256_bytes("".join(f"{file.name}{sha256_file(file)}" for file in files).encode())[:12]


def first_line(problem: Exception) -> str:
    """What an engine's error says first, or its class where it says nothing."""
    lines = str(problem).strip().splitlines()
    return lines[0][:200] if lines else type(problem).__name__
