"""What a batch has done so far, kept in SQLite beside the output so that any kill costs at most the tickets in flight.

One transaction a reply, in WAL mode with synchronous=FULL: what ``record`` has returned from survives a power cut.
Replies are kept by ticket, not by row: rows with the same ticket share one, and the rest of a row (its fault, its
place) is read again from the input, whose sha256 is held. A batch is bound to the facts it began with; the journal is
removed once the output stands.
"""

from __future__ import annotations

import json
import os
import platform
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from support_agent.disk import full_message, translated_errors
from support_agent.errors import BatchError
from support_agent.spreadsheet import BOUND

_SCHEMA = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS outcome (ticket_key TEXT PRIMARY KEY, status TEXT NOT NULL, reply TEXT NOT NULL)",
)
_HOLDER = "holder"
GO_ON = "What was written before is untouched; run the same command to go on once there is room."


def journal_path(output: Path) -> Path:
    """Where the journal of this output stands."""
    return output.with_name(f"{output.name}.journal.sqlite3")


@contextmanager
def open_journal(output: Path) -> Iterator[Journal]:
    """Open, or begin, the journal of ``output``, and hold it against every other process until the block ends.

    Raises:
        BatchError: another process holds it, it is damaged, or it cannot be written.
    """
    from filelock import FileLock, Timeout

    path = journal_path(output)
    lock_path = path.with_suffix(".lock")
    with translated_errors(path, BatchError, GO_ON):
        path.parent.mkdir(parents=True, exist_ok=True)
        # The kernel releases it however the holder ends, so a killed run leaves nothing to clean up.
        lock = FileLock(lock_path, timeout=0)
        try:
            lock.acquire()
        except Timeout as problem:
            raise BatchError(_held(output, path)) from problem
    try:
        with closing(Journal(path)) as journal:
            yield journal
    finally:
        _leave(path, lock_path)
        lock.release()


def _leave(path: Path, lock_path: Path) -> None:
    """Take the lock file away with its journal; Windows does not remove an open file, and an empty one does no harm."""
    if not path.exists():
        with suppress(PermissionError):
            lock_path.unlink(missing_ok=True)


class Journal:
    """The open journal of one batch."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with _translated(path):
            self._connection = sqlite3.connect(path, check_same_thread=False)
        try:
            with self._transaction() as execute:
                for statement in _SCHEMA:
                    execute(statement)
                execute("INSERT OR REPLACE INTO fact VALUES (:name, :value)", name=_HOLDER, value=_this_process())
        except BatchError:
            self._connection.close()
            raise

    def bind(self, facts: Mapping[str, str]) -> None:
        """Hold the batch to ``facts``: kept when it begins, compared when it goes on.

        Raises:
            BatchError: the batch began with other facts.
        """
        with self._transaction() as execute:
            rows = execute("SELECT name, value FROM fact WHERE name <> :holder", holder=_HOLDER)
            kept = {str(name): str(value) for name, value in rows}
            if not kept:
                for name, value in facts.items():
                    execute("INSERT INTO fact VALUES (:name, :value)", name=name, value=value)
        changed = sorted(name for name in {**kept, **facts} if kept and kept.get(name) != facts.get(name))
        if changed:
            raise BatchError(
                f"{self.path} holds an unfinished run that began with another {' and another '.join(changed)}. Undo "
                "that change to go on, or add --fresh to start over; the unfinished run's replies are then thrown away."
            )

    def record(self, ticket_key: str, status: str, reply: Mapping[str, Any]) -> None:
        """Keep one reply; it is on the disk when this returns."""
        with self._transaction() as execute:
            execute(
                "INSERT INTO outcome VALUES (:key, :status, :reply)",
                key=ticket_key,
                status=status,
                reply=json.dumps(reply),
            )

    def reopen(self, reason: str) -> None:
        """Forget the replies that have this reason, so that their tickets are asked again."""
        with self._transaction() as execute:
            execute(
                "DELETE FROM outcome WHERE EXISTS "
                "(SELECT 1 FROM json_each(outcome.reply, '$.reasons') AS given WHERE given.value = :reason)",
                reason=reason,
            )

    def status(self, ticket_key: str) -> str | None:
        """What the ticket's rows count as, None while it has no reply."""
        with self._transaction() as execute:
            rows = execute("SELECT status FROM outcome WHERE ticket_key = :key", key=ticket_key)
        return str(rows[0][0]) if rows else None

    def reply(self, ticket_key: str) -> dict[str, Any] | None:
        """The ticket's reply as ``Reply.to_dict()`` gave it, None while there is none."""
        with self._transaction() as execute:
            rows = execute("SELECT reply FROM outcome WHERE ticket_key = :key", key=ticket_key)
        return dict(json.loads(rows[0][0])) if rows else None

    def offers(self, ticket_keys: Iterable[str]) -> int:
        """For how many of these tickets a text was offered of which the score is known, and not only a bound."""
        with self._transaction() as execute:
            execute("CREATE TEMP TABLE asked (ticket_key TEXT PRIMARY KEY) WITHOUT ROWID")
            for key in ticket_keys:
                execute("INSERT OR IGNORE INTO asked VALUES (:key)", key=key)
            rows = execute(
                "SELECT count(*) FROM outcome JOIN asked USING (ticket_key) "
                "WHERE json_extract(reply, '$.confidence') > 0 "
                "AND (status = 'answered' OR json_extract(reply, '$.suggestion') <> '') "
                "AND NOT EXISTS (SELECT 1 FROM json_each(outcome.reply, '$.signals') AS one WHERE "
                "json_extract(one.value, '$.name') = :bound AND json_extract(one.value, '$.fired'))",
                bound=BOUND,
            )
            execute("DROP TABLE asked")
        return int(rows[0][0])

    def clear(self) -> None:
        """Forget every reply and fact, to start over."""
        with self._transaction() as execute:
            execute("DELETE FROM outcome")
            execute("DELETE FROM fact WHERE name <> :holder", holder=_HOLDER)

    def remove(self) -> None:
        """Delete the journal; the batch is done and its output stands."""
        self._connection.close()
        self._delete()

    def close(self) -> None:
        """Close the database; what was recorded stays, and one in which nothing was is deleted."""
        empty = False
        with suppress(BatchError), self._transaction() as execute:
            empty = not execute("SELECT 1 FROM outcome LIMIT 1")
        self._connection.close()
        if empty:
            self._delete()

    def _delete(self) -> None:
        with translated_errors(self.path, BatchError, GO_ON):
            for ending in ("-wal", "-shm", ""):
                self.path.with_name(self.path.name + ending).unlink(missing_ok=True)

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        """Yield ``execute(statement, **values) -> rows``; commit at the end, translate what SQLite raises."""

        def execute(statement: str, **values: str) -> list[Any]:
            return self._connection.execute(statement, values).fetchall()

        with _translated(self.path), self._connection:
            yield execute


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as problem:
        raise _translate(path, problem) from problem


def _translate(path: Path, problem: sqlite3.Error) -> BatchError:
    said = str(problem)
    if "full" in said:
        return BatchError(full_message(path, GO_ON))
    if "disk I/O" in said:
        return BatchError(
            f"{path} cannot be written ({said}): a file-size limit (`ulimit -f`) or the disk itself stops it. {GO_ON}"
        )
    if any(word in said for word in ("locked", "readonly", "unable to open")):
        return BatchError(f"{path} cannot be used: {said}.")
    return BatchError(
        f"{path} is damaged or not a journal of this program ({said}). Move it away, then run the command again; the "
        "batch then starts over."
    )


def _this_process() -> str:
    since = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
    return f"process {os.getpid()} on {platform.node() or 'this machine'} since {since}"


def _held(output: Path, path: Path) -> str:
    """The sentence for the one who comes second."""
    return f"{output} is being written by {_read_holder(path)}. Wait until it has finished, or stop it."


def _read_holder(path: Path) -> str:
    """Who has the journal open, as it wrote itself; another one may read beside it, WAL mode being on."""
    # The other one may have only just begun and not yet written its name.
    if path.exists():
        with suppress(sqlite3.Error), closing(sqlite3.connect(path)) as reading:
            for (holder,) in reading.execute("SELECT value FROM fact WHERE name = :name", {"name": _HOLDER}):
                return str(holder)
    return "another process"
