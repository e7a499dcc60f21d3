"""A ticket file through an agent, and out again: ``plan_batch`` only reads, ``run_batch`` asks and writes.

Both passes over the rows are iterators, and what was answered lies in the journal, so memory does not grow with the
file.
"""

from __future__ import annotations

import glob
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from support_agent.artefacts import atomic_write, sha256_file
from support_agent.batch.csv_writer import (
    ADDED_COLUMNS,
    REJECTED,
    SKIPPED,
    STATUSES,
    AnsweredCells,
    CsvWriter,
    cells_of_reply,
    real_output,
    unasked,
)
from support_agent.batch.formats import Columns, find_columns
from support_agent.batch.journal import GO_ON, Journal, open_journal
from support_agent.disk import translated_errors
from support_agent.errors import BatchError
from support_agent.protocols import Answerer
from support_agent.records import Reason, Reply, Ticket
from support_agent.tables import Layout, TableRow, read_layout, read_rows
from support_agent.wording import counted

_NOT_FINAL = Reason.INTERNAL_ERROR  # the program itself failed: no verdict on the ticket


@dataclass
class Counts:
    """Rows by status, as far as the run has come."""

    answered: int = 0
    clarify: int = 0
    human: int = 0
    rejected: int = 0
    skipped: int = 0

    @property
    def rows(self) -> int:
        """All of them."""
        return self.answered + self.clarify + self.human + self.rejected + self.skipped

    def add(self, status: str, rows: int = 1) -> None:
        """Count ``rows`` more rows with this status."""
        setattr(self, status, getattr(self, status) + rows)


@dataclass(frozen=True)
class BatchPlan:
    """What a run would do. ``rows`` of the file's ``file_rows`` are taken; ``faulty`` of them will be rejected."""

    output: Path
    layout: Layout
    columns: Columns
    limit: int | None
    file_rows: int
    rows: int
    faulty: int
    sha256: str

    def read(self) -> Iterator[TableRow]:
        """The rows to take, in order."""
        return islice(read_rows(self.layout), self.limit)

    def facts(self, agent: Answerer) -> dict[str, str]:
        """What must be the same when an unfinished run goes on; another ``limit`` only takes more rows or fewer."""
        mapping = self.columns.describe(self.layout.header)
        versions = {f"{name} version": version for name, version in agent.versions.items()}
        return {
            "input file": self.sha256,
            "column mapping": ", ".join(f"{role}={name}" for role, name in mapping.items()),
            **versions,
        }


@dataclass(frozen=True)
class Summary:
    """What a run did. ``generated`` tickets were put before the agent in this run; ``defused`` counts cells.

    ``generator_down`` rows got the best passage's own words because the generator failed; ``suggested`` have a text
    that the person who takes over may send.
    """

    output: Path
    rows: int
    counts: Counts
    generated: int
    defused: int
    generator_down: int
    suggested: int


def plan_batch(source: Path, output: Path, mapping: Mapping[str, str], limit: int | None = None) -> BatchPlan:
    """Read the whole input once and say what a run would do; writes nothing.

    Args:
        mapping: role ("text", "subject", "id") → column, for what the table of formats does not know.
        limit: take the first so many rows.

    Raises:
        BatchError: the input is no sound table, has no text column or no rows, or would be overwritten.
    """
    output = real_output(source, output)
    layout = read_layout(source, BatchError)
    taken = [name for name in layout.header if name.strip().casefold() in ADDED_COLUMNS]
    if taken:
        raise BatchError(
            f"{source}, line 1: the column {taken[0]!r} is one that this command adds, so the file looks like an "
            "earlier output. Run the original file, or remove the columns that begin with sa_."
        )
    columns = find_columns(source, layout.header, mapping)
    sha256 = sha256_file(source)
    file_rows = rows = faulty = 0
    for row in read_rows(layout):
        file_rows += 1
        if limit is None or file_rows <= limit:
            rows += 1
            faulty += bool(row.fault)
    if not file_rows:
        raise BatchError(f"{source} has a header and no rows. There is nothing to answer.")
    limit = None if limit is None else min(limit, sys.maxsize)  # islice takes no larger one
    return BatchPlan(output, layout, columns, limit, file_rows, rows, faulty, sha256)


def count_distinct(plan: BatchPlan) -> int:
    """How many different tickets the rows hold; counted on disk, in a database that vanishes with this call."""
    with closing(sqlite3.connect("")) as seen:
        seen.execute("CREATE TABLE ticket (key TEXT PRIMARY KEY) WITHOUT ROWID")
        seen.executemany("INSERT OR IGNORE INTO ticket VALUES (?)", ((key,) for key in _asked_keys(plan)))
        return int(seen.execute("SELECT count(*) FROM ticket").fetchone()[0])


def run_batch(
    plan: BatchPlan,
    open_agent: Callable[[], Answerer],
    *,
    fresh: bool = False,
    on_progress: Callable[[Counts], None] = lambda counts: None,
) -> Summary:
    """Answer what the journal does not hold yet, then write the output and remove the journal.

    Args:
        open_agent: called once no other run holds the output.
        fresh: throw the replies of an unfinished run away.
        on_progress: called with the rows done so far after each change.

    Raises:
        BatchError: another process writes the output, the journal belongs to another run, the input changed, a disk is
            full, or the agent left a ticket without a reply or replied to one that it was not given. The journal
            stays, and so does what stood at the output.
    """
    with open_journal(plan.output) as journal:
        if fresh:
            journal.clear()
        agent = open_agent()
        journal.bind(plan.facts(agent))
        journal.reopen(_NOT_FINAL)
        queue = _Queue(plan, journal, on_progress)
        generated = 0
        for reply in agent.ask_many(queue.tickets()):
            queue.keep(reply)
            generated += 1
        queue.check_empty()
        written = _write_output(plan, journal)
        journal.remove()
    return replace(written, generated=generated)


@dataclass
class _Waiting:
    """A ticket that the agent has and whose reply is not back; ``rows`` rows wait for it."""

    key: str
    rows: int = 1


@dataclass
class _Queue:
    """Between file and agent: lets each ticket without a reply through once, and keeps its reply, in any order.

    Only the tickets that the agent has drawn and not answered are held here, by the id they were asked with.
    """

    plan: BatchPlan
    journal: Journal
    on_progress: Callable[[Counts], None]
    counts: Counts = field(default_factory=Counts)
    in_flight: dict[str, _Waiting] = field(default_factory=dict)

    def tickets(self) -> Iterator[Ticket]:
        """The tickets without a reply, in the order of the rows; no two in flight have the same id."""
        for row in self.plan.read():
            if cells := _cells_unasked(self.plan, row):
                self._count(cells.status)
                continue
            ticket = self.plan.columns.ticket(row)
            key = ticket.words_key
            twin = next((waiting for waiting in self.in_flight.values() if waiting.key == key), None)
            if twin:
                twin.rows += 1
            elif status := self.journal.status(key):
                self._count(status)
            else:
                if ticket.ticket_id in self.in_flight:
                    ticket = replace(ticket, ticket_id=f"{ticket.ticket_id}:{key}")
                self.in_flight[ticket.ticket_id] = _Waiting(key)
                yield ticket

    def keep(self, reply: Reply) -> None:
        """Write down the reply of a ticket that waits for one."""
        if reply.ticket_id not in self.in_flight:
            raise BatchError(
                f"The agent replied to ticket {reply.ticket_id!r}, for which no reply is due. Replies and rows can no "
                "longer be matched; run the same command to go on from the last sound one."
            )
        waiting, status = self.in_flight[reply.ticket_id], STATUSES[reply.route]
        self.journal.record(waiting.key, status, reply.to_dict())
        del self.in_flight[reply.ticket_id]
        self._count(status, waiting.rows)

    def check_empty(self) -> None:
        """Raise if a ticket went in and no reply came back."""
        if self.in_flight:
            raise BatchError(
                f"The agent left {counted(len(self.in_flight), 'ticket')} without a reply, the first of them "
                f"{next(iter(self.in_flight))!r}. Run the same command to go on with them."
            )

    def _count(self, status: str, rows: int = 1) -> None:
        self.counts.add(status, rows)
        self.on_progress(self.counts)


def _write_output(plan: BatchPlan, journal: Journal) -> Summary:
    """Join the rows, read once more, with their replies."""
    counts, generator_down, suggested = Counts(), 0, 0
    batch = (plan.sha256[:12], journal.offers(_asked_keys(plan)))
    _remove_leftovers(plan.output)
    with translated_errors(plan.output, BatchError, GO_ON), atomic_write(plan.output) as file:
        writer = CsvWriter(file, plan.layout)
        for row in plan.read():
            cells, reply = _answered(plan, journal, row, batch)
            writer.write(row.cells, cells.cells)
            counts.add(cells.status)
            generator_down += Reason.GENERATOR_DOWN in reply.get("reasons", ())
            suggested += bool(reply.get("suggestion"))
        if counts.rows != plan.rows or sha256_file(plan.layout.path) != plan.sha256:
            raise BatchError(
                f"{plan.layout.path} changed while it was being answered ({plan.rows:,} rows at first, {counts.rows:,} "
                f"at the end); {plan.output} was not written. Put the file back, or add --fresh to start over."
            )
    return Summary(plan.output, plan.rows, counts, 0, writer.defused, generator_down, suggested)


def _remove_leftovers(output: Path) -> None:
    """Delete what a run that was killed while writing has left; the journal's lock says that nobody else writes."""
    with translated_errors(output, BatchError, GO_ON):
        for part in output.parent.glob(f".{glob.escape(output.name)}.*.part"):
            part.unlink()


def _answered(
    plan: BatchPlan, journal: Journal, row: TableRow, batch: tuple[str, int]
) -> tuple[AnsweredCells, Mapping[str, Any]]:
    """The row's added cells, and its reply; an empty one where it was not asked."""
    if cells := _cells_unasked(plan, row):
        return cells, {}
    key = plan.columns.ticket(row).words_key
    reply = journal.reply(key)
    if reply is None:
        raise BatchError(
            f"{plan.layout.path}, line {row.line}: the journal holds no reply. Run the same command again."
        )
    return cells_of_reply(reply, key, batch), reply


def _asked_keys(plan: BatchPlan) -> Iterator[str]:
    """The key of each row's ticket, of the rows that are put before the agent."""
    return (plan.columns.ticket(row).words_key for row in plan.read() if not _cells_unasked(plan, row))


def _cells_unasked(plan: BatchPlan, row: TableRow) -> AnsweredCells | None:
    """The added cells of a row that is not put before the agent; None for all others."""
    if row.fault:
        return unasked(REJECTED, row.fault)
    if plan.columns.is_our_own(row):
        return unasked(SKIPPED, "Not a customer's ticket: the column inbound says so.")
    return None
