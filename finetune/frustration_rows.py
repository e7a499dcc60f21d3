"""Data folders → labelled texts for the frustration model. Knows no vectors and no model.

GoEmotions (Apache-2.0) says what upset sounds like. It holds no tickets, so calm ones are added: questions about Lamini
(CC BY 4.0), CLINC150 (CC BY 3.0), NatCS (CDLA-Permissive-2.0), and bug reports in strong words written here. A comment
beside a question teaches that the question's words decide nothing.
"""

from __future__ import annotations

import itertools
import json
import random
from dataclasses import dataclass
from pathlib import Path

from support_agent.artefacts import sha256_file
from support_agent.errors import TrainingError
from support_agent.shelves import INDEXES
from support_agent.triage.frustration_cues import found_cues

EMOTIONS = 28
UPSET = frozenset({2, 3, 9, 11})
"""Anger, annoyance, disappointment, disgust: their places in GoEmotions' labels.txt."""
SPLICES = 3_000
LEARNT_FROM = ("train", "dev")
"""Splits of GoEmotions that make the model; "test" is for measuring."""
LAMINI = INDEXES.shipped() / "lamini_docs"

_HAPPENED = (
    "was killed by the system",
    "was aborted",
    "crashed with a fatal error",
    "died with exit code 137",
    "hangs forever",
    "was terminated",
    "is dead",
    "exploded in memory",
    "failed badly",
    "threw an illegal state exception",
    "got corrupted",
    "is broken after the update",
    "panicked",
    "was rejected",
    "ran into a dead lock",
    "failed three times",
    "is stuck",
    "was destroyed by the cleanup",
)
_THING = (
    "worker",
    "training job",
    "child process",
    "container",
    "database",
    "request",
    "upload",
    "kernel",
    "session",
    "node",
    "pipeline",
    "evaluation",
    "server",
    "index",
    "tokenizer",
    "download",
)
_ASKED = (
    "How do I kill a {0}?",
    "How can I abort the {0}?",
    "Is it safe to destroy the {0}?",
    "What does it mean when the {0} {1}?",
    "The {0} {1}. Where do I find the log?",
    "The {0} {1}, and I would like to know why.",
    "My {0} {1}. Which setting should I change?",
    "After the upgrade the {0} {1}. Is this known?",
    "fatal: the {0} {1}",
    "Error: {0} {1} (code 1)",
    "Can a {0} be forced to stop when it {1}?",
)
_STRONG = (
    "nasty",
    "ugly",
    "stupid",
    "terrible",
    "awful",
    "horrible",
    "bad",
    "annoying",
    "dumb",
    "silly",
    "weird",
    "hideous",
)
_ABOUT = (
    "Sorry for the {0} question: where do I find the {1}?",
    "How do I get rid of the {0} warning of the {1}?",
    "The {1} gives {0} scores with the default settings. Is that expected?",
    "What causes such {0} results from the {1}?",
    "I made a {0} mistake in the settings of the {1}. How do I undo it?",
    "Is it a {0} idea to share one {1} between two teams?",
    "I found a {0} bug in the {1}. Here is how to repeat it.",
)
_TOPIC = (
    "insults",
    "hate speech",
    "angry comments",
    "swear words",
    "offensive tweets",
    "toxic replies",
    "threats",
    "complaints",
    "frustration",
    "rude messages",
    'words such as "moron"',
    'words such as "damn" and "crap"',
    "disgust",
    "violence",
)
_STUDIED = (
    "I would like to train a classifier for {0}. Which model fits?",
    "Our data set holds {0}. Do I have to filter them before training?",
    "Can the model find {0} in a {1}?",
    "How do I keep {0} out of the {1}?",
    "Which score is usual for detecting {0}?",
    "Is there an example that labels {0} by their strength?",
)


@dataclass(frozen=True)
class Rows:
    """Texts with a set of emotions each; None where only "not upset" or "upset" is known."""

    texts: list[str]
    upset: list[bool]
    emotions: list[frozenset[int] | None]


def read_comments(data: Path, split: str) -> Rows:
    """One official split ("train", "dev", "test") of GoEmotions, under ``data/goemotions``."""
    path = data / "goemotions" / f"{split}.tsv"
    texts, emotions = [], []
    for number, line in enumerate(_lines(path), 1):
        try:
            text, labels, _ = line.split("\t")
            emotions.append(frozenset(int(label) for label in labels.split(",")))
        except ValueError as problem:
            raise TrainingError(
                f"{path}, line {number}: not text, labels and id ({problem}). Fetch it again."
            ) from problem
        texts.append(text)
    return Rows(texts, [bool(labels & UPSET) for labels in emotions], list(emotions))


def calm_tickets(data: Path) -> tuple[list[str], dict[str, list[str]]]:
    """Tickets that are not upset: those to learn from, and by kind those that the threshold is chosen on."""
    lamini = [json.loads(line)["question"] for line in _lines(LAMINI / "train.jsonl")]
    clinc = json.loads((data / "clinc150" / "data_full.json").read_text("utf-8"))
    spoken = [json.loads(line)["utterance"] for path in _natcs(data) for line in _lines(path)]
    # A few callers in NatCS are angry, and no label says so.
    spoken = [text for text in spoken if not found_cues(text)]
    reports = bug_reports()
    # Near-duplicates stand on both sides, and that was looked at: on the texts of `choose` that have none in `learn`
    # (532 of 630, 1,857 of 3,000, 108 of 600) the kinds' thresholds are 0.196, 0.267 and 0.407 instead of 0.192, 0.267
    # and 0.463. So it does not make the shipped threshold, 0.463, too low; another split would change every weight.
    learn = [*lamini[::2], *(text for text, _ in clinc["train"][::4]), *spoken, *reports[::2]]
    choose = {"lamini": lamini[1::2], "clinc": [text for text, _ in clinc["val"]], "reports": reports[1::2]}
    return learn, choose


def bug_reports() -> list[str]:
    """Calm reports in strong words, the same ones always."""
    draw = random.Random(0)
    tables = ((_ASKED, _THING, _HAPPENED), (_ABOUT, _STRONG, _THING), (_STUDIED, _TOPIC, _THING))
    every = [sorted({form.format(*words) for form, *words in itertools.product(*table)}) for table in tables]
    # One list after the other would leave the halves unlike; so each gives its share in random order.
    reports = [text for texts in every for text in draw.sample(texts, min(400, len(texts)))]
    draw.shuffle(reports)
    return reports


def with_calm(comments: Rows, calm: list[str], seed: int) -> Rows:
    """The comments, the calm tickets, and as many upset as other comments set before or after a calm ticket."""
    draw = random.Random(seed)
    texts, upset, emotions = list(comments.texts), list(comments.upset), list(comments.emotions)
    for wanted in (True, False):
        places = [place for place, is_upset in enumerate(comments.upset) if is_upset is wanted]
        for place in draw.sample(places, min(SPLICES, len(places))):
            pair = [comments.texts[place], draw.choice(calm)]
            draw.shuffle(pair)
            texts.append(" ".join(pair))
            upset.append(wanted)
            emotions.append(comments.emotions[place])
    return Rows([*texts, *calm], [*upset, *(False for _ in calm)], [*emotions, *(None for _ in calm)])


def sources(data: Path) -> dict[str, str]:
    """The sha256 of every file that the model is made from, by its name."""
    files = [data / "goemotions" / f"{split}.tsv" for split in LEARNT_FROM]
    files += [data / "clinc150" / "data_full.json", *_natcs(data), LAMINI / "train.jsonl"]
    return {f"{file.parent.name}/{file.name}": sha256_file(file) for file in files}


def _natcs(data: Path) -> list[Path]:
    return sorted((data / "natcs_dstc11").glob("*.jsonl"))


def _lines(path: Path) -> list[str]:
    try:
        return [line for line in path.read_text("utf-8").split("\n") if line]
    except OSError as problem:
        raise TrainingError(
            f"{path} cannot be read ({problem.strerror}). Name the folder that holds goemotions, clinc150 and "
            "natcs_dstc11 with --data."
        ) from problem
