"""What readers said, in a file that came back → labels, and where the promise stands with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from support_agent.errors import CalibrationError
from support_agent.evidence.ladder import Promise
from support_agent.evidence.ledger import begin_plan, hold_to_labels, last_promise, read_plan, read_tickets
from support_agent.evidence.opening import evidence_folder, index_name, parts_version, watch_over
from support_agent.evidence.records import Offer, Verdict
from support_agent.evidence.shipped import seed
from support_agent.evidence.standing import RIGHT, Standing, stand, take_looks
from support_agent.evidence.store import Store, open_store
from support_agent.evidence.verdict_files import EVIDENCE, ReadRow, VerdictFile, read_verdicts
from support_agent.shelves import INDEXES
from support_agent.wording import counted, in_one_line

if TYPE_CHECKING:
    from support_agent.config import Config

# The reader under whom a file's second word on one text is kept.
_SECOND_WORD = "{} (a second time)"


@dataclass(frozen=True)
class Learned:
    """What a file of verdicts brought: ``labels`` new ones, ``known`` before, ``tickets`` rows with an offered text.

    ``problems`` are rows that could not be used, ``notes`` what else the reader should know; a sentence each.
    """

    tickets: int
    labels: int
    known: int
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    standing: Standing | None


def learn(
    file: str | Path,
    *,
    config: Config | None = None,
    mapping: Mapping[str, str] | None = None,
    reader: str = "",
    kind: str = "person",
) -> Learned:
    """Keep what readers said of answers, in a file that ``batch`` or ``certify`` wrote.

    >>> print(learn("answered.csv").standing.in_words())

    Args:
        file: the table with its column ``verdict`` filled in for some or all rows.
        config: the settings; those of ``Agent.load()`` if left out. Verdicts are kept for their index.
        mapping: role ("text", "subject", "id") → column, for a header that is not recognised.
        reader: who read, where the file's column ``reader`` does not say; without either the file's name.
        kind: of reader, "person" or "model".

    Raises:
        CalibrationError: the file is no such table, or was written for another index.
    """
    from support_agent.config import load_config

    config, path = config or load_config().config, Path(file)
    read = read_verdicts(path, mapping)
    _check_index(path, read.rows, index_name(config))
    with closing(open_store(evidence_folder(config))) as store:
        return _learn(store, config, read, reader or path.name, kind)


def _learn(store: Store, config: Config, read: VerdictFile, reader: str, kind: str) -> Learned:
    seed(store, config)
    parts = store.fact("parts") or next((row.parts for row in read.rows if row.parts), "")
    _take_looks(store, parts)
    known = {one.key for one in store.tickets()}
    usable = [row for row in read.rows if row.ticket or row.key in known]
    problems = list(read.problems)
    problems += [
        f"{row.where}: its ticket is not known, and its words are not in the file. Name their column: --map text=COLUMN"
        for row in read.rows
        if row.verdict and row not in usable
    ]
    cut = _cut_batches(usable, known)
    for drawn in (True, False):
        rows = [row for row in usable if row.ticket and (row.drawn and row.batch[0] not in cut) == drawn]
        store.add_tickets([(row.ticket, row.language) for row in rows if row.ticket], drawn=drawn)
    for state in {row.parts for row in usable if row.parts}:
        store.add_offers(state, [_offer_of(row) for row in usable if row.parts == state and row.score is not None])
    notes, new, labels = _keep_verdicts(store, usable, reader, kind)
    _check_spots(store, config, usable)
    standing = _take_looks(store, parts)
    if hold_to_labels(store, config):
        notes.append(
            f"What was promised no longer stands, and nothing is sent. `{config.command('certify')}` says what to read."
        )
    return Learned(
        tickets=len(usable),
        labels=len(new),
        known=labels - len(new),
        problems=tuple(problems),
        notes=(*notes, *_missing(cut), *_unplaced(usable, config), *_other_state(usable, parts, config)),
        standing=standing,
    )


def _cut_batches(rows: Sequence[ReadRow], known: set[str]) -> dict[str, int]:
    """By batch, how many of its tickets neither came back nor are known: what is left of it was picked by somebody."""
    came: dict[tuple[str, int], set[str]] = {}
    for row in rows:
        if row.batch[0] and row.score is not None:
            came.setdefault(row.batch, set()).add(row.key)
    missing = {name: count - len(keys) for (name, count), keys in came.items() if not keys <= known}
    return {name: count for name, count in missing.items() if count > 0}


def _missing(cut: Mapping[str, int]) -> list[str]:
    return [
        f"Missing from the answered file: {counted(count, 'ticket')}. What is left of it is no fair sample, and counts "
        "for the ranking alone: learn the whole file, with the rows that nobody has read."
        for count in cut.values()
    ]


def _take_looks(store: Store, parts: str) -> Standing | None:
    """Take what is due, and say where the promise stands; a plan is made where there is none and tickets suffice."""
    plan = read_plan(store)
    try:
        rows = read_tickets(store, parts) if plan else []
        if plan is None:
            plan, rows = begin_plan(store, parts, Promise(), 0)
    except CalibrationError:
        return None
    return stand(plan, take_looks(store, plan, rows), rows)


def _offer_of(row: ReadRow) -> Offer:
    return Offer(row.key, row.sent, row.score or 0.0, {}, row.passages)


def _keep_verdicts(
    store: Store, rows: Sequence[ReadRow], reader: str, kind: str
) -> tuple[list[str], list[Verdict], int]:
    """Keep the verdicts; what the reader should know of them, the new ones, and how many there were."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    notes, first, second = [], {}, []
    for row in rows:
        if not row.verdict:
            continue
        who = row.reader or reader
        name = (row.key, in_one_line(row.sent), who)
        one = Verdict(row.key, row.sent, row.verdict, row.correct_answer, row.why, who, kind, now)
        if name not in first:
            first[name] = (one, row.where)
        elif first[name][0].verdict != row.verdict:
            other, where = first[name]
            notes.append(
                f"{where} says {other.verdict} and {row.where} {row.verdict} of the same answer: it counts as wrong "
                "until one of them is mended and the file is learned again."
            )
            second.append(
                Verdict(
                    row.key, row.sent, row.verdict, row.correct_answer, row.why, _SECOND_WORD.format(who), kind, now
                )
            )
    latest = max((one.said for one in store.verdicts()), default="")
    if latest > now:
        notes.append(
            f"This machine's clock went back: verdicts of {latest} are known. Order is by arrival all the same."
        )
    for who in {name[2] for name in first}:
        store.forget_verdicts({name[0] for name in first if name[2] == who}, _SECOND_WORD.format(who))
    new, changed = store.add_verdicts([*(one for one, _ in first.values()), *second])
    notes += _other_words(store, [one for one, _ in first.values()])
    notes += [
        f"Ticket {before.key[:12]}: {before.verdict} was taken back for {after.verdict}." for before, after in changed
    ]
    if undrawn := sum(bool(row.verdict) and not row.drawn for row in rows):
        notes.append(
            f"Labels without a random number (sa_sample), as somebody picked them: {undrawn:,}. They count for the "
            "ranking, and prove nothing."
        )
    return notes, [one for one in new if one not in second], len(first)


def _other_words(store: Store, said: Sequence[Verdict]) -> list[str]:
    """A note where another reader said something else of the same answer, with the first of them."""
    mine = {(one.key, in_one_line(one.sent), one.reader): one for one in said}
    own = {(key, sent): one for (key, sent, _), one in mine.items()}
    differing = [
        (own[one.key, one.sent], one)
        for one in store.verdicts()
        if (one.key, one.sent) in own
        and (one.key, one.sent, one.reader) not in mine
        and one.reader != _SECOND_WORD.format(own[one.key, one.sent].reader)
        and one.verdict != own[one.key, one.sent].verdict
    ]
    if not differing:
        return []
    now, before = differing[0]
    return [
        f"Two readers differ on {len(differing):,} of these answers, which count as wrong: of ticket {now.key[:12]} "
        f"{before.reader!r} said {before.verdict}, and {now.reader!r} says {now.verdict}. If they are one person, "
        f"learn the file with --reader {before.reader!r}."
    ]


def _unplaced(rows: Sequence[ReadRow], config: Config) -> list[str]:
    lost = sum(bool(row.verdict) and not row.parts for row in rows)
    if not lost:
        return []
    return [
        f"Verdicts without what wrote the answer, as {EVIDENCE} is missing or was cut: {lost:,}. They are kept; "
        f"`{config.command('certify')}` asks their tickets again, and they count where the same answer comes out."
    ]


def _other_state(rows: Sequence[ReadRow], parts: str, config: Config) -> list[str]:
    other = sum(bool(row.verdict) and bool(row.parts) and row.parts != parts for row in rows)
    if not other:
        return []
    return [
        f"Labels of answers by another state of the agent than the promise is planned on: {other:,}. "
        f"`{config.command('renew')}` asks their tickets again."
    ]


def _check_index(path: Path, rows: Iterable[ReadRow], name: str) -> None:
    names = {row.index.rpartition(":")[0] for row in rows if row.index} - {name}
    if names:
        known = min(names) in INDEXES.known()
        raise CalibrationError(
            f"{path} was written for the index {' and '.join(sorted(names))}, not for {name}. "
            + (f"Name that one: --index {min(names)}" if known else "Name that one's folder: --index FOLDER")
        )


def _check_spots(store: Store, config: Config, rows: Sequence[ReadRow]) -> None:
    """Tell the watch what was said of answers that were sent and drawn for reading."""
    made = last_promise(config)
    if made is None:
        return
    watch, parts = watch_over(made, store), parts_version(made.parts)
    samples = {one.key: one.sample for one in store.tickets()}
    said: dict[str, list[str]] = {}
    for row in rows:
        if row.verdict and row.answered and row.drawn and row.parts == parts:
            said.setdefault(row.key, []).append(row.verdict)
    drawn = [key for key in said if samples[key] < watch.state.reading_rate]
    watch.check([set(said[key]) != {RIGHT} for key in drawn], drawn)
