"""How well anger is told from strong words: GoEmotions, airline tweets, tickets written here, and calm questions.

    python tests/benchmarks/frustration.py --data FOLDER

FOLDER holds goemotions, airline_tweets (measured on only: nothing that ships has seen one), clinc150 and natcs_dstc11.
Prints the AUROC of each source of the signal alone and of all, what fires at the threshold that ships, and the cost;
each with n and a 95 % bootstrap interval over rows.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from lamini_rows import SEED, interval
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from support_agent.retrieval import Embedder, open_embedder
from support_agent.triage.frustration import FrustrationModel, frustration_signal, shipped, turn_value
from support_agent.triage.frustration_cues import cue_weight
from support_agent.triage.training.frustration_rows import LAMINI, calm_tickets, read_comments

TICKETS = Path(__file__).parents[1] / "triage" / "frustration_tickets.jsonl"
RESAMPLES = 1_000
Score = Callable[[str, NDArray[np.float32]], float]


@dataclass(frozen=True)
class Labelled:
    texts: list[str]
    upset: NDArray[np.bool_]
    vectors: NDArray[np.float32]


def main() -> None:
    """Print the three tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args()
    embedder = open_embedder("all-minilm-l6-v2", threads=1)
    model = shipped(embedder.fingerprint)
    if model is None:
        raise SystemExit("The model that ships is for another embedder.")
    sets = {
        "GoEmotions test": comments(options.data, "test", embedder),
        "airline tweets": tweets(options.data, embedder),
        "tickets, development": tickets("development", embedder),
        "tickets, held out": tickets("held_out", embedder),
    }
    print_ranking(sets, sources(model))
    for name, rows in sets.items():
        fired = fires(model, rows.texts, rows.vectors)
        print(f"{name}: upset that fire {interval(fired[rows.upset])}, others {interval(fired[~rows.upset])}")
    print_false_alarms(model, options.data, embedder)
    print_cost(model, sets["airline tweets"])


def comments(data: Path, split: str, embedder: Embedder) -> Labelled:
    rows = read_comments(data, split)
    return Labelled(rows.texts, np.array(rows.upset), embedder.encode(rows.texts))


def tweets(data: Path, embedder: Embedder) -> Labelled:
    with (data / "airline_tweets" / "dev.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    texts = [row["text"] for row in rows]
    return Labelled(texts, np.array([row["airline_sentiment"] == "negative" for row in rows]), embedder.encode(texts))


def tickets(half: str, embedder: Embedder) -> Labelled:
    rows = [json.loads(line) for line in TICKETS.read_text("utf-8").splitlines()]
    rows = [row for row in rows if row["half"] == half]
    texts = [row["text"] for row in rows]
    return Labelled(texts, np.array([row["angry"] for row in rows]), embedder.encode(texts))


def sources(model: FrustrationModel) -> dict[str, Score]:
    """Each way of scoring: each part of the model alone, and all."""
    return {
        "vector alone": replace(model, grams=np.zeros_like(model.grams)).log_odds,
        "n-grams alone": replace(model, vector=np.zeros_like(model.vector)).log_odds,
        "cues alone": lambda text, _: cue_weight(text),
        "vector and n-grams": model.log_odds,
        "all": lambda text, vector: turn_value(model, text, vector),
    }


def print_ranking(sets: dict[str, Labelled], scores: dict[str, Score]) -> None:
    print("AUROC, upset against the rest")
    for name, rows in sets.items():
        print(f"  {name}, n = {len(rows.texts):,}, upset {int(rows.upset.sum()):,}")
        for way, score in scores.items():
            values = np.array([score(text, vector) for text, vector in zip(rows.texts, rows.vectors, strict=True)])
            print(f"    {way:28s} {auroc(rows.upset, values)}")


def auroc(upset: NDArray[np.bool_], values: NDArray[np.float64]) -> str:
    draw = np.random.default_rng(SEED)
    drawn = [draw.integers(0, len(upset), len(upset)) for _ in range(RESAMPLES)]
    # A draw of a small set may hold one class only.
    sampled = [roc_auc_score(upset[rows], values[rows]) for rows in drawn if 0 < upset[rows].sum() < len(rows)]
    low, high = np.percentile(sampled, [2.5, 97.5])
    return f"{roc_auc_score(upset, values):.4f} [{low:.4f}, {high:.4f}]"


def fires(model: FrustrationModel, texts: Sequence[str], vectors: NDArray[np.float32]) -> NDArray[np.bool_]:
    return np.array([frustration_signal(model, text, row).fired for text, row in zip(texts, vectors, strict=True)])


def print_false_alarms(model: FrustrationModel, data: Path, embedder: Embedder) -> None:
    """Calm questions that fire. The threshold was chosen on the rows marked so."""
    lamini = {split: _questions(split) for split in ("train", "test")}
    clinc: dict[str, Any] = json.loads((data / "clinc150" / "data_full.json").read_text("utf-8"))
    sets = {
        "Lamini test": lamini["test"],
        "Lamini train, learnt as calm": lamini["train"][::2],
        "Lamini train, for the threshold": lamini["train"][1::2],
        "CLINC150 test": [text for text, _ in clinc["test"]],
        "bug reports, for the threshold": calm_tickets(data)[1]["reports"],
    }
    print(f"False alarms at the threshold {model.threshold:.3f}")
    for name, texts in sets.items():
        fired = fires(model, texts, embedder.encode(texts))
        print(f"  {name}: {int(fired.sum())} of {len(texts):,}, {interval(fired)}")


def _questions(split: str) -> list[str]:
    return [json.loads(line)["question"] for line in (LAMINI / f"{split}.jsonl").read_text("utf-8").splitlines()]


def print_cost(model: FrustrationModel, rows: Labelled) -> None:
    took = []
    for text, vector in zip(rows.texts[:2_000], rows.vectors[:2_000], strict=True):
        begun = time.perf_counter()
        frustration_signal(model, text, vector)
        took.append(1_000 * (time.perf_counter() - begun))
    print(
        f"Cost of one tweet: p50 {np.median(took):.2f} ms, p95 {np.percentile(took, 95):.2f} ms, the vector not counted"
    )


if __name__ == "__main__":
    main()
