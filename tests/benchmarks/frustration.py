"""How well anger is told from calm: airline tweets, tickets written here, and calm questions of customers.

    python tests/benchmarks/frustration.py --data FOLDER [--embedder NAME]

FOLDER holds airline_tweets (measured on only: nothing that ships has seen one), goemotions, clinc150, natcs_dstc11,
abcd and kb. Prints the AUROC of the model, of the cues and of both, and what fires; each with n and a 95 % interval.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from hard_routes import harmless
from lamini_rows import SEED, interval
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from support_agent.retrieval import Embedder, open_embedder
from support_agent.retrieval.embedders import DEFAULT, encode_queries
from support_agent.triage.frustration import FrustrationModel, frustration_signal, model_for, turn_value
from support_agent.triage.frustration_cues import cue_weight
from support_agent.triage.training.sampling import UPSET
from support_agent.triage.windows import windows

TICKETS = Path(__file__).parents[1] / "triage" / "frustration_tickets.jsonl"
RESAMPLES = 1_000
Score = Callable[[str, NDArray[np.float32]], float]


@dataclass(frozen=True)
class Labelled:
    """``vectors`` holds for each text its own and its parts'."""

    texts: list[str]
    upset: NDArray[np.bool_]
    vectors: list[NDArray[np.float32]]


def main() -> None:
    """Print the two tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--embedder", default=DEFAULT)
    options = parser.parse_args()
    embedder = open_embedder(options.embedder, threads=1)
    model = model_for(embedder.fingerprint)
    if model is None:
        raise SystemExit(f"No model was made for {options.embedder}.")
    tweets = read_tweets(options.data)
    sets = {
        "airline, negative against the rest": labelled(tweets, embedder),
        "airline, negative against positive": labelled([row for row in tweets if row[1] != "neutral"], embedder),
        "GoEmotions test": labelled(comments(options.data), embedder),
        "tickets, development": labelled(tickets("development"), embedder),
        "tickets, held out": labelled(tickets("held_out"), embedder),
    }
    scores: dict[str, Score] = {
        "vector": model.log_odds,
        "cues": lambda text, _: cue_weight(text),
        "both": lambda text, vectors: turn_value(model, text, vectors),
    }
    for name, rows in sets.items():
        print(f"{name}, n = {len(rows.texts):,}, upset {int(rows.upset.sum()):,}")
        for way, score in scores.items():
            print(f"    AUROC by {way:8s} {auroc(rows, score)}")
        fired = fires(model, rows)
        print(f"    fires on upset {interval(fired[rows.upset])}, on others {interval(fired[~rows.upset])}")
    print("False alarms on calm texts")
    for name, texts in harmless(options.data).items():
        fired = fires(model, labelled([(text, "calm") for text in dict.fromkeys(texts)], embedder))
        print(f"  {name:20s} {int(fired.sum())} of {len(fired):,}, {interval(fired)}")


def read_tweets(data: Path) -> list[tuple[str, str]]:
    with (data / "airline_tweets" / "dev.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["text"]: row["airline_sentiment"] for row in csv.DictReader(file)}
    return [(text, "upset" if mood == "negative" else mood) for text, mood in rows.items()]


def comments(data: Path) -> list[tuple[str, str]]:
    lines = (line.split("\t") for line in (data / "goemotions" / "test.tsv").read_text("utf-8").split("\n") if line)
    return [(text, "other" if UPSET.isdisjoint(map(int, labels.split(","))) else "upset") for text, labels, _ in lines]


def tickets(half: str) -> list[tuple[str, str]]:
    rows = [json.loads(line) for line in TICKETS.read_text("utf-8").splitlines()]
    return [(row["text"], "upset" if row["angry"] else "calm") for row in rows if row["half"] == half]


def labelled(rows: list[tuple[str, str]], embedder: Embedder) -> Labelled:
    texts = [text for text, _ in rows]
    read = [[text, *windows(text)] for text in texts]
    flat = encode_queries(embedder, [part for parts in read for part in parts])
    ends = np.cumsum([len(parts) for parts in read])[:-1]
    return Labelled(texts, np.array([mood == "upset" for _, mood in rows]), np.split(flat, ends))


def auroc(rows: Labelled, score: Score) -> str:
    values = np.array([score(text, vectors) for text, vectors in zip(rows.texts, rows.vectors, strict=True)])
    draw = np.random.default_rng(SEED)
    drawn = [draw.integers(0, len(values), len(values)) for _ in range(RESAMPLES)]
    # A draw of a small set may hold one class only.
    sampled = [roc_auc_score(rows.upset[at], values[at]) for at in drawn if 0 < rows.upset[at].sum() < len(at)]
    low, high = np.percentile(sampled, [2.5, 97.5])
    return f"{roc_auc_score(rows.upset, values):.4f} [{low:.4f}, {high:.4f}]"


def fires(model: FrustrationModel, rows: Labelled) -> NDArray[np.bool_]:
    signals = (frustration_signal(model, *one) for one in zip(rows.texts, rows.vectors, strict=True))
    return np.array([signal.fired for signal in signals])


if __name__ == "__main__":
    main()
