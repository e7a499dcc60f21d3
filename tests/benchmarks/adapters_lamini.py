"""What the adapter is worth: five ways of writing an answer to the 132 answerable lamini_docs test rows, side by side.

    support-agent finetune run smollm2-cpu --set mode=plain -o plain-adapter
    python tests/benchmarks/adapters_lamini.py --plain-adapter plain-adapter [--adapter NAME] [--json FILE] [--limit N]

The ways: SmolLM2 alone; SmolLM2 with an adapter trained on question → answer, without retrieval; SmolLM2 with
retrieval; SmolLM2 with the shipped adapter and retrieval; the best passage's own words. Raw drafts are compared, before
the gate takes anything away. Every figure with its 95 % bootstrap interval over rows:

    token-F1, ROUGE-L (F-measure over words), cosine of MiniLM embeddings: draft against reference
    perplexity of the reference's tokens, end-of-turn included, given the prompt (fp32, PEFT)
    supported: share of a draft's sentences that the retrieved passages carry (the gate's own check)
    clean: the draft ends by itself, not cut off at 200 tokens, and does not go in circles
"""

from __future__ import annotations

import argparse
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from lamini_rows import RESAMPLES, SEED, interval, read_test_rows, score
from rich.console import Console
from rich.progress import track
from rich.table import Table

from finetune.encoding import encode_all
from finetune.examples import Example, plain_prompt
from support_agent.config import Config
from support_agent.gate.generation_signals import MAX_LOOP_SHARE
from support_agent.gate.support import SupportChecker
from support_agent.generation.adapters import find_adapter
from support_agent.generation.endings import loop_share
from support_agent.generation.openvino import OpenVinoGenerator
from support_agent.generation.prompt import Prompt, write_prompt
from support_agent.records import Draft, Passage
from support_agent.retrieval import Index, find_index

BATCH = 16


@dataclass(frozen=True)
class Way:
    """One way of writing: the adapter's name ("none" for none), and whether the prompt holds passages."""

    name: str
    adapter: str
    retrieval: bool


def main() -> None:
    """Run every way and print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--adapter", default="smollm2-135m-lamini-docs")
    parser.add_argument("--plain-adapter", required=True, help="trained without passages; see above")
    parser.add_argument("--limit", type=int, default=1000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows = read_test_rows()[: options.limit]
    index = Index.open(find_index("lamini_docs"))
    found = index.search([row["question"] for row in rows], Config().passages)
    ways = [
        Way("SmolLM2 alone", "none", False),
        Way("+ LoRA, no retrieval", options.plain_adapter, False),
        Way("+ retrieval", "none", True),
        Way("+ LoRA + retrieval", options.adapter, True),
    ]
    results = {way.name: measure_way(way, rows, found, index) for way in ways}
    copied = [Draft(passages[0].text, "extractive") for passages in found]
    results["extractive"] = measure_drafts(copied, rows, found, index)
    print_table(results, len(rows))
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))


def measure_way(
    way: Way, rows: Sequence[dict[str, str]], found: Sequence[Sequence[Passage]], index: Index
) -> dict[str, list[float]]:
    """Greedy drafts by the embedded engine, the references' likelihood by PEFT."""
    prompts = [
        write_prompt(row["question"], passages) if way.retrieval else plain_prompt(row["question"])
        for row, passages in zip(rows, found, strict=True)
    ]
    generator = OpenVinoGenerator.open(Config(adapter=way.adapter))
    drafts: list[Draft] = []
    for start in track(range(0, len(prompts), BATCH), way.name, console=Console(stderr=True)):
        drafts += generator.generate(prompts[start : start + BATCH])
    losses, tokens = reference_losses(way, prompts, rows)
    return {**measure_drafts(drafts, rows, found, index), "loss": losses, "tokens": tokens}


def measure_drafts(
    drafts: Sequence[Draft], rows: Sequence[dict[str, str]], found: Sequence[Sequence[Passage]], index: Index
) -> dict[str, list[float]]:
    """Every figure that needs no model: one value for each row."""
    references = [row["answer"] for row in rows]
    texts = [draft.text for draft in drafts]
    written, wanted = index.embedder.encode([text or " " for text in texts]), index.embedder.encode(references)
    return {
        "f1": [score(text, row) for text, row in zip(texts, rows, strict=True)],
        "rouge_l": [rouge_l(text, reference) for text, reference in zip(texts, references, strict=True)],
        "similarity": [float(one @ other) for one, other in zip(written, wanted, strict=True)],
        "supported": [supported(text, passages) for text, passages in zip(texts, found, strict=True)],
        "clean": [float(draft.finish == "stop" and loop_share(draft.text) <= MAX_LOOP_SHARE) for draft in drafts],
    }


def reference_losses(
    way: Way, prompts: Sequence[Prompt], rows: Sequence[dict[str, str]]
) -> tuple[list[float], list[float]]:
    """Summed negative log-likelihood of each reference, and its number of tokens."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from finetune.answer_trainer import padded
    from finetune.loss import answer_loss
    from support_agent.generation.hf_loading import model_place

    place = model_place(Config().model, offline=False)
    tokenizer = AutoTokenizer.from_pretrained(place)
    model = AutoModelForCausalLM.from_pretrained(place, dtype=torch.float32)
    if way.adapter != "none":
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, str(find_adapter(way.adapter, offline=False))).get_base_model()
    examples = [
        Example(str(n), prompt, row["answer"]) for n, (prompt, row) in enumerate(zip(prompts, rows, strict=True))
    ]
    encoded, too_long = encode_all(examples, tokenizer, model.config.max_position_embeddings)
    if too_long:
        raise SystemExit(f"{len(too_long)} rows do not fit into the model's context.")
    losses = []
    with torch.inference_mode():
        for one in track(encoded, "perplexity", console=Console(stderr=True)):
            batch = padded([one], 0)
            losses.append(float(answer_loss(model.eval(), batch["input_ids"], batch["labels"], 256)))
    return losses, [float(one["answer_tokens"]) for one in encoded]


def rouge_l(text: str, reference: str) -> float:
    """F-measure of the longest common subsequence of lower-case words (Lin 2004, β = 1, no stemming)."""
    one, other = (re.findall(r"[a-z0-9]+", words.lower()) for words in (text, reference))
    if not one or not other:
        return 0.0
    longest = [0] * (len(other) + 1)
    for word in one:
        before = longest[:]
        for at, wanted in enumerate(other, start=1):
            longest[at] = before[at - 1] + 1 if word == wanted else max(before[at], longest[at - 1])
    precision, recall = longest[-1] / len(one), longest[-1] / len(other)
    return 2 * precision * recall / (precision + recall) if longest[-1] else 0.0


def supported(text: str, passages: Sequence[Passage]) -> float:
    """Share of sentences that a passage carries; an empty draft has none."""
    checked = SupportChecker(passages).check_all(text)
    return sum(sentence.fits for sentence in checked) / len(checked) if checked else 0.0


def perplexity_interval(losses: Sequence[float], tokens: Sequence[float]) -> str:
    """exp(mean loss a token) and its 95 % bootstrap interval over rows."""
    draws = np.random.default_rng(SEED).integers(0, len(losses), (RESAMPLES, len(losses)))
    ratios = np.asarray(losses)[draws].sum(axis=1) / np.asarray(tokens)[draws].sum(axis=1)
    low, high = np.exp(np.percentile(ratios, [2.5, 97.5]))
    return f"{math.exp(sum(losses) / sum(tokens)):.2f} [{low:.2f}, {high:.2f}]"


def print_table(results: dict[str, dict[str, list[float]]], n: int) -> None:
    """One row a way, mean and interval; and ours against each other, row by row."""
    table = Table(title=f"n = {n}, 95 % bootstrap intervals")
    for column in ("", "token-F1", "ROUGE-L", "similarity", "perplexity", "supported", "clean"):
        table.add_column(column, no_wrap=True)
    for name, result in results.items():
        perplexity = perplexity_interval(result["loss"], result["tokens"]) if "loss" in result else "–"
        figures = [interval(result[key]) for key in ("f1", "rouge_l", "similarity")]
        table.add_row(name, *figures, perplexity, interval(result["supported"]), interval(result["clean"]))
    console = Console(width=170)
    console.print(table)
    ours = results["+ LoRA + retrieval"]
    for name, result in results.items():
        if result is not ours:
            gain = np.subtract(ours["f1"], result["f1"]).tolist()
            console.print(f"+ LoRA + retrieval against {name}: token-F1 {interval(gain)} more{_ratio(ours, result)}")


def _ratio(ours: dict[str, list[float]], other: dict[str, list[float]]) -> str:
    """Perplexity of ours ÷ the other's over the same draws of rows; nothing where the other has none."""
    if "loss" not in other:
        return ""
    fewer = np.subtract(ours["loss"], other["loss"]).tolist()
    return f", perplexity times {perplexity_interval(fewer, ours['tokens'])}"


if __name__ == "__main__":
    main()
