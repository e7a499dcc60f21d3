"""A base model and an adapter → one model: a Hugging Face folder, or of a GGUF base a Q8_0 GGUF file.

What is written is whole or not there at all.
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support_agent.artefacts import write_manifest
from support_agent.disk import put_in_place, translated_errors
from support_agent.errors import ConfigError, ModelFileError
from support_agent.generation.adapters import Adapter, check_adapter, check_whole, find_adapter
from support_agent.generation.find_model import find_gguf, find_model, hash_folder
from support_agent.generation.gguf_adapter import write_merged
from support_agent.generation.hf_loading import first_line, load_model, model_place
from support_agent.generation.prompt import PLAIN_TEMPLATE, prompt_version

if TYPE_CHECKING:
    from support_agent.models import OnProgress

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pair:
    """An adapter and the base it is merged into, checked against each other."""

    adapter: Adapter
    base: str


def find_pair(
    name: str, base: str | None = None, *, offline: bool = False, on_progress: OnProgress | None = None
) -> Pair:
    """The adapter of this name and its base.

    Args:
        base: another base than the one the adapter names, such as the same model in another format; then only the
            shapes of the tensors are compared.

    Raises:
        ConfigError, ModelFileError: the adapter is not there, not whole, or not for this base or today's prompt.
    """
    folder = find_adapter(name, offline=offline, on_progress=on_progress)
    adapter = check_whole(folder)
    if base:
        if base != adapter.base:
            logger.warning("%s was made for %s and is merged into %s, as asked.", name, adapter.base, base)
        return Pair(adapter, base)
    if not adapter.base:
        raise ConfigError(f"The adapter {name} does not say what it was made for. Name it: --base MODEL.")
    return Pair(check_adapter(folder, adapter.base, offline=offline), adapter.base)


def merge_to_folder(pair: Pair, target: Path, *, offline: bool = False, on_progress: OnProgress | None = None) -> None:
    """Write the merged model as a Hugging Face folder in the base's own precision, with tokenizer and chat template.

    A base without a chat template gets the plain one that the agent uses for such models.

    Raises:
        ModelFileError: the base cannot be loaded, the adapter does not fit it, or the target cannot be written.
    """
    place = model_place(pair.base, offline=offline, on_progress=on_progress)
    _refuse_sources(target, pair, place)
    with _new(target) as made:
        model, tokenizer = _load(place, pair, offline=offline)
        model.save_pretrained(made)
        tokenizer.save_pretrained(made)
        write_manifest(made, _facts(pair), sorted(file.name for file in made.iterdir()))


def merge_to_gguf(pair: Pair, target: Path, *, offline: bool = False, on_progress: OnProgress | None = None) -> None:
    """Write the merged model as one GGUF file with 8-bit weights, for llama.cpp, Ollama or the generator openvino.

    Raises:
        ConfigError: the base is no GGUF file.
        ModelFileError: the adapter does not fit it, it cannot be merged into, or the target cannot be written.
    """
    found = find_model(pair.base, offline=offline, on_progress=on_progress)
    source = find_gguf(found) if found else None
    if source is None:
        raise ConfigError(
            f"A GGUF file is made here from a GGUF base, and {pair.base} is none. Write --format safetensors and turn "
            "the folder into GGUF with llama.cpp's convert_hf_to_gguf.py, or name a GGUF file of the base with --base."
        )
    _refuse_sources(target, pair, source)
    with _new(target) as made:
        write_merged(source, pair.adapter.folder, made)


def _load(place: Path | str, pair: Pair, *, offline: bool) -> tuple[Any, Any]:
    """The merged model, on the CPU, and its tokenizer."""
    adapted, tokenizer = load_model(place, pair.adapter.folder, offline=offline, precision={"dtype": "auto"})
    try:
        model = adapted.merge_and_unload(safe_merge=True)
    except (ValueError, RuntimeError) as problem:
        raise ModelFileError(
            f"{pair.adapter.name} cannot be merged into {pair.base} ({first_line(problem)}). Check both: "
            f"`support-agent adapters check {pair.adapter.name}`."
        ) from problem
    if not tokenizer.chat_template:
        # vLLM adds no start token to a chat, so that the template must write it where the tokenizer would.
        starts = bool(tokenizer.bos_token_id is not None and tokenizer("").input_ids[:1] == [tokenizer.bos_token_id])
        tokenizer.chat_template = ("{{ bos_token }}" if starts else "") + PLAIN_TEMPLATE
    return model, tokenizer


@contextmanager
def _new(target: Path) -> Iterator[Path]:
    """A place beside ``target`` that takes its place when the block ends without an error."""
    from safetensors import SafetensorError

    mend = "Make room, or name a place on another disk with -o."
    with translated_errors(target, ModelFileError, mend), put_in_place(target) as made:
        try:
            yield made
        except SafetensorError as problem:  # what it says of a full disk
            raise OSError(errno.EIO, str(problem)) from problem


def _refuse_sources(target: Path, pair: Pair, place: Path | str) -> None:
    """Whatever --force says, what is merged is not overwritten with the merged."""
    sources = [pair.adapter.folder.resolve(), *([place.resolve()] if isinstance(place, Path) else [])]
    if any(source.is_relative_to(target.resolve()) for source in sources):
        raise ConfigError(f"{target} holds what is to be merged. Name another place with -o.")


def _facts(pair: Pair) -> dict[str, Any]:
    from importlib.metadata import version

    return {
        "kind": "support-agent merged model",
        "format": 1,
        "base": pair.base,
        "adapter": pair.adapter.name,
        "adapter_hash": hash_folder(pair.adapter.folder),
        "prompt_version": prompt_version(),
        "versions": {name: version(name) for name in ("support-agent", "transformers", "peft", "torch")},
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def check_target(target: Path, *, replace: bool) -> None:
    """Refuse to write over what is there, unless it is a model and may be replaced.

    Raises:
        ConfigError: the message says what stands there.
    """
    if not target.exists():
        return
    if not replace:
        raise ConfigError(f"{target} is there already. Name another place with -o, or replace it with --force.")
    if not ((target / "config.json").is_file() or (target.is_file() and target.suffix == ".gguf")):
        raise ConfigError(f"{target} is no model, so it is not replaced. Name another place with -o.")
