"""Rows and what became of each → the same rows with the ``sa_`` columns after them.

``sa_reply`` is what to send, the notice that a machine answers first; ``sa_answer`` is the same without that notice.

The file is UTF-8, with the input's delimiter and line ends, and a byte order mark if the input had one.

Every cell stands as it was read, with one exception: a customer can write a ticket that a spreadsheet runs as a
formula when somebody opens the file, so such a cell gets a leading apostrophe, in the input's columns too. Plain
numbers ("-5", "+49 170 1234567") are no formulas and stay. The summary counts the cells that were changed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from support_agent.errors import BatchError
from support_agent.records import COURTESIES, in_one_message
from support_agent.spreadsheet import BOUND, defuse, evidence_of_reply
from support_agent.tables import Layout

ADDED_COLUMNS = (
    "sa_route",
    "sa_answer",
    "sa_confidence",
    "sa_reasons",
    "sa_citations",
    "sa_language",
    "sa_status",
    "sa_error",
    "sa_suggestion",
    "sa_evidence",
    "sa_score",
    "sa_sample",
    "sa_reply",
)
STATUSES = {"answer": "answered", "clarify": "clarify", "human": "human"}
REJECTED = "rejected"
SKIPPED = "skipped"


@dataclass(frozen=True)
class AnsweredCells:
    """What became of one row: its status and the cells of ``ADDED_COLUMNS``."""

    status: str
    cells: tuple[str, ...]


def real_output(source: Path, output: Path) -> Path:
    """The file that is written, behind symbolic links and ".."; refused where it is the input or no plain file."""
    try:
        real = output.resolve()
        if real == source.resolve() or (real.exists() and source.exists() and real.samefile(source)):
            raise BatchError(f"{output} is the input itself. Name another file for the output.")
    except (OSError, RuntimeError) as problem:
        raise BatchError(f"{output} cannot be used as the output: {problem}. Name another file.") from problem
    if real.is_dir():
        raise BatchError(f"{output} is a folder. Name a file in it for the output.")
    if real.exists() and not real.is_file():
        raise BatchError(f"{output} is a device or a pipe, which cannot be replaced whole. Name a plain file instead.")
    return output if real == output.absolute() else real


def cells_of_reply(reply: Mapping[str, Any], key: str, batch: tuple[str, int]) -> AnsweredCells:
    """The added cells for a reply, given as ``Reply.to_dict()``; ``key`` is its ticket's (``Ticket.words_key``).

    Args:
        batch: a name for the run, and for how many different tickets it offered a text.
    """
    answered = reply["route"] == "answer" and COURTESIES.isdisjoint(reply["reasons"])
    offered = answered or reply["suggestion"]
    # Without a promise the confidence is an order of its own; where no draft was worth writing, only a bound is known.
    bound = any(one["name"] == BOUND and one["fired"] for one in reply["signals"])
    ranked = offered and reply["confidence"] > 0 and not bound and reply["versions"].get("calibration") != "none"
    status = STATUSES[reply["route"]]
    cells = (
        reply["route"],
        reply["text"],
        f"{reply['confidence']:.3f}",
        "; ".join(reply["reasons"]),
        json.dumps(reply["citations"], ensure_ascii=False),
        reply["language"],
        status,
        "",
        reply["suggestion"],
        evidence_of_reply(key, reply, batch) if offered else "",
        f"{reply['confidence']:.6f}" if ranked else "",
        f"{reply['sample']:.9f}",
        in_one_message(reply.get("notice", ""), reply["text"]),
    )
    return AnsweredCells(status, cells)


def unasked(status: str, why: str) -> AnsweredCells:
    """The added cells for a row that never reached the agent: rejected as malformed, or skipped as nobody's ticket."""
    return AnsweredCells(status, ("", "", "", "", "", "", status, why, "", "", "", "", ""))


class CsvWriter:
    """Writes rows into an open binary file; ``defused`` counts the cells that were changed."""

    def __init__(self, file: IO[bytes], layout: Layout) -> None:
        self._file = file
        self._delimiter = layout.output_delimiter
        self._newline = layout.newline
        self._must_quote = re.compile(rf'["\r\n{re.escape(self._delimiter)}]|^\s|\s$')
        self.defused = 0
        if layout.has_byte_order_mark:
            file.write("\ufeff".encode())
        self.write(layout.header, ADDED_COLUMNS)

    def write(self, cells: Sequence[str], added: Sequence[str]) -> None:
        """Write one row."""
        line = self._delimiter.join(self._written(cell) for cell in (*cells, *added))
        # What was read is valid Unicode; only a generator could have made half a surrogate pair.
        self._file.write((line + self._newline).encode("utf-8", "replace"))

    def _written(self, cell: str) -> str:
        safe = defuse(cell)
        self.defused += safe != cell
        if self._must_quote.search(safe):
            return '"' + safe.replace('"', '""') + '"'
        return safe
