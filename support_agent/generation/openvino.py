"""Prompts → drafts on the CPU, by OpenVINO GenAI: the embedded default.

It takes a GGUF file of any quantisation, and an adapter if there is one. On first use the adapter is merged in, and the
file becomes 8-bit weights and then OpenVINO's own format, all once; later starts read that (load 2 s instead of 6 s).
"""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support_agent.artefacts import sha256_bytes, sha256_file, write_json
from support_agent.errors import ConfigError, GenerationError, ModelFileError
from support_agent.generation.adapters import choose_adapter
from support_agent.generation.find_model import find_gguf, find_model, hash_folder
from support_agent.generation.fitting import fit_prompt, plain_messages, room_for_prompt
from support_agent.generation.gguf import metadata, open_gguf, write_quantised
from support_agent.generation.gguf_adapter import write_merged
from support_agent.generation.prompt import PLAIN_TEMPLATE, Prompt
from support_agent.generation.stopping import Shown, before_stop
from support_agent.models import converted_folder
from support_agent.openvino_import import import_openvino
from support_agent.records import Draft
from support_agent.sharing import opened_once

if TYPE_CHECKING:
    from support_agent.config import Config
    from support_agent.models import OnProgress

# No stop string is longer than this, in tokens.
_STOP_TOKENS = 16
_GEOMETRY = "geometry.json"
_GIB = 2**30

# bf16 (the engine's choice where the CPU has it) and an 8-bit cache make a draft depend on which others are in its
# batch (14 of 16 the same); with both at f32, 32 of 32 were the same alone and in a batch of 16, for the same CPU time.
_ENGINE = {
    "INFERENCE_PRECISION_HINT": "f32",
    "KV_CACHE_PRECISION": "f32",
    "prompt_lookup": True,
    "ENABLE_CPU_PINNING": False,  # pinned, processes of one thread each would share the first core
}


class OpenVinoGenerator:
    """Greedy drafts with prompt lookup, one scheduler for all prompts of a call, exact log-probabilities.

    The engine's own sum of log-probabilities leaves out the tokens that prompt lookup guessed right (−3.1 instead of
    −10.5 for one draft), so this drives the scheduler request by request, which gives each token's.
    """

    name = "openvino"

    def __init__(self, folder: Path, *, max_new_tokens: int, threads: int = 0, version: str = "") -> None:
        """Load a folder that ``converted_model`` has made.

        Args:
            version: names the weights; the folder's own name changes with the engine too.

        Raises:
            ModelFileError: the engine cannot load it.
        """
        self.version = version or folder.name
        geometry = json.loads((folder / _GEOMETRY).read_text("utf-8"))
        self._limit_tokens = room_for_prompt(geometry["context_tokens"], max_new_tokens)
        self._pipeline = _load(folder, geometry, threads)
        self._tokenizer = self._pipeline.get_tokenizer()
        if not self._tokenizer.chat_template:
            self._tokenizer.set_chat_template(PLAIN_TEMPLATE)
        self._settings = _generation_config(max_new_tokens, self._tokenizer.get_eos_token_id())
        self._alone = threading.Lock()

    @classmethod
    def open(cls, config: Config, on_progress: OnProgress | None = None) -> OpenVinoGenerator:
        """Find, convert and load the model of the settings; an engine that this process has open is shared.

        Raises:
            ConfigError: ``config.model`` is neither a registry name nor a GGUF file, or the adapter is not for it.
            ModelFileError: see ``support_agent.models.ensure``, and ``gguf_adapter`` for what an adapter cannot hold.
        """
        found = find_model(config.model, offline=config.offline, on_progress=on_progress)
        source = find_gguf(found) if found else None
        if source is None:
            raise ConfigError(
                f"The generator openvino takes a GGUF file, and {config.model!r} is neither one, nor a folder with "
                "one, nor the name of one. `support-agent models list` shows the names; the generator transformers "
                "takes models of other kinds."
            )
        adapter = choose_adapter(config, on_progress=on_progress)
        folder = converted_model(source, adapter, on_progress=on_progress)
        version = weights_version(source, adapter)
        longest, threads = config.max_new_tokens, config.threads
        return opened_once(
            (cls, folder, version, longest, threads),
            lambda: cls(folder, max_new_tokens=longest, threads=threads, version=version),
        )

    def generate_until(self, prompts: Sequence[Prompt], lost: Sequence[Callable[[str], bool]]) -> list[Draft]:
        """Write one draft for each prompt, while anything of it can be sent; see ``StoppableGenerator``."""
        return self.generate(prompts, lost=lost)

    def generate(
        self,
        prompts: Sequence[Prompt],
        on_text: Callable[[str], bool] | None = None,
        *,
        lost: Sequence[Callable[[str], bool]] = (),
    ) -> list[Draft]:
        """Write one draft for each prompt; see ``Generator``."""
        inputs = [self._encode(self._render(fit_prompt(p, self._count_tokens, self._limit_tokens))) for p in prompts]
        with self._alone:
            try:
                return self._run(inputs, on_text, lost)
            except RuntimeError as problem:
                raise GenerationError(f"OpenVINO could not write ({_last_line(problem)}). Try again.") from problem

    def _render(self, prompt: Prompt) -> str:
        text: str = self._tokenizer.apply_chat_template(plain_messages(prompt), add_generation_prompt=True)
        return text

    def _encode(self, text: str) -> Any:
        return self._tokenizer.encode(text, add_special_tokens=False).input_ids

    def _count_tokens(self, prompt: Prompt) -> int:
        tokens: int = self._encode(self._render(prompt)).shape[1]
        return tokens

    def _run(
        self, inputs: Sequence[Any], on_text: Callable[[str], bool] | None, lost: Sequence[Callable[[str], bool]]
    ) -> list[Draft]:
        handles = [self._pipeline.add_request(at, ids, self._settings) for at, ids in enumerate(inputs)]
        drafts = [_Written(handle) for handle in handles]
        shown = Shown(on_text) if on_text else None
        try:
            while self._pipeline.has_non_finished_requests():
                self._pipeline.step()
                for draft in drafts:
                    self._stop_at_a_stop_string(draft)
                for draft, is_lost in zip(drafts, lost, strict=False):
                    if not draft.finish and is_lost(self._decode(draft.read())):
                        draft.drop()
                if shown and shown.show(self._decode(drafts[0].read())):
                    return [replace(self._draft(drafts[0]), text=shown.text, finish="length")]
            written = [self._draft(draft) for draft in drafts]
            if shown:
                shown.finish(written[0].text)
            return written
        finally:
            self._leave_clean(handles)

    def _stop_at_a_stop_string(self, draft: _Written) -> None:
        """End a draft that has written one.

        The engine's own stop strings are not used: its sampler threads decode for them side by side, and now and then
        all wait for ever for a decoder that none holds (openvino-genai 2026.4, twice in some ten runs of 500 drafts).
        """
        known = len(draft.ids)
        written = draft.read()
        tail = written[-(len(written) - known + _STOP_TOKENS) :] if len(written) > known else []
        if tail and before_stop(text := self._decode(tail)) != text:
            draft.stop()

    def _draft(self, written: _Written) -> Draft:
        return Draft(
            before_stop(self._decode(written.read())),
            self.name,
            written.finish or "stop",
            len(written.ids),
            math.fsum(written.log_probs),
            min(written.log_probs, default=None),
        )

    def _decode(self, ids: Sequence[int]) -> str:
        text: str = self._tokenizer.decode(list(ids)) if ids else ""
        return text

    def _leave_clean(self, handles: Sequence[Any]) -> None:
        """Take requests that were left unfinished out of the scheduler, so that the next call does not meet them."""
        for handle in handles:
            handle.cancel()
        while self._pipeline.has_non_finished_requests():
            self._pipeline.step()


class _Written:
    """Token ids and log-probabilities of one draft, as the scheduler hands them out."""

    def __init__(self, handle: Any) -> None:
        self.ids: list[int] = []
        self.log_probs: list[float] = []
        self.finish = ""
        self._handle = handle

    def stop(self) -> None:
        """Write no more."""
        self._handle.stop()

    def drop(self) -> None:
        """Write no more, as nothing of it will be sent."""
        self.finish = "dropped"
        self._handle.stop()

    def read(self) -> list[int]:
        """Take what was written since the last time; returns the ids of the whole draft."""
        from openvino_genai import GenerationFinishReason

        while self._handle.can_read():
            for output in self._handle.read().values():
                self.ids += output.generated_ids
                self.log_probs += output.generated_log_probs
                if output.finish_reason == GenerationFinishReason.LENGTH:
                    self.finish = "length"
        return self.ids


def converted_model(source: Path, adapter: Path | None = None, *, on_progress: OnProgress | None = None) -> Path:
    """The OpenVINO form of a GGUF file, made once (10 s for 135 million parameters) and kept in the cache.

    Args:
        adapter: folder of a LoRA adapter to merge in; each pair of base and adapter is kept apart.

    Raises:
        ModelFileError: OpenVINO cannot convert it, or the adapter cannot be merged into it.
    """
    from importlib.metadata import version

    recipe = f"q8_0 openvino-genai {version('openvino-genai')}"
    if adapter:
        recipe += f" adapter {hash_folder(adapter)}"
    name = f"{_name_of(source, adapter)}-openvino"
    return converted_folder(
        name, sha256_file(source), recipe, lambda place: _convert(source, adapter, place), on_progress=on_progress
    )


def weights_version(source: Path, adapter: Path | None) -> str:
    """Name and hash of a model and its adapter, whatever engine runs them."""
    hashes = f"{sha256_file(source)}\0{hash_folder(adapter) if adapter else ''}"
    return f"{_name_of(source, adapter)}-{sha256_bytes(hashes.encode())[:12]}"


def _name_of(source: Path, adapter: Path | None) -> str:
    return f"{source.stem}-{adapter.resolve().name}" if adapter else source.stem


def _convert(source: Path, adapter: Path | None, place: Path) -> None:
    import_openvino()
    import openvino_genai

    quantised = place / "q8_0.gguf"
    if adapter:
        write_merged(source, adapter, quantised)
    else:
        write_quantised(source, quantised)
    write_json(place / _GEOMETRY, _geometry(quantised))
    try:
        # Saves the graph beside the GGUF file, which is not needed after that.
        openvino_genai.LLMPipeline(str(quantised), "CPU", enable_save_ov_model=True)
    except RuntimeError as problem:
        raise ModelFileError(
            f"OpenVINO cannot convert {source} ({_last_line(problem)}). It takes Llama, Qwen2, Qwen3 and their kin; "
            "for others choose the generator transformers."
        ) from problem
    quantised.unlink()


def _geometry(file: Path) -> dict[str, int]:
    """Context length, and what one token takes in the f32 key/value cache."""
    reader = open_gguf(file)
    heads, width = metadata(reader, "attention.head_count"), metadata(reader, "embedding_length")
    head_width = metadata(reader, "attention.key_length") or width // heads
    kept_heads = metadata(reader, "attention.head_count_kv") or heads
    return {
        "context_tokens": int(metadata(reader, "context_length")),
        "cache_bytes_per_token": int(metadata(reader, "block_count") * kept_heads * head_width * 2 * 4),
    }


def _load(folder: Path, geometry: Mapping[str, int], threads: int) -> Any:
    import_openvino()
    import openvino_genai

    scheduler = openvino_genai.SchedulerConfig()
    # Room for one prompt of full length and as much again for others; a fuller batch waits its turn.
    scheduler.cache_size = max(1, math.ceil(2 * geometry["context_tokens"] * geometry["cache_bytes_per_token"] / _GIB))
    scheduler.enable_prefix_caching = True
    properties: dict[str, Any] = dict(_ENGINE)
    if threads:
        properties["INFERENCE_NUM_THREADS"] = threads
    try:
        return openvino_genai.ContinuousBatchingPipeline(str(folder), scheduler, "CPU", properties)
    except RuntimeError as problem:
        raise ModelFileError(
            f"OpenVINO cannot load {folder} ({_last_line(problem)}). Delete that folder: it is made again."
        ) from problem


def _generation_config(max_new_tokens: int, end_token: int, *, guessed_tokens: int = 5, matched_tokens: int = 3) -> Any:
    import openvino_genai

    settings = openvino_genai.GenerationConfig()
    settings.max_new_tokens = max_new_tokens
    settings.do_sample = False
    settings.apply_chat_template = False
    settings.logprobs = 1
    settings.eos_token_id = end_token
    settings.num_assistant_tokens = guessed_tokens
    settings.max_ngram_size = matched_tokens
    return settings


def _last_line(problem: Exception) -> str:
    """The engine's messages hold its source lines; the last line with words says what is wrong."""
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    return lines[-1][:200] if lines else type(problem).__name__
