"""Data folders → labelled texts for the frustration model.

GoEmotions (Apache-2.0) says what upset sounds like. It holds no tickets, so calm ones are added: questions about Lamini
(CC BY 4.0), CLINC150 (CC BY 3.0), NatCS (CDLA-Permissive-2.0), and bug reports in strong words written here. A comment
beside a question teaches that the question's words decide nothing.
"""

from __future__ import annotations

import itertools
import json
import random
import tomllib
from dataclasses import dataclass
from pathlib import Path

from support_agent.artefacts import sha256_file
from support_agent.errors import TrainingError
from support_agent.jsonl import read_rows
from support_agent.shelves import INDEXES
from support_agent.triage.frustration_cues import found_cues

UPSET = frozenset({2, 3, 9, 11})
"""Anger, annoyance, disappointment, disgust: their places in GoEmotions' labels.txt."""
SPLICES = 3_000
LEARNT_FROM = ("train", "dev")
"""Splits of GoEmotions that make the model; "test" is for measuring."""
LAMINI = INDEXES.shipped() / "lamini_docs"
REPORTS = Path(__file__).with_name("bug_reports.toml")


@dataclass(frozen=True)
class Rows:
    """Texts, and whether each is upset."""

    texts: list[str]
    upset: list[bool]


def read_comments(data: Path, split: str) -> Rows:
    """One official split ("train", "dev", "test") of GoEmotions, under ``data/goemotions``."""
    path = data / "goemotions" / f"{split}.tsv"
    rows = [line.split("\t") for line in _lines(path)]
    try:
        upset = [not UPSET.isdisjoint(map(int, labels.split(","))) for _, labels, _ in rows]
    except ValueError as problem:
        raise TrainingError(f"{path} does not hold text, labels and id on each line. Fetch it again.") from problem
    return Rows([text for text, _, _ in rows], upset)


def calm_tickets(data: Path) -> tuple[list[str], dict[str, list[str]]]:
    """Tickets that are not upset: those to learn from, and by kind those that the threshold is chosen on."""
    lamini = [str(row.values["question"]) for row in read_rows(LAMINI / "train.jsonl", TrainingError)]
    clinc = json.loads((data / "clinc150" / "data_full.json").read_text("utf-8"))
    spoken = [str(row.values["utterance"]) for path in natcs_files(data) for row in read_rows(path, TrainingError)]
    # A few callers in NatCS are angry, and no label says so.
    spoken = [text for text in spoken if not found_cues(text)]
    reports = bug_reports()
    # Near-duplicates stand on both sides; without those that have one in `learn` the threshold is the same, 0.489.
    learn = [*lamini[::2], *(text for text, _ in clinc["train"][::4]), *spoken, *reports[::2]]
    choose = {"lamini": lamini[1::2], "clinc": [text for text, _ in clinc["val"]], "reports": reports[1::2]}
    return learn, choose


def bug_reports() -> list[str]:
    """Calm reports in strong words, the same ones always."""
    draw = random.Random(0)
    tables = tomllib.loads(REPORTS.read_text("utf-8"))
    every = []
    for kind in tables["reports"]:
        words = itertools.product(kind["forms"], *(tables[name] for name in kind["words"]))
        every.append(sorted({form.format(*chosen) for form, *chosen in words}))
    # One list after the other would leave the halves unlike; so each gives its share in random order.
    reports = [text for texts in every for text in draw.sample(texts, min(400, len(texts)))]
    draw.shuffle(reports)
    return reports


def with_calm(comments: Rows, calm: list[str], seed: int) -> Rows:
    """The comments, the calm tickets, and as many upset as other comments set before or after a calm ticket."""
    draw = random.Random(seed)
    texts, upset = list(comments.texts), list(comments.upset)
    for wanted in (True, False):
        places = [place for place, is_upset in enumerate(comments.upset) if is_upset is wanted]
        for place in draw.sample(places, min(SPLICES, len(places))):
            pair = [comments.texts[place], draw.choice(calm)]
            draw.shuffle(pair)
            texts.append(" ".join(pair))
            upset.append(wanted)
    return Rows([*texts, *calm], [*upset, *(False for _ in calm)])


def sources(data: Path) -> dict[str, str]:
    """The sha256 of every file that the model is made from, by its name."""
    files = [data / "goemotions" / f"{split}.tsv" for split in LEARNT_FROM]
    files += [data / "clinc150" / "data_full.json", *natcs_files(data), LAMINI / "train.jsonl", REPORTS]
    return {f"{file.parent.name}/{file.name}": sha256_file(file) for file in files}


def natcs_files(data: Path) -> list[Path]:
    """The files of NatCS, in order."""
    return sorted((data / "natcs_dstc11").glob("*.jsonl"))


def _lines(path: Path) -> list[str]:
    try:
        return [line for line in path.read_text("utf-8").split("\n") if line]
    except OSError as problem:
        raise TrainingError(
            f"{path} cannot be read ({problem.strerror}). Name the folder that holds goemotions, clinc150 and "
            "natcs_dstc11 with --data."
        ) from problem
