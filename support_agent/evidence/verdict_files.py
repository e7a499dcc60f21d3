"""The spreadsheet of the loop: answered tickets out to be read, verdicts back in.

What comes back is any file that `batch` or `certify` wrote, with a column ``verdict`` (right, wrong or partly; a letter
will do) and, if the reader likes, ``correct_answer``, ``why`` and ``reader``. Which ticket, index and state of the
agent a row is of stands in its cell ``sa_evidence``, so that the file may have been sorted, cut and saved by Excel.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from support_agent.artefacts import write_bytes
from support_agent.errors import BatchError, CalibrationError
from support_agent.evidence.standing import PARTLY, RIGHT, WRONG, Sampled
from support_agent.records import COURTESIES, Passage, Ticket
from support_agent.spreadsheet import as_it_was, defuse, read_evidence, read_number, write_evidence
from support_agent.tables import Layout, TableRow, read_layout, read_rows

if TYPE_CHECKING:
    from support_agent.batch.formats import Columns

VERDICT, CORRECT, WHY, READER = "verdict", "correct_answer", "why", "reader"
SUGGESTION, EVIDENCE, SCORE, SAMPLE = "sa_suggestion", "sa_evidence", "sa_score", "sa_sample"
ANSWER, LANGUAGE = "sa_answer", "sa_language"
ROUTE, REASONS = "sa_route", "sa_reasons"
_WORDS = {
    RIGHT: "r right ok okay yes y correct good 1 + ✓ ✔ richtig ja correcto sí si oui juste "
    "true wahr verdadero vrai vero waar verdadeiro истина",
    PARTLY: "p partly partial partially half ~ teilweise parcial partiellement",
    WRONG: "w wrong no n incorrect bad 0 - ✗ ✘ x falsch nein incorrecto non false falso faux onwaar ложь",
}
_VERDICTS = {word: verdict for verdict, words in _WORDS.items() for word in words.split()}


@dataclass(frozen=True)
class ReadRow:
    """A row that came back: its ticket (None where only ``key`` says which), what was offered, what was said of it.

    ``index`` is name and version; ``parts`` the state of the agent; each "" where the file does not say. ``verdict`` is
    "" where nobody has read it. ``drawn`` says that it came with its random number, ``batch`` of which run it is and
    how many tickets that offered a text for. ``where`` is file and line.
    """

    where: str
    key: str
    ticket: Ticket | None
    language: str
    index: str
    parts: str
    sent: str
    score: float | None
    answered: bool
    passages: Mapping[str, str]
    drawn: bool
    verdict: str
    batch: tuple[str, int] = ("", 0)
    correct_answer: str = ""
    why: str = ""
    reader: str = ""


@dataclass(frozen=True)
class VerdictFile:
    """The rows that can be used, and a sentence for each that cannot."""

    rows: tuple[ReadRow, ...]
    problems: tuple[str, ...]


def write_to_read(path: Path, rows: Sequence[Sampled], passages: Mapping[str, Passage], index: str, parts: str) -> None:
    """Write tickets with what is offered for them, in the order given, ready to be read.

    Args:
        passages: those of the index, by id.
        index, parts: name and version of the index, and the state of the agent.

    Raises:
        CalibrationError: the file is there already, and may hold verdicts, or it cannot be written.
    """
    if path.exists():
        raise CalibrationError(f"{path} is there already, and may hold verdicts. Name another file.")
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("id", "subject", "description", VERDICT, CORRECT, WHY, SUGGESTION, EVIDENCE, SCORE, SAMPLE))
    for one in rows:
        ticket, found = one.known.ticket, (passages[name] for name in one.offer.passages if name in passages)
        facts = write_evidence(one.known.key, index, parts, found)
        cells = (ticket.ticket_id, ticket.subject, ticket.text, "", "", "", one.offer.sent, facts)
        writer.writerow([*map(defuse, cells), f"{one.score:.6f}", f"{one.known.sample:.9f}"])
    try:
        write_bytes(path, text.getvalue().encode("utf-8-sig", "replace"))
    except OSError as problem:
        raise CalibrationError(f"{path} cannot be written: {problem.strerror}.") from problem


def read_verdicts(path: Path, mapping: Mapping[str, str] | None = None) -> VerdictFile:
    """Read a file that came back.

    Args:
        mapping: role ("text", "subject", "id") → column, where the file's tickets are not recognised.

    Raises:
        CalibrationError: it is no table, or has no column for verdicts or for what was offered.
    """
    layout = read_layout(path, CalibrationError)
    plain = [name.strip().casefold() for name in layout.header]
    if plain.count(VERDICT) > 1:
        raise CalibrationError(f"{path}, line 1: the column {VERDICT!r} stands twice. Delete or rename one of them.")
    names = {name: at for at, name in enumerate(plain)}
    if VERDICT not in names:
        raise CalibrationError(
            f"{path} has no column {VERDICT!r}. Add one, and write right, wrong or partly into it for each answer read."
        )
    if SUGGESTION not in names and ANSWER not in names:
        raise CalibrationError(
            f"{path} has no column {SUGGESTION!r} or {ANSWER!r}: it is not a file that `support-agent batch` or "
            "`support-agent certify` wrote. A verdict needs the text it is about."
        )
    tickets = _ticket_columns(path, layout, mapping)
    rows: list[ReadRow] = []
    problems: list[str] = []
    for row in read_rows(layout):
        if found := _read_row(path, row, names, tickets, problems):
            rows.append(found)
    return VerdictFile(tuple(rows), tuple(problems))


def verdict_of(cell: str) -> str | None:
    """right, partly or wrong; "" for an empty cell, None for a word that is no verdict."""
    word = cell.strip().strip("'\".,;:!").casefold()
    return _VERDICTS.get(word) if word else ""


def _read_row(
    path: Path, row: TableRow, names: Mapping[str, int], tickets: Columns | None, problems: list[str]
) -> ReadRow | None:
    """The row, None where there is nothing in it for us; what is wrong with it goes into ``problems``.

    A ticket whose verdict cannot be read stays in the sample, as one that nobody has read.
    """
    where = f"{path}, line {row.line}"
    if row.fault:
        problems.append(f"{where}: {row.fault}")
        return None
    cell = {name: row.cells[at] for name, at in names.items()}
    verdict, score = verdict_of(cell[VERDICT]), read_number(cell.get(SCORE, ""))
    if verdict is None:
        problems.append(
            f"{where}: {cell[VERDICT].strip()!r} is no verdict, so that the answer counts as not read. Write right, "
            "wrong or partly, or r, w or p."
        )
    if score is not None and not 0 <= score <= 1:
        problems.append(
            f"{where}: {SCORE} is {cell[SCORE].strip()!r}, and lies between 0 and 1 where it is as written."
        )
        score = None
    answered = cell.get(ROUTE, "").strip().casefold() == "answer"
    sent = as_it_was(cell.get(ANSWER, "") if answered else cell.get(SUGGESTION, ""))
    if answered and not COURTESIES.isdisjoint(cell.get(REASONS, "").split("; ")):
        if verdict:
            problems.append(f"{where}: a verdict on a courtesy, which sends no knowledge and is no evidence.")
        return None
    if not sent.strip():
        if verdict:
            problems.append(f"{where}: a verdict, and no answer or suggestion that it could be about.")
        return None
    facts = read_evidence(cell.get(EVIDENCE, ""))
    written = tickets.ticket(row) if tickets else None
    ticket = _as_asked(written, facts.ticket) if written else None
    key = facts.ticket or (ticket.words_key if ticket else "")
    if not key:
        problems.append(
            f"{where}: neither {EVIDENCE} nor a column of texts says which ticket this is. Name it: --map text=COLUMN"
        )
        return None
    return ReadRow(
        where=where,
        key=key,
        ticket=ticket,
        language=cell.get(LANGUAGE, "").strip() or "und",
        index=facts.index,
        parts=facts.parts,
        sent=sent,
        score=score,
        answered=answered,
        passages=facts.passages,
        drawn=read_number(cell.get(SAMPLE, "")) is not None,
        verdict=verdict or "",
        batch=facts.batch,
        correct_answer=as_it_was(cell.get(CORRECT, "")).strip(),
        why=as_it_was(cell.get(WHY, "")).strip(),
        reader=cell.get(READER, "").strip(),
    )


def _as_asked(ticket: Ticket, key: str) -> Ticket | None:
    """The ticket as it was before a spreadsheet had it in hand; None where it is not the one that ``key`` names.

    What may have changed are apostrophes before formulas and the ends of lines inside cells.
    """
    subject, text = as_it_was(ticket.subject), as_it_was(ticket.text)
    plain = Ticket(text.replace("\r\n", "\n"), subject.replace("\r\n", "\n"), ticket.ticket_id)
    windows = Ticket(plain.text.replace("\n", "\r\n"), plain.subject.replace("\n", "\r\n"), ticket.ticket_id)
    same = (Ticket(text, subject, ticket.ticket_id), ticket, plain, windows)
    return next((one for one in same if not key or one.words_key == key), None)


def _ticket_columns(path: Path, layout: Layout, mapping: Mapping[str, str] | None) -> Columns | None:
    # The batch writes such files, and reads none.
    from support_agent.batch.formats import find_columns

    try:
        return find_columns(path, layout.header, mapping or {})
    except BatchError as problem:
        if mapping:
            raise CalibrationError(str(problem)) from problem
        return None  # the rows say themselves which ticket each is
