"""Prompts → drafts by transformers: any causal language model, with a LoRA adapter if one is given; 4-bit on CUDA."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from support_agent.errors import GenerationError
from support_agent.generation.adapters import choose_adapter
from support_agent.generation.fitting import fit_prompt, plain_messages, room_for_prompt
from support_agent.generation.hf_loading import first_line, load_model, model_place, weights_version
from support_agent.generation.prompt import PLAIN_TEMPLATE, STOP_STRINGS, Prompt
from support_agent.generation.stopping import Shown, before_stop
from support_agent.records import Draft
from support_agent.sharing import opened_once

if TYPE_CHECKING:
    import torch

    from support_agent.config import Config
    from support_agent.models import OnProgress

_SMALLER = "Lower batch_size or max_new_tokens, or choose a smaller model."
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
        self._limit_tokens = room_for_prompt(context, max_new_tokens)
        self._ends = _end_tokens(model, tokenizer)
        self._alone = threading.Lock()

    @classmethod
    def open(cls, config: Config, on_progress: OnProgress | None = None) -> TransformersGenerator:
        """Find and load the model and the adapter of the settings; those that this process has open are shared.

        Raises:
            ConfigError: there is no such model or adapter.
            ModelFileError: its files are missing, damaged, or of a kind that is not loaded.
        """
        import torch

        if config.threads:
            torch.set_num_threads(config.threads)
        place = model_place(config.model, offline=config.offline, on_progress=on_progress)
        adapter = choose_adapter(config, on_progress=on_progress)
        version = weights_version(place, adapter)
        longest = config.max_new_tokens
        return opened_once(
            (cls, place, version, adapter, longest),
            lambda: cls(*load_model(place, adapter, offline=config.offline), max_new_tokens=longest, version=version),
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
        import torch

        if not prompts:
            return []
        texts = [self._render(fit_prompt(prompt, self._count_tokens, self._limit_tokens)) for prompt in prompts]
        try:
            with self._alone, torch.inference_mode():
                return self._write(texts, on_text, lost)
        except torch.OutOfMemoryError as problem:
            raise GenerationError(f"The memory ran out on a batch of {len(prompts)}. {_SMALLER}") from problem
        except RuntimeError as problem:
            raise GenerationError(f"The model failed on a batch of {len(prompts)}: {first_line(problem)}.") from problem

    def _render(self, prompt: Prompt) -> str:
        text: str = self._tokenizer.apply_chat_template(
            plain_messages(prompt), chat_template=self._template, add_generation_prompt=True, tokenize=False
        )
        return text

    def _count_tokens(self, prompt: Prompt) -> int:
        return len(self._tokenizer(self._render(prompt), add_special_tokens=self._template is not None).input_ids)

    def _write(
        self, texts: Sequence[str], on_text: Callable[[str], bool] | None, lost: Sequence[Callable[[str], bool]]
    ) -> list[Draft]:
        # A chat template writes its own start token; the plain one leaves that to the tokenizer.
        inputs = self._tokenizer(
            list(texts), return_tensors="pt", padding=True, add_special_tokens=self._template is not None
        ).to(self._model.device)
        prompt_tokens = inputs.input_ids.shape[1]
        log_probs = _LogProbs()
        watch = _Watch(self._tokenizer, prompt_tokens, on_text, lost)
        output = self._model.generate(
            input_ids=inputs.input_ids,
            attention_mask=inputs.attention_mask,
            generation_config=self._settings(),
            logits_processor=[log_probs],
            stopping_criteria=[watch],
        )
        written = output[:, prompt_tokens:].tolist()
        drafts = []
        for at, (ids, row) in enumerate(zip(written, log_probs.rows(), strict=True)):
            draft = self._draft(ids[: watch.dropped.get(at)], row, watch)
            drafts.append(replace(draft, finish="dropped") if at in watch.dropped else draft)
        return drafts

    def _draft(self, ids: Sequence[int], log_probs: Sequence[float], watch: _Watch) -> Draft:
        count = next((at + 1 for at, token in enumerate(ids) if token in self._ends), len(ids))
        text = self._tokenizer.decode(ids[:count], skip_special_tokens=True)
        kept = before_stop(text)
        ended = ids[count - 1] in self._ends or kept != text
        finish, written = "stop" if ended else "length", log_probs[:count]
        return watch.last_word(Draft(kept, self.name, finish, count, math.fsum(written), min(written, default=None)))

    def _settings(self) -> Any:
        from transformers import GenerationConfig

        return GenerationConfig(  # type: ignore[no-untyped-call]
            max_new_tokens=self._max_new_tokens,
            do_sample=False,
            eos_token_id=sorted(self._ends) or None,
            pad_token_id=self._tokenizer.pad_token_id,
        )


class _LogProbs:
    """A logits processor that changes nothing and notes each step's highest log-probability: greedy takes that token.

    Keeping the logits themselves would take batch × tokens × vocabulary floats, 630 MB for 16 drafts of SmolLM2.
    """

    def __init__(self) -> None:
        self._steps: list[torch.Tensor] = []

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        self._steps.append(scores.float().log_softmax(-1).amax(-1))
        return scores

    def rows(self) -> list[list[float]]:
        """One list for each draft of the batch."""
        import torch

        rows: list[list[float]] = torch.stack(self._steps, dim=1).tolist()
        return rows


class _Watch:
    """A stopping criterion: ends a row at a stop string, or where it is lost, and shows a single row's text."""

    _TAIL = 16  # tokens; longer than any stop string

    def __init__(
        self,
        tokenizer: Any,
        prompt_tokens: int,
        on_text: Callable[[str], bool] | None,
        lost: Sequence[Callable[[str], bool]],
    ) -> None:
        self.dropped: dict[int, int] = {}  # tokens of each row that was ended as lost
        self._lost = lost
        self._tokenizer = tokenizer
        self._start = prompt_tokens
        self._shown = Shown(on_text) if on_text else None

    def __call__(self, input_ids: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:
        import torch

        rows = input_ids[:, self._start :][:, -self._TAIL :].tolist()
        done = [self._stops(row) for row in rows]
        for at, is_lost in enumerate(self._lost):
            if not done[at] and at not in self.dropped and is_lost(self._decode(input_ids[at, self._start :].tolist())):
                self.dropped[at] = input_ids.shape[1] - self._start
            done[at] |= at in self.dropped
        if self._shown:
            done[0] |= self._shown.show(self._decode(input_ids[0, self._start :].tolist()))
        return torch.tensor(done, device=input_ids.device)

    def last_word(self, draft: Draft) -> Draft:
        """Show what of the finished draft was not shown yet; where the caller ended it, cut it there."""
        if not self._shown:
            return draft
        if self._shown.ended_by_caller:
            return replace(draft, text=self._shown.text, finish="length")
        self._shown.finish(draft.text)
        return draft

    def _stops(self, row: Sequence[int]) -> bool:
        tail = self._decode(row)
        return any(stop in tail for stop in STOP_STRINGS)

    def _decode(self, ids: Sequence[int]) -> str:
        text: str = self._tokenizer.decode(ids, skip_special_tokens=True)
        return text


def _end_tokens(model: Any, tokenizer: Any) -> frozenset[int]:
    """The tokens that end a turn: the tokenizer's, and those the model's own generation settings name."""
    named = getattr(model.generation_config, "eos_token_id", None)
    ends = set(named) if isinstance(named, list) else {named}
    return frozenset(token for token in ends | {tokenizer.eos_token_id} if token is not None)
