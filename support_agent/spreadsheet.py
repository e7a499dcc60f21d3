"""Cells that people open in a spreadsheet, and what comes back of them.

A customer can write a ticket that a spreadsheet runs as a formula; it may cut a long cell, and write a number its own
way.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from support_agent.artefacts import sha256_bytes
from support_agent.records import Passage

# The signal that fires where no draft was worth writing, so that the score is only a bound.
BOUND = "highest_confidence"
_TRIGGERS = ("=", "+", "-", "@")
# A sign and a number, as an amount or a phone number is written; or a rule or dash of signs alone.
_HARMLESS = re.compile(r"[+-][0-9 .,]*[0-9]%?|[+-]+")
# Excel cuts a cell at 32,767 characters; several passages of this length stay below.
_PASSAGE_CHARS = 5_000


@dataclass(frozen=True)
class EvidenceCell:
    """What ``sa_evidence`` says: which ticket (``Ticket.words_key``), index and state of the agent a row is of.

    ``index`` is name and version; ``passages`` holds the hash of each text by id; ``batch`` names the run that wrote it
    and says for how many different tickets that offered a text. Each is empty where it was cut.
    """

    ticket: str = ""
    index: str = ""
    parts: str = ""
    passages: Mapping[str, str] = field(default_factory=dict)
    batch: tuple[str, int] = ("", 0)


def write_evidence(
    ticket: str, index: str, parts: str, passages: Iterable[Passage], batch: tuple[str, int] = ("", 0)
) -> str:
    """The cell, with the passages' text for the person who reads."""
    listed = [
        {
            "id": one.passage_id,
            "sha256": text_hash(one),
            "title": one.title,
            "text": one.text[:_PASSAGE_CHARS],
        }
        for one in passages
    ]
    facts = {"ticket": ticket, "index": index, "parts": parts, "batch": list(batch), "passages": listed}
    return json.dumps(facts, ensure_ascii=False)


def evidence_of_reply(ticket: str, reply: Mapping[str, Any], batch: tuple[str, int]) -> str:
    """The cell for a reply, given as ``Reply.to_dict()``."""
    versions = reply["versions"]
    passages = [Passage(**one) for one in reply["evidence"]]
    return write_evidence(ticket, versions.get("index", ""), versions.get("parts", ""), passages, batch)


def read_evidence(cell: str) -> EvidenceCell:
    """What the cell says; nothing where it was cut, emptied or written over."""
    try:
        found = json.loads(as_it_was(cell))
        hashes = {str(one["id"]): str(one["sha256"]) for one in found["passages"]}
        name, count = found.get("batch", ("", 0))
        return EvidenceCell(
            str(found["ticket"]), str(found["index"]), str(found["parts"]), hashes, (str(name), int(count))
        )
    except (ValueError, TypeError, KeyError, RecursionError):
        return EvidenceCell()


def text_hash(passage: Passage) -> str:
    """Hex sha256 of what a passage says: with another text, a verdict beside it may no longer hold."""
    return sha256_bytes(f"{passage.title}\n{passage.text}".encode("utf-8", "surrogatepass"))


def defuse(cell: str) -> str:
    """Put an apostrophe before a cell that a spreadsheet would run as a formula.

    What counts is the first character that shows: spreadsheets skip white space and invisible characters, and East
    Asian editions take the full-width signs too. A leading tab or carriage return is defused whatever follows (OWASP,
    "CSV Injection").
    """
    if cell[:1] in ("\t", "\r"):
        return f"'{cell}"
    first = next((character for character in cell if not _is_skipped(character)), "")
    if unicodedata.normalize("NFKC", first)[:1] not in _TRIGGERS or _HARMLESS.fullmatch(cell.strip()):
        return cell
    return f"'{cell}"


def _is_skipped(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) in ("Cc", "Cf")


def as_it_was(cell: str) -> str:
    """The cell without the apostrophe that ``defuse`` put before it."""
    return cell[1:] if cell.startswith("'") and defuse(cell[1:]) == cell else cell


def read_number(cell: str) -> float | None:
    """A number as a spreadsheet may have written it: with a decimal comma or an apostrophe; None for none."""
    try:
        return float(cell.strip().lstrip("'").replace(",", "."))
    except ValueError:
        return None
