"""Prompts → drafts by transformers: any causal language model, with a LoRA adapter if one is given; 4-bit on CUDA.

Comes in: a registry name, a folder, a GGUF file or a hub name. Knows no customer.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from support_agent.errors import ConfigError, GenerationError, ModelFileError
from support_agent.generation.fitting import fit_prompt, plain_messages
from support_agent.generation.prompt import PLAIN_TEMPLATE, Prompt
from support_agent.generation.stopping import before_stop
from support_agent.records import Draft

if TYPE_CHECKING:
    from support_agent.config import Config
    from support_agent.models import OnProgress

logger = logging.getLogger(__name__)

_DEFAULT_CONTEXT = 4096  # for a model that does not say; Llama-2's


class TransformersGenerator:
    """Greedy drafts in padded batches, with the log-probability of every token."""

    name = "transformers"

    def __init__(self, model: Any, tokenizer: Any, *, max_new_tokens: int, version: str) -> None:
        """Take a causal language model and its tokenizer, both loaded."""
        self.version = version
        self._model = model.eval()
        self._tokenizer = tokenizer
        self._tokenizer.padding_side = "left"
        if self._tokenizer.pad_token_id is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token
        self._template = None if self._tokenizer.chat_template else PLAIN_TEMPLATE
        self._max_new_tokens = max_new_tokens
        context = getattr(model.config, "max_position_embeddings", None) or _DEFAULT_CONTEXT
        self._limit_tokens = context - max_new_tokens
        if self._limit_tokens < 1:
            raise ConfigError(
                f"max_new_tokens is {max_new_tokens:,}, but the model reads and writes only {context:,} tokens in all. "
                "Lower it."
            )
        self._ends = _end_tokens(model, tokenizer)

    @classmethod
    def open(cls, config: Config, *, on_progress: OnProgress | None = None) -> TransformersGenerator:
        """Find and load the model and the adapter of the settings.

        Raises:
            ConfigError: there is no such model or adapter.
            ModelFileError: its files are missing, damaged, or of a kind that is not loaded.
        """
        import torch

        if config.threads:
            torch.set_num_threads(config.threads)
        place = model_place(config.model, offline=config.offline, on_progress=on_progress)
        adapter = _adapter_folder(config, on_progress) if config.adapter else None
        try:
            model, tokenizer = _load(place, adapter, offline=config.offline)
        except torch.OutOfMemoryError as problem:
            raise GenerationError(f"{config.model} does not fit into memory. {_SMALLER}") from problem
        except (OSError, ValueError, RuntimeError) as problem:
            raise ModelFileError(
                f"{config.model} cannot be loaded ({_first_line(problem)}). Set model to a name from "
                "`support-agent models list`, a folder with a causal language model, or a hub name."
            ) from problem
        return cls(model, tokenizer, max_new_tokens=config.max_new_tokens, version=_version(place, adapter))

    def generate(self, prompts: Sequence[Prompt], on_text: Callable[[str], bool] | None = None) -> list[Draft]:
        """Write one draft for each prompt; see ``Generator``."""
        import torch

        if not prompts:
            return []
        texts = [self._render(fit_prompt(prompt, self._count_tokens, self._limit_tokens)) for prompt in prompts]
        try:
            with torch.inference_mode():
                return self._write(texts, on_text)
        except torch.OutOfMemoryError as problem:
            raise GenerationError(f"The memory ran out on a batch of {len(prompts)}. {_SMALLER}") from problem
        except RuntimeError as problem:
            raise GenerationError(
                f"The model failed on a batch of {len(prompts)}: {_first_line(problem)}."
            ) from problem

    def _render(self, prompt: Prompt) -> str:
        text: str = self._tokenizer.apply_chat_template(
            plain_messages(prompt), chat_template=self._template, add_generation_prompt=True, tokenize=False
        )
        return text

    def _count_tokens(self, prompt: Prompt) -> int:
        return len(self._tokenizer(self._render(prompt), add_special_tokens=self._template is not None).input_ids)

    def _write(self, texts: Sequence[str], on_text: Callable[[str], bool] | None) -> list[Draft]:
        # A chat template writes its own start token; the plain one leaves that to the tokenizer.
        inputs = self._tokenizer(
            list(texts), return_tensors="pt", padding=True, add_special_tokens=self._template is not None
        ).to(self._model.device)
        watch = _Watch(self._tokenizer, inputs.input_ids.shape[1], on_text)
        output = self._model.generate(
            input_ids=inputs.input_ids,
            attention_mask=inputs.attention_mask,
            generation_config=self._settings(),
            stopping_criteria=[watch],
        )
        written = output.sequences[:, inputs.input_ids.shape[1] :]
        # Gathered step by step: all logits of a batch at once would take batch × tokens × vocabulary floats.
        log_probs = [
            scores.float().log_softmax(-1).gather(1, written[:, step : step + 1])[:, 0]
            for step, scores in enumerate(output.logits)
        ]
        rows = zip(written.tolist(), zip(*(step.tolist() for step in log_probs), strict=True), strict=True)
        drafts = [self._draft(ids, row, watch) for ids, row in rows]
        if on_text:
            watch.tell_rest(drafts[0].text)
        return drafts

    def _draft(self, ids: Sequence[int], log_probs: Sequence[float], watch: _Watch) -> Draft:
        end = next((at for at, token in enumerate(ids) if token in self._ends), None)
        count = len(ids) if end is None else end + 1
        text = self._tokenizer.decode(ids[:count], skip_special_tokens=True)
        kept = before_stop(text)
        if watch.ended_by_caller:
            return Draft(watch.told, self.name, "length", count, math.fsum(log_probs[:count]))
        finish = "length" if end is None and kept == text else "stop"
        return Draft(kept, self.name, finish, count, math.fsum(log_probs[:count]))

    def _settings(self) -> Any:
        from transformers import GenerationConfig

        return GenerationConfig(
            max_new_tokens=self._max_new_tokens,
            do_sample=False,
            eos_token_id=sorted(self._ends) or None,
            pad_token_id=self._tokenizer.pad_token_id,
            return_dict_in_generate=True,
            output_logits=True,
        )
