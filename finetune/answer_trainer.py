"""transformers' Trainer, taught three things: the answer's loss in pieces, whole checkpoints, and to say what is wrong.

Imports torch and transformers at once: import it only where a run begins.
"""

from __future__ import annotations

import math
import resource
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainingArguments

from finetune.checkpoints import seal
from finetune.encoding import IGNORED, Encoded
from finetune.loss import answer_loss, can_chunk
from support_agent.errors import TrainingError

if TYPE_CHECKING:
    from datasets import Dataset


@dataclass(frozen=True)
class TrainingProgress:
    """Where a run stands; ``loss`` is nats per answer token, averaged over the last steps."""

    step: int
    steps: int
    loss: float
    tokens_per_s: float
    peak_bytes: int


OnTraining = Callable[[TrainingProgress], None]


class AnswerTrainer(Trainer):
    """Takes examples in the order given; the loss is the mean over all answer tokens of a step."""

    def __init__(
        self,
        model: Any,
        arguments: TrainingArguments,
        examples: Dataset | Sequence[Encoded],
        *,
        chunk_tokens: int,
        pad_token: int,
        on_progress: OnTraining | None = None,
    ) -> None:
        # With several cards the Trainer would split every batch over copies; preflight has looked at one.
        arguments.device  # noqa: B018 - reading it counts the cards
        arguments._n_gpu = min(1, arguments.n_gpu)
        super().__init__(
            model=model,
            args=arguments,
            train_dataset=examples,
            data_collator=lambda batch: padded(batch, pad_token),
            callbacks=[_Watch(on_progress, [len(one["input_ids"]) for one in examples])],
        )
        self.remove_callback(PrinterCallback)
        # Asks the Trainer to count answer tokens over the whole step: one of a short answer weighs as one of a long.
        self.model_accepts_loss_kwargs = True
        self._chunk_tokens = chunk_tokens

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """Mean negative log-likelihood of the answers' tokens."""
        labels = inputs["labels"]
        summed = summed_loss(model, inputs["input_ids"], labels, self._chunk_tokens)
        counted = (labels[:, 1:] != IGNORED).sum() if num_items_in_batch is None else num_items_in_batch
        loss = summed / counted
        return (loss, None) if return_outputs else loss


def summed_loss(model: Any, ids: torch.Tensor, labels: torch.Tensor, chunk_tokens: int) -> torch.Tensor:
    """Summed negative log-likelihood of the labelled tokens.

    Args:
        model: a PEFT model.
        ids: shape (batch, tokens), padded on the right; ``labels`` likewise.
        chunk_tokens: logits held at once, in tokens; 0 holds all.
    """
    base = model.get_base_model()
    # The adapter's fp32 matrices are multiplied in bf16 on a card; what that brings on a CPU is not settled.
    with torch.autocast("cuda", torch.bfloat16, enabled=ids.is_cuda and base.dtype == torch.bfloat16):
        if chunk_tokens and can_chunk(base):
            return answer_loss(base, ids, labels, chunk_tokens)
        logits = base(input_ids=ids, use_cache=False).logits[:, :-1]
    return torch.nn.functional.cross_entropy(
        logits.flatten(0, 1).float(), labels[:, 1:].flatten(), ignore_index=IGNORED, reduction="sum"
    )


def padded(batch: Sequence[Encoded], pad_token: int) -> dict[str, torch.Tensor]:
    """Token ids, and labels that name the answers' tokens alone, of shape (batch, longest), padded on the right."""
    longest = max(len(one["input_ids"]) for one in batch)
    ids, labels = [], []
    for one in batch:
        tokens, padding = one["input_ids"], longest - len(one["input_ids"])
        prompt_tokens = len(tokens) - one["answer_tokens"]
        ids.append(tokens + [pad_token] * padding)
        labels.append([IGNORED] * prompt_tokens + tokens[prompt_tokens:] + [IGNORED] * padding)
    return {"input_ids": torch.tensor(ids), "labels": torch.tensor(labels)}


def perplexity(model: Any, examples: Iterable[Encoded], *, pad_token: int, batch_size: int) -> float:
    """Of the answers' tokens, end-of-turn included: exp of the mean negative log-likelihood."""
    model.eval()
    ordered = sorted(examples, key=lambda one: len(one["input_ids"]))
    total = 0.0
    with torch.inference_mode():
        for start in range(0, len(ordered), batch_size):
            batch = padded(ordered[start : start + batch_size], pad_token)
            on_device = {name: value.to(model.device) for name, value in batch.items()}
            total += float(summed_loss(model, on_device["input_ids"], on_device["labels"], 256))
    return math.exp(total / sum(one["answer_tokens"] for one in ordered))


def peak_bytes() -> int:
    """Most memory this process has held: of the card where there is one, else of the machine."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated()
    # Kilobytes, but bytes on macOS.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


class _Watch(TrainerCallback):
    """Stops a run that learns nothing or diverges, seals its checkpoints, and tells how far it is."""

    def __init__(self, on_progress: OnTraining | None, lengths: Sequence[int]) -> None:
        self._on_progress = on_progress
        self._lengths = lengths
        self._started = math.nan
        self._first_step = 0

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._started, self._first_step = time.monotonic(), state.global_step

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """After the backward pass, before the weights change."""
        gradients = [one.grad for one in kwargs["model"].parameters() if one.grad is not None]
        size = float(sum(gradient.abs().sum() for gradient in gradients))
        step = state.global_step + 1
        if not math.isfinite(size):
            raise TrainingError(
                f"The loss is not a number any more at step {step} (learning rate {args.learning_rate:g}). Lower "
                "learning_rate, to a third for a start; nothing was written but the checkpoints before it."
            )
        if size == 0.0:
            raise TrainingError(
                f"No gradient reaches the adapter at step {step}, so that nothing would be learned. bitsandbytes does "
                'this on a CPU in a process that has used the model before: begin anew, or set method = "lora".'
            )

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        # Else the last step would stand in the curve only where logging_steps divides the steps.
        control.should_log = control.should_log or state.global_step == state.max_steps

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **_: Any) -> None:
        if self._on_progress is None or not logs or "loss" not in logs:
            return
        spent = time.monotonic() - self._started
        per_step = args.train_batch_size * args.gradient_accumulation_steps
        seen = sum(self._lengths[self._first_step * per_step : state.global_step * per_step])
        self._on_progress(
            TrainingProgress(
                step=state.global_step,
                steps=state.max_steps,
                loss=logs["loss"],
                tokens_per_s=seen / spent,
                peak_bytes=peak_bytes(),
            )
        )

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        seal(Path(args.output_dir) / f"checkpoint-{state.global_step}")
