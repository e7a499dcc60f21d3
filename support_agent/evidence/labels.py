"""Labels in a JSONL file, for an evaluation: what a reader said of the texts of a golden set.

One label a line, in either form::

    {"id", "question", "sent", "supported", "agrees", "reader", "kind", "when"}
    {"id", "right", "text"}

In the first ``id`` and ``sent`` must be there. In the second ``right`` counts as both, and without ``text`` it speaks
of whatever was sent to that ticket. A label counts for its text as an answer to its question, whatever the id; where it
names no question, for the ticket of its id. Verdicts on customers' tickets live in the evidence file (store.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import StrictBool

from support_agent.artefacts import sha256_file
from support_agent.errors import CalibrationError, SupportAgentError
from support_agent.jsonl import Row, read_rows
from support_agent.records import About
from support_agent.wording import in_one_line


@dataclass(frozen=True)
class Label:
    """What one reader said of one answer; None where the reader did not say.

    ``id`` is the ticket's. ``sent`` is the text that was read, None for whatever was sent; ``passages`` are those it
    was read beside. ``reader`` is a name, ``kind`` "person" or "model", ``when`` ISO 8601; each "" where the file does
    not say. ``where`` is file and line.
    """

    id: str
    question: str = ""
    sent: str | None = None
    supported: StrictBool | None = None
    agrees: StrictBool | None = None
    passages: tuple[Any, ...] = ()
    reader: str = ""
    kind: str = ""
    when: str = ""
    where: str = ""

    def on(self, about: About) -> bool | None:
        """The word of this kind."""
        return self.supported if about == "supported" else self.agrees

    @property
    def key(self) -> tuple[str, str, str | None]:
        """What it is about; white space does not count."""
        return self.id, self.question, None if self.sent is None else in_one_line(self.sent)


@dataclass(frozen=True)
class Labels:
    """The labels of a file; ``sha256`` is the file's."""

    every: tuple[Label, ...] = ()
    sha256: str = ""
    _by_key: dict[tuple[str | None, ...], Label | None] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        """Find a label by each of its names; where two differ under a name that several share, neither counts."""
        for label in self.every:
            ticket_id, question, sent = label.key
            shared = (None, question, sent) if question else (ticket_id, None, sent)
            for key in dict.fromkeys(((ticket_id, question, sent), shared)):
                known = self._by_key.setdefault(key, label)
                if known and (known.supported, known.agrees) != (label.supported, label.agrees):
                    self._by_key[key] = label if key == (ticket_id, question, sent) else None

    def find(self, ticket_id: str, question: str, sent: str) -> Label | None:
        """The label of this text as an answer to this ticket, if it was read."""
        asked, text = in_one_line(question), in_one_line(sent)
        keys = (ticket_id, asked, text), (None, asked, text), (ticket_id, None, text), (ticket_id, None, None)
        return next((label for key in keys if (label := self._by_key.get(key))), None)

    def said(self, about: About) -> int:
        """How many labels say something of this kind."""
        return sum(label.on(about) is not None for label in self.every)


def read_labels(path: Path, error: type[SupportAgentError] = CalibrationError) -> Labels:
    """Read a file of labels; lines that complete each other become one label.

    Raises:
        error: with file and line: the file cannot be read, a line is no label, or two lines contradict each other.
    """
    labels: dict[tuple[str, str, str | None], Label] = {}
    for row in read_rows(path, error):
        label = _label(row)
        known = labels.get(label.key)
        labels[label.key] = _both(known, label, error) if known else label
    return Labels(tuple(labels.values()), sha256_file(path))


@dataclass(frozen=True)
class _Right:
    """A line of the short form."""

    id: str
    right: StrictBool
    text: str | None = None


def _label(row: Row) -> Label:
    if "right" in row.values:
        short = row.read(_Right)
        return Label(short.id, sent=short.text, supported=short.right, agrees=short.right, where=row.where)
    label = row.read(Label)
    if label.sent is None:
        raise row.error("sent: Field required")
    return replace(label, question=in_one_line(label.question), where=row.where)


def _both(first: Label, second: Label, error: type[SupportAgentError]) -> Label:
    """What two lines about one answer say together."""
    said = (first.supported, second.supported), (first.agrees, second.agrees)
    if any({True, False} == set(pair) for pair in said):
        raise error(
            f"{first.where}, and {second.where}, contradict each other about the same answer of {first.id}. "
            "Keep the line that is right."
        )
    supported, agrees = (one if one is not None else other for one, other in said)
    # What two kinds of readers say together is told as neither's.
    kind = first.kind if first.kind == second.kind else ""
    return replace(first, supported=supported, agrees=agrees, kind=kind)
