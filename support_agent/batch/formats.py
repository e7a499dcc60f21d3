"""A header → which column is the ticket's text, its subject and its id.

The exports that are known are rows of a table; names match whatever their case, spaces and underscores.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from support_agent.errors import BatchError
from support_agent.records import Ticket
from support_agent.tables import TableRow, read_layout, read_rows

ROLES = ("text", "subject", "id")
# Words in the names of columns that hold no ticket's text, whatever their cells look like.
_NEVER_TEXT = frozenset(
    "id ids uuid guid key number no nr num date time timestamp created updated answer response resolution".split()
)
# A cell of so many words, or characters where words have no spaces between them, may be a ticket.
_WORDS, _CHARACTERS = 4, 12
_LOOKED_AT = 50


@dataclass(frozen=True)
class Format:
    """One kind of export, its columns as ``_plain`` writes them; only ``text`` must be there. The first of equals wins.

    ``inbound`` is a column that tells customers' tickets from the company's own; only the former are answered.
    """

    name: str
    text: str
    subject: str = ""
    ids: tuple[str, ...] = ("ticketid", "id")
    inbound: str = ""


FORMATS = (
    Format("Zendesk or Freshdesk", "description", "subject"),
    Format("Jira", "description", "summary", ("issuekey", "key", "issueid")),
    Format("Kaggle customer support tickets", "ticketdescription", "ticketsubject"),
    Format("Kaggle multilingual tickets", "body", "subject"),
    Format("Bitext", "instruction"),
    Format("questions", "question", ids=("questionid", "ticketid", "id")),
    Format("texts", "text"),
    Format("twcs", "text", ids=("tweetid",), inbound="inbound"),
    Format("messages", "message"),
    *(Format("messages", name, "subject") for name in ("messagebody", "messagetext", "emailbody", "mailbody")),
    *(Format("tickets", name, "subject") for name in ("ticketbody", "tickettext")),
)


@dataclass(frozen=True)
class Columns:
    """Positions in the header, counted from 0; None where the file has no such column."""

    format: str
    text: int
    subject: int | None = None
    ticket_id: int | None = None
    inbound: int | None = None

    def ticket(self, row: TableRow) -> Ticket:
        """The row's ticket."""
        return Ticket(row.cells[self.text], self._cell(row, self.subject), self._cell(row, self.ticket_id))

    def is_our_own(self, row: TableRow) -> bool:
        """Whether the company wrote it, so that there is nothing to answer."""
        return self._cell(row, self.inbound).strip().casefold() in ("false", "0", "no")

    def describe(self, header: Sequence[str]) -> dict[str, str]:
        """Role → column name, for the person to check before the run."""
        found = {"text": self.text, "subject": self.subject, "id": self.ticket_id, "inbound": self.inbound}
        return {role: header[position] for role, position in found.items() if position is not None}

    @staticmethod
    def _cell(row: TableRow, position: int | None) -> str:
        return "" if position is None else row.cells[position]


def parse_mapping(options: Sequence[str]) -> dict[str, str]:
    """Read ``["text=Description", …]``; an empty column (``subject=``) means that none is used.

    Raises:
        ValueError: an option is not ROLE=COLUMN, or the role is unknown or given twice.
    """
    mapping: dict[str, str] = {}
    for option in options:
        role, equals, column = option.partition("=")
        if not equals or role not in ROLES or role in mapping or (role == "text" and not column):
            raise ValueError(f"{option!r} is not one of text=COLUMN, subject=COLUMN, id=COLUMN, each at most once")
        mapping[role] = column
    return mapping


def find_columns(path: Path, header: Sequence[str], mapping: Mapping[str, str]) -> Columns:
    """Find the columns by the table, except where ``mapping`` (role → column name) names them.

    Raises:
        BatchError: a named column is not there, none or several could be the text, or a column that is used is there
            twice.
    """
    names = _Header(path, header)
    if "text" in mapping:
        text = names.named(mapping["text"])
        known = names.formats([entry for entry in FORMATS if names.find(entry.text) == text])
        found = known[0] if len(known) == 1 else Columns("mapped by hand", text)
    else:
        found = names.detect()
    given = {role: names.named(column) if column else None for role, column in mapping.items()}
    return Columns(
        found.format,
        found.text,
        given.get("subject", found.subject),
        given.get("id", found.ticket_id),
        found.inbound,
    )


class _Header:
    """The columns of one file, looked up by plain name."""

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        self._path = path
        self._header = header
        self._plain = [_plain(name) for name in header]

    def detect(self) -> Columns:
        """The one mapping that the table allows."""
        known = self.formats(FORMATS)
        if len(known) == 1:
            return known[0]
        if known:
            choices = " or ".join(dict.fromkeys(f"{found.format} (text={self._header[found.text]})" for found in known))
            raise self._unsure(f"the ticket's text could be in several columns: {choices}", known[0].text)
        if len(self._header) != 1:
            raise self._unsure("no column is known to hold the ticket's text", self._likely_text())
        if _reads_like_a_ticket(self._header[0]):
            raise BatchError(
                f"{self._path}, line 1: {self._header[0][:60]!r} reads like a ticket, not like the name of a column. "
                "Put a line with the word question above it."
            )
        return Columns("one column", 0)

    def formats(self, entries: Sequence[Format]) -> list[Columns]:
        """What the table makes of the file: of the entries with the same text column only those that know the most."""
        found: list[Columns] = []
        for text in dict.fromkeys(entry.text for entry in entries if entry.text in self._plain):
            rivals = [self._columns(entry) for entry in entries if entry.text == text]
            most = max(_known(rival) for rival in rivals)
            best = [rival for rival in rivals if _known(rival) == most]
            same = all(rival.describe(self._header) == best[0].describe(self._header) for rival in best)
            found += best[:1] if same else best
        return found

    def find(self, plain: str) -> int | None:
        """Position of the column with this plain name, None without one."""
        positions = [position for position, name in enumerate(self._plain) if plain and name == plain]
        if len(positions) > 1:
            first, second = positions[:2]
            raise BatchError(
                f"{self._path}, line 1: columns {first + 1} ({self._header[first]!r}) and {second + 1} "
                f"({self._header[second]!r}) have the same name. Rename one of them."
            )
        return positions[0] if positions else None

    def named(self, column: str) -> int:
        """Position of a column that a person named."""
        if self._header.count(column) == 1:
            return self._header.index(column)
        position = self.find(_plain(column))
        if position is None:
            raise BatchError(f"{self._path} has no column {column!r}. Its columns are: {self._listed()}.")
        return position

    def _columns(self, entry: Format) -> Columns:
        text = self.find(entry.text)
        assert text is not None  # for the type checker; only entries whose text is there come here
        ids = (position for name in entry.ids if (position := self.find(name)) is not None)
        return Columns(entry.name, text, self.find(entry.subject), next(ids, None), self.find(entry.inbound))

    def _unsure(self, why: str, example: int | None) -> BatchError:
        if not any(self._plain):
            return BatchError(
                f"{self._path}, line 1: none of its {len(self._header)} columns has a name. Write names into the first "
                "line, with the word question above the tickets' text."
            )
        name = "with --map text=COLUMN" if example is None else f"such as --map text={self._quoted(example)}"
        return BatchError(
            f"{self._path}, line 1: {why}. Its columns are: {self._listed()}. Name the right one, {name}."
        )

    def _likely_text(self) -> int | None:
        """The column that most of the first rows have a text in; None where there is none."""
        may = [at for at, name in enumerate(self._header) if name.strip() and _NEVER_TEXT.isdisjoint(_words(name))]
        rows = [row for row in self._first_rows() if not row.fault]
        texts = {at: sum(_may_be_text(row.cells[at]) for row in rows) for at in may}
        best = max(may, key=texts.__getitem__, default=None)
        return best if best is not None and texts[best] else None

    def _first_rows(self) -> list[TableRow]:
        try:
            return list(islice(read_rows(read_layout(self._path, BatchError)), _LOOKED_AT))
        except BatchError:
            return []  # what is wrong with the rows is said where they are read

    def _listed(self) -> str:
        return ", ".join(repr(name) for name in self._header)

    def _quoted(self, position: int) -> str:
        name = self._header[position]
        return f'"{name}"' if " " in name else name


def _plain(name: str) -> str:
    return name.casefold().replace(" ", "").replace("_", "")


def _words(name: str) -> set[str]:
    """The words of a column's name, also where only capitals tell them apart."""
    return set(re.findall(r"[^\W_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).casefold()))


def _may_be_text(cell: str) -> bool:
    return len(cell.split()) >= _WORDS or (not cell.isascii() and len(cell) >= _CHARACTERS)


def _known(columns: Columns) -> int:
    return sum(position is not None for position in (columns.subject, columns.ticket_id, columns.inbound))


def _reads_like_a_ticket(name: str) -> bool:
    return name.rstrip().endswith(("?", ".", "!")) or len(name.split()) > 5
