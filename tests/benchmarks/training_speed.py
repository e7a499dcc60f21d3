"""Our training on a CPU beside TRL's SFTTrainer: tokens a second, loss and memory on the same examples.

    pip install trl
    python tests/benchmarks/training_speed.py [--steps N] [--rounds N] [--threads N] [--json FILE]

SmolLM2 with bf16 weights, LoRA r = 8 on q_proj and v_proj, batches of 4, at most 1,024 tokens, adamw_torch_fused, no
gradient checkpointing, no packing. Batches evenly out of the first epoch of the shipped recipe, encoded once and taken
by both in the same order. TRL gets them as texts (prompt and completion), tokenises them itself and does what it does
by default with such rows: the loss is on the completion only. Both compute in bf16 without autocast, as our recipe
does; "trl-autocast" is TRL with its own default, bf16=True. Each run is a process of its own, and they take turns
(ours, trl, ours, trl …), so that what else the machine does hits both.

Tokens are real ones, without padding, over the time of all steps but the first. What TRL 1.16 does otherwise: on a CPU
it multiplies every position with the output matrix, in pieces, where we multiply the answer's only (on CUDA it does as
we do); it passes an attention mask; and it also reports entropy and accuracy of the tokens.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

BATCH = 4
RECIPE = "smollm2-cpu"


def main() -> None:
    """Encode once, let the systems take turns, print what each did and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=12, help="optimizer steps of each run; the first is a warm-up")
    parser.add_argument("--rounds", type=int, default=2, help="how often each system runs")
    parser.add_argument("--threads", type=int, default=1, help="of each run; leave one core for what else runs")
    parser.add_argument("--systems", nargs="+", choices=[*SYSTEMS], default=["ours", "trl"])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every run's figures there too")
    parser.add_argument("--run", nargs=2, metavar=("SYSTEM", "ROWS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        system, rows = options.run
        print(json.dumps(run(system, Path(rows), options.threads)))
        return
    if options.steps < 2:
        sys.exit("--steps must be at least 2: the first step is not timed.")
    if find_spec("trl") is None:
        sys.exit("This compares with TRL, which is not installed. Run `pip install trl`.")
    with tempfile.TemporaryDirectory() as folder:
        rows = Path(folder) / "rows.json"
        rows.write_text(json.dumps(encode(options.steps)), "utf-8")
        runs: dict[str, list[dict[str, Any]]] = {system: [] for system in options.systems}
        for _ in range(options.rounds):
            for system in options.systems:
                runs[system].append(run_apart(system, rows, options.threads))
                print_run(system, runs[system][-1])
    print_ratios(runs)
    if options.json:
        options.json.write_text(json.dumps(runs, indent=1) + "\n", "utf-8")


def recipe() -> Any:
    """The shipped recipe, with one batch a step."""
    from finetune.recipe import load_recipe

    return load_recipe(RECIPE, {"batch_size": BATCH, "gradient_accumulation": 1, "epochs": 1})


def model_and_tokenizer() -> tuple[Any, Any]:
    """The recipe's base, as our training loads it."""
    from finetune.bases import base_place, load_base

    return load_base(recipe(), base_place(recipe().base, offline=False), offline=False)


def encode(steps: int) -> list[dict[str, Any]]:
    """Batches at even distances in the recipe's first epoch: as ids for us, and the same as texts for TRL.

    The first batches of an epoch are its longest, so that they would not stand for the rest.
    """
    from transformers import AutoTokenizer

    from finetune.bases import base_place
    from finetune.schedule import write_schedule

    tokenizer = AutoTokenizer.from_pretrained(base_place(recipe().base, offline=False))
    examples = write_schedule(recipe(), tokenizer).train
    batches = len(examples) // BATCH
    if steps > batches:
        sys.exit(f"--steps is {steps:,}, but an epoch has {batches:,} batches. Lower it.")
    starts = [BATCH * (step * batches // steps) for step in range(steps)]
    rows = []
    for one in examples.select([start + place for start in starts for place in range(BATCH)]):
        ids, start = one["input_ids"], len(one["input_ids"]) - one["answer_tokens"]
        rows.append({**one, "prompt": tokenizer.decode(ids[:start]), "completion": tokenizer.decode(ids[start:])})
    return rows


def run_apart(system: str, rows: Path, threads: int) -> dict[str, Any]:
    """One run in a fresh process, on the CPU."""
    command = [sys.executable, __file__, "--run", system, str(rows), "--threads", str(threads)]
    # What is fetched was fetched by now.
    alone = {"OMP_NUM_THREADS": str(threads), "CUDA_VISIBLE_DEVICES": "", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, env={**os.environ, **alone}, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{system} failed:\n{done.stderr}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def run(system: str, file: Path, threads: int) -> dict[str, Any]:
    """Train in this process."""
    import torch
    from transformers import TrainerCallback, set_seed

    ends: list[float] = []

    class Clock(TrainerCallback):
        """Notes when each optimizer step ended."""

        def on_step_end(self, *_: Any, **__: Any) -> None:
            ends.append(time.perf_counter())

    torch.set_num_threads(threads)
    rows = json.loads(file.read_text("utf-8"))
    set_seed(recipe().seed)
    with tempfile.TemporaryDirectory() as folder:
        trainer = SYSTEMS[system](rows, Path(folder))
        trainer.add_callback(Clock())
        trainer.train()
    seen = [(list(one["input_ids"]), answer_tokens(one)) for one in trainer.train_dataset]
    lengths = [len(ids) for ids, _ in seen]
    return {
        "tokens_per_s": sum(lengths[BATCH:]) / (ends[-1] - ends[0]),
        "tokens": sum(lengths),
        "examples": len(rows),
        "same_examples": sum(
            one == (row["input_ids"], row["answer_tokens"]) for one, row in zip(seen, rows, strict=True)
        ),
        "trained_parameters": sum(one.numel() for one in trainer.model.parameters() if one.requires_grad),
        "losses": [entry["loss"] for entry in trainer.state.log_history if "loss" in entry],
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def answer_tokens(row: dict[str, Any]) -> int:
    """How many of its tokens carry the loss, in an example of either trainer."""
    return int(row["answer_tokens"]) if "answer_tokens" in row else sum(label != -100 for label in row["labels"])


def ours(rows: list[dict[str, Any]], folder: Path) -> Any:
    """AnswerTrainer as ``finetune run`` sets it up; checkpoints are not written."""
    from finetune.answer_trainer import AnswerTrainer
    from finetune.bases import with_fresh_adapter
    from finetune.encoding import Encoded

    model, tokenizer = model_and_tokenizer()
    return AnswerTrainer(
        with_fresh_adapter(recipe(), model),
        arguments(len(rows), folder),
        [Encoded(row_id="", input_ids=row["input_ids"], answer_tokens=row["answer_tokens"]) for row in rows],
        chunk_tokens=recipe().loss_chunk_tokens,
        pad_token=tokenizer.pad_token_id,
    )


def arguments(examples: int, folder: Path) -> Any:
    """Those of ``finetune run``, with the loss of every step and without checkpoints."""
    from finetune.train import training_arguments

    found = training_arguments(recipe(), folder, examples // BATCH, None)
    found.save_strategy, found.logging_steps = "no", 1
    return found


def trl(rows: list[dict[str, Any]], folder: Path, *, autocast: bool = False) -> Any:
    """SFTTrainer with our settings where both have one, and its defaults elsewhere."""
    from datasets import Dataset, disable_progress_bars
    from peft import LoraConfig
    from trl import SFTConfig, SFTTrainer

    disable_progress_bars()
    model, tokenizer = model_and_tokenizer()
    ruled = arguments(len(rows), folder)
    same = (
        "num_train_epochs train_sampling_strategy per_device_train_batch_size gradient_accumulation_steps "
        "learning_rate lr_scheduler_type warmup_steps optim weight_decay max_grad_norm logging_steps save_strategy "
        "seed use_cpu dataloader_pin_memory disable_tqdm report_to"
    )
    return SFTTrainer(
        model=model,
        processing_class=tokenizer,
        args=SFTConfig(
            output_dir=str(folder),
            max_length=recipe().max_tokens,
            gradient_checkpointing=False,
            bf16=autocast,
            **{name: getattr(ruled, name) for name in same.split()},
        ),
        train_dataset=Dataset.from_list([{name: row[name] for name in ("prompt", "completion")} for row in rows]),
        peft_config=LoraConfig(
            r=recipe().rank,
            lora_alpha=recipe().alpha,
            target_modules=list(recipe().target_modules),
            task_type="CAUSAL_LM",
        ),
    )


SYSTEMS: dict[str, Callable[[list[dict[str, Any]], Path], Any]] = {
    "ours": ours,
    "trl": trl,
    "trl-autocast": partial(trl, autocast=True),
}


def print_run(system: str, found: dict[str, Any]) -> None:
    """One run's figures."""
    losses = found["losses"]
    print(
        f"{system:<13} {found['tokens_per_s']:7.1f} tokens/s   loss first {losses[0]:.4f} last {losses[-1]:.4f} "
        f"mean {sum(losses) / len(losses):.4f}   peak {found['peak_mib']:,.0f} MiB   {found['tokens']:,} tokens, "
        f"{found['same_examples']} of {found['examples']} examples as ours, "
        f"{found['trained_parameters']:,} trained parameters",
        flush=True,
    )


def print_ratios(runs: dict[str, list[dict[str, Any]]]) -> None:
    """Ours ÷ each other system, each round's and that of the means."""
    for system in [name for name in runs if name != "ours" and "ours" in runs]:
        pairs = list(zip(runs["ours"], runs[system], strict=True))
        rounds = ", ".join(f"{mine['tokens_per_s'] / other['tokens_per_s']:.2f}" for mine, other in pairs)
        print(f"\nours ÷ {system} (n = {len(pairs)} rounds)")
        print(f"  tokens/s      {ratio(pairs, 'tokens_per_s'):.2f}   by round {rounds}")
        print(f"  peak memory   {ratio(pairs, 'peak_mib'):.2f}")


def ratio(pairs: Sequence[tuple[dict[str, Any], dict[str, Any]]], figure: str) -> float:
    """Of the sums over all rounds."""
    return float(sum(mine[figure] for mine, _ in pairs) / sum(other[figure] for _, other in pairs))


if __name__ == "__main__":
    main()
