"""Labels → a promise in force: certify tests what they prove, renew states it anew after a change."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from support_agent.errors import CalibrationError
from support_agent.evidence.asking import OnAsked, ask_all, open_suggesting, read_past_tickets
from support_agent.evidence.calibration import Calibration, write_calibration
from support_agent.evidence.ladder import Plan, Promise, upper
from support_agent.evidence.ledger import (
    BEGUN_ANEW,
    begin_plan,
    hold_to_labels,
    last_promise,
    read_plan,
    read_ranking,
    read_tickets,
    take_back,
)
from support_agent.evidence.opening import (
    InForce,
    calibrated_parts,
    evidence_folder,
    find_in_force,
    index_name,
    own_calibration,
    watch_over,
)
from support_agent.evidence.ranking import ENOUGH
from support_agent.evidence.shipped import seed
from support_agent.evidence.shortfall import check_enough
from support_agent.evidence.standing import Sampled, Standing, stand, take_looks
from support_agent.evidence.store import Store, open_store
from support_agent.evidence.verdict_files import write_to_read
from support_agent.records import Ticket
from support_agent.wording import in_one_line

if TYPE_CHECKING:
    from support_agent.agent import Agent
    from support_agent.config import Config
    from support_agent.models import OnProgress

# Right answers in a language from which on answers in it are sent.
_ENOUGH_OF_A_LANGUAGE = 5
# From this share of past tickets that are questions of the index, word for word, the index may have been made of them.
_MANY_OWN_QUESTIONS = 0.1

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Certified:
    """Where the promise stands; ``calibration`` is what this put in force, ``written`` the file with what to read.

    ``in_force`` is what answers are sent by now, which may have been proven before.
    """

    standing: Standing
    calibration: Calibration | None
    asked: int
    in_force: InForce
    written: Path | None = None


@dataclass(frozen=True)
class Renewed:
    """Of ``labelled`` answers ``kept`` came out the same; ``asked`` tickets were asked again."""

    certified: Certified
    labelled: int
    kept: int


def certify(
    *,
    config: Config | None = None,
    max_error: float | None = None,
    delta: float | None = None,
    tickets: str | Path | None = None,
    mapping: Mapping[str, str] | None = None,
    to_read: str | Path | None = None,
    anew: bool = False,
    on_progress: OnProgress | None = None,
    on_asked: OnAsked | None = None,
) -> Certified:
    """Test what the labels prove, and put in force what holds.

    >>> certify(tickets="past.csv", to_read="read.csv")   # then fill in its column verdict …
    >>> learn("read.csv"); certify().standing.in_words()  # … and see what is proven

    Args:
        config: the settings; those of ``Agent.load()`` if left out.
        max_error: largest share (0–1) of the answers that may be wrong; the plan's, or 0.10.
        delta: largest chance (0–1) that the promise is broken all the same; the plan's, or 0.05.
        tickets: a CSV of past tickets to plan on; each is asked, and nothing is sent.
        mapping: see ``learn``.
        to_read: a CSV to write what is to be read next to.
        anew: begin a new plan, on tickets that arrive from now on (or stand in ``tickets``).
        on_progress: told of downloads; on_asked: how many tickets are asked, and of how many.

    Raises:
        CalibrationError: there is nothing to test yet, or a file cannot be read or written.
    """
    _check_target(to_read)
    config = config or _settings()
    given = read_past_tickets(Path(tickets), mapping) if tickets else []
    agent = open_suggesting(config, on_progress)
    _warn_of_own_questions(agent, given)
    with closing(open_store(evidence_folder(config))) as store:
        seed(store, config)
        if anew:
            _begin_anew(store)
        kept = _plan_to_go_on(store, config)
        promise, parts = _promise(read_plan(store), max_error, delta), agent.versions["parts"]
        since = _since(store, kept)
        plan = kept if kept and kept.promise == promise else None
        if plan:
            if store.fact("parts") != parts:
                raise CalibrationError(
                    f"Something has changed since the last reading: run `{config.command('renew')}` first."
                )
            # What is due is tested on the tickets that were known when it was read, before others come in.
            take_looks(store, plan, read_tickets(store, parts))
        store.add_tickets((one, "und") for one in given)
        _check_new(store, config, since)
        again = list({one.words_key: one for one in (*given, *_unasked(store, parts, since))}.values())
        unoffered = ask_all(agent, store, again, on_asked)
        if plan:
            rows = read_tickets(store, parts)
        else:
            check_enough(store, parts, promise, since, given, unoffered)
            plan, rows = begin_plan(store, parts, promise, since)
        take_looks(store, plan, rows)
        return _in_force(store, agent, config, plan, rows, len(again), Path(to_read) if to_read else None)


def asked_promise(config: Config, max_error: float | None, delta: float | None) -> Promise:
    """The promise that ``certify`` would plan for with these arguments."""
    folder = evidence_folder(config)
    if not folder.is_dir():
        return _promise(None, max_error, delta)
    with closing(open_store(folder)) as store:
        return _promise(read_plan(store), max_error, delta)


def _settings() -> Config:
    from support_agent.config import load_config

    return load_config().config


def _plan_to_go_on(store: Store, config: Config) -> Plan | None:
    """The plan in force; None where there is none, where a new one was begun, or its promise was withdrawn."""
    plan = read_plan(store)
    if store.fact(BEGUN_ANEW) is not None:
        return None
    if not _withdrawn(store, config, plan):
        return plan
    _begin_anew(store)
    return None


def _begin_anew(store: Store) -> None:
    """Note that only tickets that arrive from now on count for the next plan."""
    store.set_facts({BEGUN_ANEW: max((one.number for one in store.tickets()), default=0)})


def _since(store: Store, kept: Plan | None) -> int:
    """The last ticket that does not count for the plan that goes on, or for the next."""
    begun = store.fact(BEGUN_ANEW)
    return int(begun) if begun is not None else kept.since if kept else 0


def _warn_of_own_questions(agent: Agent, tickets: Sequence[Ticket]) -> None:
    """Warn where tickets are the index's own questions: an index made of the tickets proves itself."""
    own = {in_one_line(one.title).casefold() for one in agent.index.passages}
    same = sum(in_one_line(one.body).casefold() in own for one in tickets)
    if same > _MANY_OWN_QUESTIONS * len(tickets):
        logger.warning(
            "%s of %s tickets are questions of the index, word for word. If it was made of these tickets, they prove "
            "nothing of others: give other ones.",
            *(f"{count:,}" for count in (same, len(tickets))),
        )


def _check_target(to_read: str | Path | None) -> None:
    if to_read and Path(to_read).exists():
        raise CalibrationError(f"{to_read} is there already, and may hold verdicts. Name another file.")


def _check_new(store: Store, config: Config, since: int) -> None:
    """Refuse a plan on tickets of which there are none, before anything is asked."""
    if any(one.drawn and one.number > since for one in store.tickets()):
        return
    if since:
        raise CalibrationError(
            "No new ticket has come since a new plan was begun, and the old ones prove nothing for it. Learn what "
            f"`batch` has answered since, or give newer tickets: {config.command('certify --tickets newer.csv')}"
        )
    raise CalibrationError(
        f"No ticket is known yet. Give past tickets ({config.command('certify --tickets past.csv')}), or what `batch` "
        f"answered, with verdicts ({config.command('learn answered.csv')})."
    )


def renew(
    *,
    config: Config | None = None,
    to_read: str | Path | None = None,
    on_progress: OnProgress | None = None,
    on_asked: OnAsked | None = None,
) -> Renewed:
    """Ask the read tickets again after a change, and state the promise as it now stands.

    A text that comes out the same keeps its label; one that changed counts as wrong until somebody reads it.

    Args:
        config, to_read, on_progress, on_asked: see ``certify``.

    Raises:
        CalibrationError: nothing was ever certified here, or the promise was withdrawn.
    """
    _check_target(to_read)
    config = config or _settings()
    agent = open_suggesting(config, on_progress)
    with closing(open_store(evidence_folder(config))) as store:
        seed(store, config)
        return _renew(store, agent, config, Path(to_read) if to_read else None, on_asked)


def _renew(store: Store, agent: Agent, config: Config, to_read: Path | None, on_asked: OnAsked | None) -> Renewed:
    plan, before = read_plan(store), store.fact("parts") or ""
    if plan is None:
        raise CalibrationError(
            f"There is no promise for {index_name(config)} to renew. Make one: "
            f"{config.command('certify --tickets past.csv')}"
        )
    if _withdrawn(store, config, plan):
        raise CalibrationError(
            f"The promise was withdrawn, so that its labels no longer prove it: run `{config.command('certify')}`."
        )
    labelled = {one.key: in_one_line(one.sent) for one in store.verdicts()}
    drawn = [one for one in store.tickets() if one.drawn]
    until = max((one.sample for one in drawn if one.key in labelled), default=0.0)
    again = [one.ticket for one in store.tickets() if one.key in labelled or (one.drawn and one.sample <= until)]
    old = store.offers(before)
    ask_all(agent, store, again, on_asked)
    now = store.offers(agent.versions["parts"])
    told = [key for key in labelled if key in old and in_one_line(old[key].sent) == labelled[key]]
    kept = [key for key in told if key in now and in_one_line(now[key].sent) == labelled[key]]
    store.set_facts({"parts": agent.versions["parts"]})
    rows = read_tickets(store, agent.versions["parts"])
    done = _in_force(store, agent, config, plan, rows, len(again), to_read)
    return Renewed(done, len(told), len(kept))


def _unasked(store: Store, parts: str, since: int) -> list[Ticket]:
    """Known tickets that a new plan needs asked: those without an offer, and read ones whose signals nobody kept."""
    offers, read = store.offers(parts), {one.key for one in store.verdicts()}
    enough = len(read) >= ENOUGH
    return [
        one.ticket
        for one in store.tickets()
        if (one.drawn and one.number > since and one.key not in offers)
        or (enough and one.key in read and not (one.key in offers and offers[one.key].signals))
    ]


def _promise(kept: Plan | None, max_error: float | None, delta: float | None) -> Promise:
    """What is asked for; where nothing is, what the plan in force says."""
    before = kept.promise if kept else Promise()
    return Promise(before.max_error if max_error is None else max_error, before.delta if delta is None else delta)


def _in_force(
    store: Store, agent: Agent, config: Config, plan: Plan, rows: list[Sampled], asked: int, to_read: Path | None
) -> Certified:
    """Put in force what is proven, and close what its labels no longer prove; and write what is to be read."""
    standing, target = stand(plan, store.looks(), rows), own_calibration(config)
    made, parts = None, dict(calibrated_parts(agent.index.version, agent.generator, config))
    if standing.look:
        before = last_promise(config)
        take_back(target.parent, plan)  # of whatever settings
        said = store.verdicts()
        inside = [one for one in rows if one.right is not None and one.score >= plan.rungs[standing.look.rung]]
        right = Counter(one.known.language for one in inside if one.right)
        made = Calibration(
            parts=parts,
            combiner=read_ranking(store),
            plan=plan,
            look=standing.look,
            upper=round(upper(standing.look), 6),
            coverage=round(standing.coverage, 6),
            readers=tuple(sorted({one.kind for one in said if one.key in {each.known.key for each in inside}})),
            reference_scores=tuple(sorted(round(one.score, 6) for one in rows)),
            languages=tuple(sorted(code for code, count in right.items() if count >= _ENOUGH_OF_A_LANGUAGE)),
            made=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        if before and (before.parts, before.watched) == (made.parts, made.watched):
            made = replace(made, made=before.made)  # it goes on
        write_calibration(target, made)
    hold_to_labels(store, config)
    if to_read and standing.to_read:
        passages = {one.passage_id: one for one in agent.index.passages}
        write_to_read(to_read, standing.to_read, passages, agent.versions["index"], agent.versions["parts"])
    written = to_read if to_read and standing.to_read else None
    return Certified(standing, made, asked, find_in_force(config, parts, store), written)


def _withdrawn(store: Store, config: Config, plan: Plan | None) -> bool:
    """Whether the promise that this plan has proven was withdrawn."""
    made = last_promise(config)
    return made is not None and made.plan == plan and bool(watch_over(made, store).state.withdrawn)
