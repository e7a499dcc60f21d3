"""A ticket file through an agent, and out again.

Comes in: a plan (made by ``plan_batch``, which only reads), an agent, an open journal. Goes out: the answered CSV and
a summary whose counts add up. Knows neither triage nor gate: a ticket goes in, a reply comes back.

Both passes over the rows are iterators, and what was answered lies in the journal, so memory does not grow with the
file.
"""

from __future__ import annotations

import glob
import sqlite3
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from support_agent.artefacts import atomic_write, sha256_bytes, sha256_file
from support_agent.batch.csv_reader import Layout, Row, read_layout, read_rows
from support_agent.batch.csv_writer import (
    ADDED_COLUMNS,
    REJECTED,
    SKIPPED,
    STATUSES,
    CsvWriter,
    Outcome,
    outcome_of_reply,
    real_output,
    unasked,
)
from support_agent.batch.formats import Columns, find_columns
from support_agent.batch.journal import GO_ON, Journal
from support_agent.disk import translated_errors
from support_agent.errors import BatchError
from support_agent.protocols import Answerer
from support_agent.records import Reply, Ticket

_NOT_FINAL = "internal_error"  # the program itself failed: no verdict on the ticket


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
class Plan:
    """What a run would do. ``rows`` of the file's ``file_rows`` are taken; ``faulty`` of them will be rejected."""

    output: Path
    layout: Layout
    columns: Columns
    limit: int | None
    file_rows: int
    rows: int
    faulty: int
    sha256: str

    def read(self) -> Iterator[Row]:
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

    ``generator_down`` rows got the best passage's own words because the generator failed.
    """

    output: Path
    rows: int
    counts: Counts
    generated: int
    defused: int
    generator_down: int


def plan_batch(source: Path, output: Path, mapping: Mapping[str, str], limit: int | None = None) -> Plan:
    """Read the whole input once and say what a run would do; writes nothing.

    Args:
        mapping: role ("text", "subject", "id") → column, for what the table of formats does not know.
        limit: take the first so many rows.

    Raises:
        BatchError: the input is no sound table, has no text column or no rows, or would be overwritten.
    """
    output = real_output(source, output)
    layout = read_layout(source)
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
    return Plan(output, layout, columns, limit, file_rows, rows, faulty, sha256)


def count_distinct(plan: Plan) -> int:
    """How many different tickets the rows hold; counted on disk, in a database that vanishes with this call."""
    with closing(sqlite3.connect("")) as seen:
        seen.execute("CREATE TABLE ticket (key TEXT PRIMARY KEY) WITHOUT ROWID")
        keys = ((_key(plan.columns.ticket(row)),) for row in plan.read() if not _unasked(plan, row))
        seen.executemany("INSERT OR IGNORE INTO ticket VALUES (?)", keys)
        return int(seen.execute("SELECT count(*) FROM ticket").fetchone()[0])


def run_batch(
    plan: Plan, agent: Answerer, journal: Journal, closed: Counts, on_progress: Callable[[Counts], None]
) -> Summary:
    """Answer what the journal does not hold yet, then write the output and remove the journal.

    Args:
        closed: counts the rows closed so far, for whoever must tell how far a run came that was stopped.
        on_progress: called with ``closed`` after each change.

    Raises:
        BatchError: the journal belongs to another run, the input changed, a disk is full, or the agent gave another
            number of replies than it was given tickets. The journal stays, and so does what stood at the output.
    """
    journal.bind(plan.facts(agent))
    journal.reopen(_NOT_FINAL)
    queue = _Queue(plan, journal, closed, on_progress)
    generated = 0
    for reply in agent.ask_many(queue.tickets()):
        queue.close_next(reply)
        generated += 1
    queue.check_empty()
    counts, defused, generator_down = _write_output(plan, journal)
    journal.remove()
    return Summary(plan.output, plan.rows, counts, generated, defused, generator_down)


@dataclass
class _Waiting:
    """A ticket that the agent has and whose reply is not back; ``rows`` rows wait for it."""

    key: str
    ticket_id: str
    rows: int = 1


@dataclass
class _Queue:
    """Between file and agent: lets each open ticket through once, and closes it with its reply.

    Only the tickets that the agent has drawn and not answered are held here, a batch of it at most.
    """

    plan: Plan
    journal: Journal
    counts: Counts
    on_progress: Callable[[Counts], None]
    in_flight: deque[_Waiting] = field(default_factory=deque)

    def tickets(self) -> Iterator[Ticket]:
        """The tickets that are still open, in the order of the rows."""
        for row in self.plan.read():
            if outcome := _unasked(self.plan, row):
                self._count(outcome.status)
                continue
            ticket = self.plan.columns.ticket(row)
            key = _key(ticket)
            twin = next((waiting for waiting in self.in_flight if waiting.key == key), None)
            if twin:
                twin.rows += 1
            elif status := self.journal.status(key):
                self._count(status)
            else:
                self.in_flight.append(_Waiting(key, ticket.ticket_id))
                yield ticket

    def close_next(self, reply: Reply) -> None:
        """Keep the reply of the ticket that has waited longest."""
        if not self.in_flight or self.in_flight[0].ticket_id != reply.ticket_id:
            raise BatchError(
                f"The agent replied to ticket {reply.ticket_id!r}, which was not the next. Replies and rows can no "
                "longer be matched; run the same command to go on from the last sound one."
            )
        status = STATUSES[reply.route]
        self.journal.record(self.in_flight[0].key, status, reply.to_dict())
        self._count(status, self.in_flight.popleft().rows)

    def check_empty(self) -> None:
        """Raise if a ticket went in and no reply came back."""
        if self.in_flight:
            raise BatchError(
                f"The agent left {len(self.in_flight)} tickets without a reply, the first of them "
                f"{self.in_flight[0].ticket_id!r}. Run the same command to go on with them."
            )

    def _count(self, status: str, rows: int = 1) -> None:
        self.counts.add(status, rows)
        self.on_progress(self.counts)


def _write_output(plan: Plan, journal: Journal) -> tuple[Counts, int, int]:
    """Join the rows, read once more, with their outcomes. Returns what the summary counts."""
    counts, generator_down = Counts(), 0
    _remove_leftovers(plan.output)
    with translated_errors(plan.output, BatchError, GO_ON), atomic_write(plan.output) as file:
        writer = CsvWriter(file, plan.layout)
        for row in plan.read():
            outcome = _outcome(plan, journal, row)
            writer.write(row.cells, outcome.cells)
            counts.add(outcome.status)
            generator_down += "generator_down" in outcome.cells[ADDED_COLUMNS.index("sa_reasons")]
        if counts.rows != plan.rows or sha256_file(plan.layout.path) != plan.sha256:
            raise BatchError(
                f"{plan.layout.path} changed while it was being answered ({plan.rows:,} rows at first, {counts.rows:,} "
                f"at the end); {plan.output} was not written. Put the file back, or add --fresh to start over."
            )
    return counts, writer.defused, generator_down


def _remove_leftovers(output: Path) -> None:
    """Delete what a run that was killed while writing has left; the journal's lock says that nobody else writes."""
    with translated_errors(output, BatchError, GO_ON):
        for part in output.parent.glob(f".{glob.escape(output.name)}.*.part"):
            part.unlink()


def _outcome(plan: Plan, journal: Journal, row: Row) -> Outcome:
    if outcome := _unasked(plan, row):
        return outcome
    reply = journal.reply(_key(plan.columns.ticket(row)))
    if reply is None:
        raise BatchError(
            f"{plan.layout.path}, line {row.line}: the journal holds no reply. Run the same command again."
        )
    return outcome_of_reply(reply)


def _unasked(plan: Plan, row: Row) -> Outcome | None:
    """The outcome of a row that is not put before the agent."""
    if row.fault:
        return unasked(REJECTED, row.fault)
    if plan.columns.is_our_own(row):
        return unasked(SKIPPED, "Not a customer's ticket: the column inbound says so.")
    return None


def _key(ticket: Ticket) -> str:
    """The same for tickets that are answered alike, whoever sent them."""
    return sha256_bytes(f"{ticket.subject}\0{ticket.text}".encode())
