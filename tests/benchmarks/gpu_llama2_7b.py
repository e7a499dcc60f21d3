"""Llama-2-7B's real shape on one CUDA card held to 12 GiB: memory and speed of training and of generation.

    python tests/benchmarks/gpu_llama2_7b.py [--only WORDS] [--json FILE]
    python tests/benchmarks/gpu_llama2_7b.py --tiny

The weights are random, made on the card one matrix at a time and quantised at once (NF4, double quantisation, as our
recipes load them): nothing is downloaded, and the 16-bit model is never whole. LoRA r = 8 on q_proj and v_proj; the
last quarter of an example is its answer. "ours" is finetune's AnswerTrainer with the settings of ``finetune run``,
"loop" a plain PyTorch loop over the same model; "generate" is support_agent's TransformersGenerator with the adapter
on, 64 new tokens after a prompt of 512. Every row is a process of its own; one that runs out of memory says so.

"peak" is what tensors held, "% of limit" what torch reserved of the 12 GiB, "formula" what finetune's preflight
computes, less the CUDA context. "% of card" is measured against the card itself, in the same process: training, 4
operations a token and frozen weight (forward, and backward to the inputs), against a large bf16 matrix product;
generation, the bytes of the 4-bit weights once a step (the prompt's included), against a large copy. --tiny runs the
same code on two small layers, without a card too: memory is then the resident set of the process, without limit.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cuda_card import GIB, card_limits, hold_to, peak, ran_out, reset_peak, synchronize
from random_llama import ANSWER_SHARE, llama2_7b, prompt_of, random_examples, random_model

LIMIT_GIB = 12
TARGETS = ("q_proj", "v_proj")
WARM_UP_STEPS = 2
TIMEOUT_S = 1200


@dataclass(frozen=True)
class Scale:
    """How large everything is; ``shape`` changes Llama-2-7B's configuration."""

    lengths: tuple[int, ...]
    prompt_tokens: int
    new_tokens: int
    steps: int
    shape: dict[str, int] = field(default_factory=dict)


FULL = Scale(lengths=(512, 1024, 2048), prompt_tokens=512, new_tokens=64, steps=8)
TINY = Scale(
    lengths=(32, 64, 128),
    prompt_tokens=64,
    new_tokens=8,
    steps=4,
    shape={
        "hidden_size": 128,
        "intermediate_size": 256,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 4,
    },
)


@dataclass(frozen=True)
class Case:
    """One row of the table."""

    kind: str
    tokens: int
    batch_size: int = 1
    checkpointing: bool = False
    chunk_tokens: int = 0

    @property
    def name(self) -> str:
        """What --only looks for."""
        words = [self.kind, str(self.tokens), f"batch{self.batch_size}"]
        if self.kind != "generate":
            words += ["checkpointing" if self.checkpointing else "all", f"chunk{self.chunk_tokens}"]
        return "-".join(words)


def cases(scale: Scale) -> list[Case]:
    """Every row, the ones that need least memory first."""
    found = []
    for tokens in scale.lengths:
        for checkpointing in (True, False):
            found += [Case("ours", tokens, 1, checkpointing, chunk) for chunk in (256, 0)]
            found.append(Case("loop", tokens, 1, checkpointing))
    return found + [Case("generate", scale.prompt_tokens, batch) for batch in (1, 8, 16)]


def main() -> None:
    """Run every case in a fresh process; print a table and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tiny", action="store_true", help="two small layers, on a CPU if there is no card")
    parser.add_argument("--only", default="", metavar="WORDS", help="cases whose name holds this, e.g. ours-512")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too, after every case")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    options = parser.parse_args()
    scale = TINY if options.tiny else FULL
    wanted = [case for case in cases(scale) if options.only in case.name]
    if options.case:
        print(json.dumps(measure(next(case for case in wanted if case.name == options.case), scale)))
        return
    check_card(options.tiny)
    if not wanted:
        sys.exit(f"No case holds {options.only!r}. There are: {', '.join(case.name for case in cases(scale))}.")
    rows = []
    for case in wanted:
        rows.append(run_apart(case, ["--tiny"] if options.tiny else []))
        print(f"{case.name}: {rows[-1]['status']}", file=sys.stderr)
        if options.json:
            options.json.write_text(json.dumps(report(rows), indent=1) + "\n", "utf-8")
    print_table(report(rows))


def check_card(tiny: bool) -> None:
    """Without a card only --tiny goes on."""
    import torch

    if not (tiny or torch.cuda.is_available()):
        sys.exit("There is no CUDA card here to measure; --tiny runs the same code on two small layers.")


def run_apart(case: Case, scale: Sequence[str]) -> dict[str, Any]:
    """Run one case in a fresh process: what it ran out of does not spoil the next."""
    command = [sys.executable, __file__, "--case", case.name, *scale]
    unmeasured = {**asdict(case), "name": case.name}
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        return {**unmeasured, "status": f"stopped after {TIMEOUT_S:,} s"}
    if done.returncode:
        last = (done.stderr.strip() or "no word").splitlines()[-1]
        return {**unmeasured, "status": f"failed with {done.returncode}: {last}"}
    return {**unmeasured, **json.loads(done.stdout.splitlines()[-1])}


def measure(case: Case, scale: Scale) -> dict[str, Any]:
    """One case, in this process."""
    from transformers.utils import logging as transformers_logging

    from support_agent.errors import GenerationError

    transformers_logging.disable_progress_bar()
    result: dict[str, Any] = {"status": "ok", **hold_to(LIMIT_GIB * GIB), **card_limits(), **predicted(case, scale)}
    try:
        started = time.perf_counter()
        model = random_model(scale.shape)
        synchronize()
        result["build_s"] = time.perf_counter() - started
        reset_peak()
        result |= KINDS[case.kind](case, scale, model)
    except (RuntimeError, GenerationError) as problem:
        if not ran_out(problem):
            raise
        result["status"] = "out of memory"
    return result | peak() | {"share_of_card": share_of_card(case, scale, result)}


def recipe_of(case: Case) -> Any:
    """The recipe a user would write for it."""
    from finetune.recipe import Recipe

    return Recipe(
        base="llama-2-7b",
        method="qlora",
        target_modules=TARGETS,
        max_tokens=case.tokens,
        batch_size=case.batch_size,
        gradient_checkpointing=case.checkpointing,
        loss_chunk_tokens=case.chunk_tokens,
        learning_rate=2e-4,
    )


def train_ours(case: Case, scale: Scale, model: Any) -> dict[str, Any]:
    """AnswerTrainer with the arguments of ``finetune run``; checkpoints are not written."""
    from finetune.answer_trainer import AnswerTrainer, TrainingProgress
    from finetune.bases import with_fresh_adapter
    from finetune.train import training_arguments

    recipe = recipe_of(case)
    ends: list[float] = []
    losses: list[float] = []

    def on_progress(done: TrainingProgress) -> None:
        synchronize()
        ends.append(time.perf_counter())
        losses.append(done.loss)

    with tempfile.TemporaryDirectory() as folder:
        arguments = training_arguments(recipe, Path(folder), scale.steps, None)
        arguments.save_strategy = "no"
        trainer = AnswerTrainer(
            with_fresh_adapter(recipe, model),
            arguments,
            random_examples(scale.steps * case.batch_size, case.tokens, model.config.vocab_size),
            chunk_tokens=case.chunk_tokens,
            pad_token=0,
            on_progress=on_progress,
        )
        trainer.train()
    return speed(case, ends) | {"losses": losses}


def train_loop(case: Case, scale: Scale, model: Any) -> dict[str, Any]:
    """The loop one writes by hand: transformers' own loss over all logits, the same optimizer and precision."""
    import torch

    from finetune.answer_trainer import padded
    from finetune.bases import with_fresh_adapter

    recipe = recipe_of(case)
    adapted = with_fresh_adapter(recipe, model).train()
    trained = [one for one in adapted.parameters() if one.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=recipe.learning_rate, weight_decay=0.0, fused=True)
    examples = random_examples(scale.steps * case.batch_size, case.tokens, model.config.vocab_size)
    ends, losses = [], []
    for start in range(0, len(examples), case.batch_size):
        batch = padded(examples[start : start + case.batch_size], 0)
        batch = {name: value.to(adapted.device) for name, value in batch.items()}
        with torch.autocast("cuda", torch.bfloat16, enabled=torch.cuda.is_available()):
            loss = adapted(**batch, use_cache=False).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
        synchronize()
        ends.append(time.perf_counter())
    return speed(case, ends) | {"losses": losses}


def speed(case: Case, ends: Sequence[float]) -> dict[str, float]:
    """Tokens a second, the first steps left out."""
    timed = ends[WARM_UP_STEPS - 1 :]
    return {"tokens_per_s": case.tokens * case.batch_size * (len(timed) - 1) / (timed[-1] - timed[0])}


def generate(case: Case, scale: Scale, model: Any) -> dict[str, Any]:
    """Greedy drafts as the agent has them written, after one short call to warm up."""
    from transformers import AutoTokenizer

    from finetune.bases import with_fresh_adapter
    from finetune.tiny_llama import tiny_llama
    from support_agent.generation.hf_transformers import TransformersGenerator

    tokenizer = AutoTokenizer.from_pretrained(tiny_llama(), local_files_only=True)
    adapted = with_fresh_adapter(recipe_of(case), model)
    prompt = prompt_of(case.tokens, tokenizer)
    TransformersGenerator(adapted, tokenizer, max_new_tokens=4, version="").generate([prompt] * case.batch_size)
    generator = TransformersGenerator(adapted, tokenizer, max_new_tokens=scale.new_tokens, version="")
    synchronize()
    started = time.perf_counter()
    drafts = generator.generate([prompt] * case.batch_size)
    synchronize()
    spent = time.perf_counter() - started
    # Every step reads the weights once, also for rows that have ended.
    steps = max(draft.tokens for draft in drafts)
    return {"tokens_per_s": sum(draft.tokens for draft in drafts) / spent, "steps_per_s": steps / spent}


KINDS: dict[str, Callable[[Case, Scale, Any], dict[str, Any]]] = {
    "ours": train_ours,
    "loop": train_loop,
    "generate": generate,
}


def predicted(case: Case, scale: Scale) -> dict[str, int]:
    """What finetune's formulas say of it, without what they add for the CUDA context, which torch does not count."""
    from finetune.memory import serving_memory, training_memory
    from finetune.size import shape_of

    shape = shape_of(llama2_7b(scale.shape), recipe_of(case))
    if case.kind == "generate":
        tokens = case.tokens + scale.new_tokens
        needed = serving_memory(shape, "nf4", tokens=tokens, batch_size=case.batch_size)
    else:
        needed = training_memory(recipe_of(case), shape)
    return {"formula_bytes": needed.total - needed.overhead}


def share_of_card(case: Case, scale: Scale, result: dict[str, Any]) -> float | None:
    """0–1: useful work done, as part of what this machine can do; see the top of this file."""
    from finetune.memory import weight_bytes
    from finetune.size import shape_of

    if result["status"] != "ok":
        return None
    shape = shape_of(llama2_7b(scale.shape), recipe_of(case))
    head = shape.vocabulary * shape.hidden
    if case.kind == "generate":
        read = weight_bytes(shape, "nf4") - 2 * head  # of the embedding only a row is read
        return float(result["steps_per_s"] * read / result["card_bytes_per_s"])
    useful = 4 * (shape.linear_parameters + ANSWER_SHARE * head)
    return float(result["tokens_per_s"] * useful / result["card_flops_per_s"])


def report(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What is written as JSON."""
    versions = {name: version(name) for name in ("torch", "bitsandbytes", "transformers", "peft")}
    device = next((row["device"] for row in rows if "device" in row), "unknown")
    return {"device": device, "limit_gib": LIMIT_GIB, "versions": versions, "rows": list(rows)}


def print_table(found: dict[str, Any]) -> None:
    """One line a case."""
    from rich.console import Console
    from rich.table import Table

    on_card = found["device"] != "CPU"
    versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    held = f"held to {LIMIT_GIB} GiB" if on_card else "no card: memory is the process's resident set, without limit"
    table = Table(title=f"{found['device']}, {held}; {versions}")
    for heading in ("", "tokens", "batch", "checkpointing", "logits held"):
        table.add_column(heading)
    for heading in ("peak GiB", "formula GiB", "% of limit", "tokens/s", "% of card"):
        table.add_column(heading, justify="right")
    for row in found["rows"]:
        training = row["kind"] != "generate"
        table.add_row(
            row["kind"],
            f"{row['tokens']:,}",
            str(row["batch_size"]),
            ("yes" if row["checkpointing"] else "no") if training else "",
            (str(row["chunk_tokens"] or "all")) if training else "",
            *figures(row),
        )
    Console(width=None if sys.stdout.isatty() else 140).print(table)


def figures(row: dict[str, Any]) -> list[str]:
    """The measured columns; a case that failed says why where its speed would stand."""

    def shown(value: float | None, form: str, unit: float = 1.0) -> str:
        return "–" if value is None else format(value / unit, form)

    of_limit = row["reserved_bytes"] / row["limit_bytes"] if row.get("reserved_bytes") else None
    ok = row["status"] == "ok"
    return [
        shown(row.get("peak_bytes"), ".2f", GIB),
        shown(row.get("formula_bytes"), ".2f", GIB),
        shown(of_limit, ".0%"),
        shown(row["tokens_per_s"], ",.1f") if ok else row["status"],
        shown(row.get("share_of_card"), ".1%"),
    ]


if __name__ == "__main__":
    main()
