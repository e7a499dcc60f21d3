"""What is known of an index's tickets: a small SQLite file that survives processes, updates and changes of the index.

    ticket   what a customer wrote, with its permanent random number, in the order of arrival
    offer    what one state of the agent offered for it: text, score, signals, passages
    verdict  what one reader said of one text
    look     the tests that were taken; fact: the plan and the ranking in force
    watch    the state of the watch over each promise; seen: the words of tickets that it has counted

Order is by arrival and never by a clock. Knows no statistics.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from support_agent.disk import full_message
from support_agent.errors import CalibrationError
from support_agent.evidence.ladder import Look, Plan
from support_agent.evidence.records import KnownTicket, Offer, Verdict
from support_agent.records import Route, Ticket, Turn
from support_agent.wording import in_one_line

FILE = "evidence.sqlite3"
SCHEMA = 2
# The fact that holds the plan in force.
PLAN = "plan"
_TABLES = """
CREATE TABLE ticket (number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, ticket_id TEXT NOT NULL,
  subject TEXT NOT NULL, text TEXT NOT NULL, history TEXT NOT NULL, sample REAL NOT NULL, language TEXT NOT NULL,
  drawn INTEGER NOT NULL);
CREATE TABLE offer (key TEXT NOT NULL, parts TEXT NOT NULL, sent TEXT NOT NULL, score REAL NOT NULL,
  signals TEXT NOT NULL, passages TEXT NOT NULL, PRIMARY KEY (key, parts)) WITHOUT ROWID;
CREATE TABLE verdict (number INTEGER PRIMARY KEY, key TEXT NOT NULL, sent TEXT NOT NULL, verdict TEXT NOT NULL,
  correct_answer TEXT NOT NULL, why TEXT NOT NULL, reader TEXT NOT NULL, kind TEXT NOT NULL, said TEXT NOT NULL,
  UNIQUE (key, sent, reader));
CREATE TABLE look (number INTEGER PRIMARY KEY, look TEXT NOT NULL);
CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE watch (promise TEXT PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE seen (promise TEXT NOT NULL, words TEXT NOT NULL, PRIMARY KEY (promise, words)) WITHOUT ROWID;
"""


class Store:
    """The open file; threads and processes may share it. Use ``open_store``.

    ``close()`` closes the file, as does the end of the last who holds the store.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._alone = threading.RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False, timeout=30, isolation_level=None)
        self.close = weakref.finalize(self, self._connection.close)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        with self.transaction() as connection:
            found = int(connection.execute("PRAGMA user_version").fetchone()[0])
            if found == 0:
                for statement in _TABLES.strip().split(";\n"):
                    connection.execute(statement.rstrip(";"))
            elif found == 1:
                connection.execute("ALTER TABLE offer DROP COLUMN answered")
            elif found != SCHEMA:
                raise CalibrationError(
                    f"{path} has schema {found}; this version reads {SCHEMA}. Use the version that wrote it, or move "
                    "the file away to begin anew."
                )
            connection.execute(f"PRAGMA user_version={SCHEMA}")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One writer at a time; all of it is on the disk at the end, or nothing."""
        with self._alone, _translated(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                with suppress(sqlite3.Error):  # a full disk has rolled it back already
                    self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def add_tickets(self, tickets: Iterable[tuple[Ticket, str]], *, drawn: bool = True) -> None:
        """Note tickets, each with its language, in this order; one that is known keeps its place."""
        rows = [
            (
                ticket.words_key,
                ticket.ticket_id,
                _stored(ticket.subject),
                _stored(ticket.text),
                _json([asdict(turn) for turn in ticket.history]),
                ticket.sample,
                language,
                int(drawn),
            )
            for ticket, language in tickets
        ]
        with self.transaction() as connection:
            connection.executemany(
                "INSERT INTO ticket (key, ticket_id, subject, text, history, sample, language, drawn) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET drawn = max(drawn, excluded.drawn)",
                rows,
            )

    def set_languages(self, languages: Mapping[str, str]) -> None:
        """Note what language tickets are in, by their keys."""
        with self.transaction() as connection:
            connection.executemany(
                "UPDATE ticket SET language = ? WHERE key = ?", [(code, key) for key, code in languages.items()]
            )

    def add_offers(self, parts: str, offers: Iterable[Offer]) -> None:
        """Note what the agent of these parts offered; one that knows its signals stays before one that does not."""
        rows = [
            (
                one.key,
                parts,
                _stored(one.sent),
                one.score,
                _json(one.signals),
                _json([*one.passages.items()]),
            )
            for one in offers
        ]
        with self.transaction() as connection:
            connection.executemany(
                "INSERT INTO offer VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (key, parts) DO UPDATE SET "
                "sent = excluded.sent, score = excluded.score, signals = excluded.signals, "
                "passages = excluded.passages "
                "WHERE excluded.signals <> '{}' OR offer.signals = '{}'",
                rows,
            )

    def add_verdicts(self, verdicts: Iterable[Verdict]) -> tuple[list[Verdict], list[tuple[Verdict, Verdict]]]:
        """Note verdicts; white space in the texts does not count.

        Returns:
            Those that were not known, and those that the same reader has taken back, each with the new one.
        """
        new, changed = [], []
        with self.transaction() as connection:
            for one in verdicts:
                row = (one.key, _stored(in_one_line(one.sent)), one.reader)
                found = connection.execute(
                    "SELECT * FROM verdict WHERE key = ? AND sent = ? AND reader = ?", row
                ).fetchone()
                if not found:
                    new.append(one)
                elif found[3] != one.verdict:
                    changed.append((_verdict(found), one))
                connection.execute(
                    "INSERT OR REPLACE INTO verdict "
                    "(key, sent, verdict, correct_answer, why, reader, kind, said) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (*row[:2], one.verdict, one.correct_answer, one.why, one.reader, one.kind, one.said),
                )
        return new, changed

    def forget_verdicts(self, keys: Iterable[str], reader: str) -> None:
        """Forget what this reader said of these tickets."""
        with self.transaction() as connection:
            connection.executemany("DELETE FROM verdict WHERE key = ? AND reader = ?", [(key, reader) for key in keys])

    def tickets(self) -> list[KnownTicket]:
        """Every ticket, in the order of arrival."""
        rows = self._rows("SELECT number, language, drawn, ticket_id, subject, text, history FROM ticket ORDER BY 1")
        with decoded(self.path):
            return [KnownTicket(_ticket(*row[3:]), row[0], row[1], bool(row[2])) for row in rows]

    def offers(self, parts: str) -> dict[str, Offer]:
        """What the agent of these parts offered, by ticket."""
        rows = self._rows("SELECT key, sent, score, signals, passages FROM offer WHERE parts = ?", parts)
        with decoded(self.path):
            return {
                key: Offer(key, _loaded(sent), float(score), json.loads(signals), dict(json.loads(passages)))
                for key, sent, score, signals, passages in rows
            }

    def verdicts(self) -> list[Verdict]:
        """Every verdict in force, in the order in which they were given."""
        rows = self._rows("SELECT * FROM verdict ORDER BY number")
        with decoded(self.path):
            return [_verdict(row) for row in rows]

    def add_look(self, look: Look, plan: Plan) -> None:
        """Note a test that was taken.

        Raises:
            CalibrationError: somebody has put another plan in place of this one meanwhile.
        """
        with self.transaction() as connection:
            kept = connection.execute("SELECT value FROM fact WHERE name = ?", (PLAN,)).fetchone()
            if kept and json.loads(kept[0]) != json.loads(_json(asdict(plan))):
                raise CalibrationError("Another process has begun a new plan meanwhile. Run the same command again.")
            connection.execute("INSERT INTO look (look) VALUES (?)", (_json(asdict(look)),))

    def looks(self) -> list[Look]:
        """The tests that were taken under the plan in force, in order."""
        rows = self._rows("SELECT look FROM look ORDER BY number")
        with decoded(self.path):
            return [Look(**json.loads(row[0])) for row in rows]

    def fact(self, name: str) -> Any:
        """A named fact, None where there is none."""
        rows = self._rows("SELECT value FROM fact WHERE name = ?", name)
        with decoded(self.path):
            return json.loads(rows[0][0]) if rows else None

    def begin_plan(self, facts: Mapping[str, Any]) -> None:
        """Put a new plan, with what belongs to it, in the place of the one before; that one's looks are forgotten."""
        with self.transaction() as connection:
            connection.execute("DELETE FROM look")
            connection.executemany(
                "INSERT OR REPLACE INTO fact VALUES (?, ?)", [(name, _json(value)) for name, value in facts.items()]
            )

    def set_facts(self, facts: Mapping[str, Any]) -> None:
        """Set facts."""
        with self.transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO fact VALUES (?, ?)", [(name, _json(value)) for name, value in facts.items()]
            )

    def _rows(self, statement: str, *values: object) -> Sequence[Any]:
        with self._alone, _translated(self.path):
            return self._connection.execute(statement, values).fetchall()


def open_store(folder: Path) -> Store:
    """Open, or begin, the file in this folder.

    Raises:
        CalibrationError: it cannot be written, is damaged, or is of another schema.
    """
    path = folder / FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise CalibrationError(f"The folder {folder} cannot be made: {problem.strerror}.") from problem
    with _translated(path):
        return Store(path)


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as problem:
        said = str(problem)
        if "full" in said:
            raise CalibrationError(full_message(path, "Nothing of this step was kept; run it again.")) from problem
        if any(word in said for word in ("locked", "readonly", "unable to open")):
            raise CalibrationError(f"{path} cannot be used: {said}.") from problem
        raise CalibrationError(_damaged(path, said)) from problem
    except UnicodeDecodeError as problem:  # SQLite quotes damaged bytes in what it says
        raise CalibrationError(_damaged(path, str(problem))) from problem


@contextmanager
def decoded(path: Path) -> Iterator[None]:
    """What reading a row's JSON raises over damage, as one sentence."""
    try:
        yield
    except (ValueError, TypeError, KeyError) as problem:
        raise CalibrationError(_damaged(path, repr(problem))) from problem


def _damaged(path: Path, how: str) -> str:
    return (
        f"{path} is damaged or not a file of this program ({how}). Move it away and run the command again; what was "
        "learned must then be learned anew."
    )


def _stored(text: str) -> str | bytes:
    """Text as SQLite takes it: half a surrogate pair is kept as bytes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


def _loaded(value: str | bytes) -> str:
    return value.decode("utf-8", "surrogatepass") if isinstance(value, bytes) else value


def _ticket(ticket_id: str, subject: str | bytes, text: str | bytes, history: str) -> Ticket:
    turns = (Turn(turn["ticket"], turn["reply"], Route(turn["route"])) for turn in json.loads(history))
    return Ticket(_loaded(text), _loaded(subject), ticket_id, tuple(turns))


def _verdict(row: Sequence[Any]) -> Verdict:
    return Verdict(row[1], _loaded(row[2]), *row[3:9])


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
