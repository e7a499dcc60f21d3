"""One training run: recipe → adapter folder.

    rows ─ schedule ─► examples ─┐
                                 ├─ AnswerTrainer ─► checkpoints ─► adapter folder, card, manifest
    base ─ preflight ─► model ───┘

The finished adapter appears under its name only when it is whole; until then everything lies in ``<folder>.training``.
"""

from __future__ import annotations

import errno
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune import checkpoints
from finetune.bases import base_place, check_length, load_base, with_fresh_adapter
from finetune.memory import memory_here, preflight
from finetune.model_card import check_replaceable, write_adapter_folder
from finetune.recipe import Recipe
from finetune.schedule import Schedule, write_schedule
from finetune.size import config_at, is_masked
from support_agent.disk import translated_errors
from support_agent.errors import TrainingError
from support_agent.generation.find_model import base_fingerprint
from support_agent.generation.hf_loading import first_line
from support_agent.generation.prompt import prompt_version

if TYPE_CHECKING:
    from finetune.answer_trainer import OnTraining
    from support_agent.models import OnProgress

logger = logging.getLogger(__name__)

CHECKPOINTS_PER_RUN = 10
CURVE_POINTS = 100
_SMALLER = "Set gradient_checkpointing = true, or halve batch_size and double gradient_accumulation."


@dataclass(frozen=True)
class Listeners:
    """Who is told what: of files fetched and converted, of the steps of a run, a word at each stage, TensorBoard."""

    on_files: OnProgress | None = None
    on_training: OnTraining | None = None
    on_stage: Callable[[str], None] = logger.info
    tensorboard: Path | None = None


@dataclass(frozen=True)
class _Run:
    """A run that is ready to begin or to continue."""

    recipe: Recipe
    folder: Path
    model: Any
    tokenizer: Any
    schedule: Schedule
    facts: dict[str, Any]
    listeners: Listeners

    @property
    def work(self) -> Path:
        return checkpoints.work_folder(self.folder)


def run(recipe: Recipe, folder: Path, *, offline: bool = False, listeners: Listeners | None = None) -> Path:
    """Train an adapter from the beginning and write it to ``folder``.

    Raises:
        ConfigError: the recipe does not fit the base, or the machine is too small for it.
        ModelFileError: the base cannot be had or loaded.
        TrainingError: the folder is taken, the data holds nothing to learn, or the run diverged.
    """
    work = checkpoints.work_folder(folder)
    with checkpoints.alone(work):
        if folder.exists():
            raise TrainingError(f"{folder} is there already. Name another folder with --output, or add --force.")
        if work.exists():
            raise TrainingError(
                f"{work} holds a run that was stopped. Add --resume to continue it, or --force to begin anew."
            )
        return _begin(recipe, folder, offline, listeners or Listeners())


def replace(recipe: Recipe, folder: Path, *, offline: bool = False, listeners: Listeners | None = None) -> Path:
    """Like ``run``, in the place of an adapter, which stands until the new one is whole, or of a stopped run.

    Raises:
        TrainingError: what stands at ``folder`` is no adapter.
    """
    check_replaceable(folder)
    with checkpoints.alone(checkpoints.work_folder(folder)):
        return _begin(recipe, folder, offline, listeners or Listeners())


def _begin(recipe: Recipe, folder: Path, offline: bool, listeners: Listeners) -> Path:
    ready = _prepare(recipe, folder, offline, listeners)
    with _translated_errors(ready.work):
        if ready.work.exists():
            shutil.rmtree(ready.work)
        checkpoints.begin(ready.work, ready.facts)
        return _finish(ready)


def resume(recipe: Recipe, folder: Path, *, offline: bool = False, listeners: Listeners | None = None) -> Path:
    """Continue a run that was stopped, from its last whole checkpoint; otherwise like ``run``.

    Raises:
        TrainingError: there is no such run, or it was begun with another recipe or other data.
    """
    work = checkpoints.work_folder(folder)
    if not work.is_dir():
        raise TrainingError(f"There is no run to continue: {work} is not there. Leave --resume out to begin one.")
    check_replaceable(folder)
    with checkpoints.alone(work):
        ready = _prepare(recipe, folder, offline, listeners or Listeners())
        checkpoints.check_same_run(work, ready.facts)
        checkpoints.drop_broken(work)
        with _translated_errors(work):
            return _finish(ready)


def _prepare(recipe: Recipe, folder: Path, offline: bool, listeners: Listeners) -> _Run:
    if listeners.tensorboard and find_spec("tensorboard") is None:
        raise TrainingError("--tensorboard needs the package tensorboard. Run `pip install tensorboard`.")
    listeners.on_stage(f"opening {recipe.base}")
    place = base_place(recipe.base, offline=offline, on_progress=listeners.on_files)
    settings = config_at(place, offline=offline)
    if is_masked(settings):
        raise TrainingError(f"{recipe.base} fills masks and writes no answers. Choose a causal language model.")
    needed = preflight(recipe, settings, *memory_here())
    listeners.on_stage(f"needs {needed.in_words()}, by formula")
    model, tokenizer = load_base(recipe, place, offline=offline)
    check_length(recipe, model)
    listeners.on_stage(f"writing examples from {recipe.data}")
    schedule = write_schedule(recipe, tokenizer, offline=offline, on_progress=listeners.on_files)
    facts = {
        "base": recipe.base,
        "base_fingerprint": base_fingerprint(recipe.base, offline=offline),
        "prompt_version": prompt_version(),
        "mode": recipe.mode,
        "data_sha256": schedule.data_sha256,
        "examples_sha256": schedule.examples_sha256,
        "recipe": recipe.model_dump(mode="json"),
    }
    return _Run(recipe, folder, model, tokenizer, schedule, facts, listeners)


def _finish(ready: _Run) -> Path:
    """Train, measure, write the adapter's folder, and drop the checkpoints."""
    adapted, trained = _train(ready)
    result = {**trained, **_measure(ready, adapted)}
    made = {"made": datetime.now(UTC).isoformat(timespec="seconds"), "versions": _versions()}
    ready.listeners.on_stage(f"writing {ready.folder}")
    write_adapter_folder(adapted, ready.folder, {**ready.facts, **made, "result": result})
    shutil.rmtree(ready.work)
    return ready.folder


@contextmanager
def _translated_errors(work: Path) -> Iterator[None]:
    """A full disk or memory as one sentence; torch and safetensors have errors of their own for a full disk."""
    import torch
    from safetensors import SafetensorError

    with translated_errors(work, TrainingError, checkpoints.MAKE_ROOM):
        try:
            yield
        except torch.OutOfMemoryError as problem:
            raise TrainingError(f"The memory ran out ({first_line(problem)}). {_SMALLER}") from problem
        except (RuntimeError, SafetensorError) as problem:
            told = str(problem)
            if "can't allocate memory" in told:
                raise TrainingError(f"The memory ran out ({first_line(problem)}). {_SMALLER}") from problem
            full = next((code for code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) if os.strerror(code) in told), None)
            if full or "PytorchStreamWriter failed" in told or "unexpected pos" in told:
                raise OSError(full or errno.ENOSPC, os.strerror(full or errno.ENOSPC)) from problem
            raise


def _train(ready: _Run) -> tuple[Any, dict[str, Any]]:
    """The trained PEFT model, and what the run was like."""
    from transformers import set_seed

    from finetune.answer_trainer import AnswerTrainer, peak_bytes

    recipe, schedule, listeners = ready.recipe, ready.schedule, ready.listeners
    set_seed(recipe.seed)  # for the adapter's first values and dropout
    adapted = with_fresh_adapter(recipe, ready.model)
    steps = -(-len(schedule.train) // (recipe.batch_size * recipe.gradient_accumulation))
    listeners.on_stage(f"training on {schedule.rows:,} rows, {len(schedule.train):,} examples, {steps:,} steps")
    trainer = AnswerTrainer(
        adapted,
        training_arguments(recipe, ready.work, steps, listeners.tensorboard),
        schedule.train,
        chunk_tokens=recipe.loss_chunk_tokens,
        pad_token=ready.tokenizer.pad_token_id,
        on_progress=listeners.on_training,
    )
    checkpoint = checkpoints.last_whole(ready.work)
    if checkpoint:
        listeners.on_stage(f"continuing from {checkpoint.name}")
    outcome = trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    curve = [(entry["step"], entry["loss"]) for entry in trainer.state.log_history if "loss" in entry]
    return adapted, {
        "rows": schedule.rows,
        "examples": len(schedule.train),
        "left_out": schedule.left_out,
        "steps": trainer.state.global_step,
        "final_loss": curve[-1][1],
        "curve": curve,
        "resumed_at_step": checkpoints.step_of(checkpoint) if checkpoint else 0,
        "train_s": round(outcome.metrics["train_runtime"], 1),  # since then
        "peak_bytes": peak_bytes(),
        "trainable_parameters": sum(one.numel() for one in adapted.parameters() if one.requires_grad),
    }


def _measure(ready: _Run, adapted: Any) -> dict[str, Any]:
    """Perplexity of the rows held back, with the adapter and without; nothing for a 4-bit base on a CPU.

    There bitsandbytes trains nothing any more once a model was evaluated: the next run in this process would suffer.
    """
    import torch

    from finetune.answer_trainer import perplexity

    dev = ready.schedule.dev
    if not dev or (ready.recipe.method == "qlora" and not torch.cuda.is_available()):
        return {}
    ready.listeners.on_stage(f"measuring on {len(dev)} rows held back")
    how = {"pad_token": ready.tokenizer.pad_token_id, "batch_size": ready.recipe.batch_size}
    with_it = perplexity(adapted, dev, **how)
    with adapted.disable_adapter():
        without = perplexity(adapted, dev, **how)
    return {"dev_rows": len(dev), "dev_perplexity": with_it, "dev_perplexity_base": without}


def training_arguments(recipe: Recipe, work: Path, steps: int, tensorboard: Path | None) -> Any:
    import torch
    from transformers import TrainingArguments

    logging_steps = max(1, steps // CURVE_POINTS)
    if tensorboard:
        os.environ["TENSORBOARD_LOGGING_DIR"] = str(tensorboard)  # where transformers looks for it
    return TrainingArguments(
        output_dir=str(work),
        num_train_epochs=1,  # the schedule holds every epoch
        train_sampling_strategy="sequential",
        per_device_train_batch_size=recipe.batch_size,
        gradient_accumulation_steps=recipe.gradient_accumulation,
        learning_rate=recipe.learning_rate,
        lr_scheduler_type="linear",
        warmup_steps=recipe.warmup_share,
        optim="adamw_torch_fused",
        weight_decay=0.0,
        max_grad_norm=1.0,
        logging_steps=logging_steps,
        logging_nan_inf_filter=False,
        save_strategy="steps",
        # A multiple, so that no point of the curve is an average over a stop.
        save_steps=-(-max(1, steps // CHECKPOINTS_PER_RUN) // logging_steps) * logging_steps,
        save_total_limit=2,
        seed=recipe.seed,
        use_cpu=not torch.cuda.is_available(),
        dataloader_pin_memory=torch.cuda.is_available(),
        remove_unused_columns=False,
        disable_tqdm=True,
        report_to="tensorboard" if tensorboard else "none",
    )


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    return {name: version(name) for name in ("support-agent", "torch", "transformers", "peft")}
