"""What the evidence file says of the promise in force: its plan, ranking, tickets and watch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from support_agent.errors import CalibrationError
from support_agent.evidence.calibration import Calibration, read_calibration
from support_agent.evidence.ladder import Plan, Promise, make_plan
from support_agent.evidence.opening import evidence_folder, index_name, own_calibration, parts_version, watch_over
from support_agent.evidence.ranking import choose_ranking
from support_agent.evidence.standing import Sampled, sampled, stand
from support_agent.evidence.store import PLAN, Store, open_store
from support_agent.gate.combiner import Combiner, shipped
from support_agent.shelves import CALIBRATIONS

if TYPE_CHECKING:
    from support_agent.config import Config
    from support_agent.evidence.watch import Watch

# The fact that names the last ticket before a plan that is to be made anew, until there is one.
BEGUN_ANEW = "begun anew"


def read_plan(store: Store) -> Plan | None:
    """The plan in force, None where there is none."""
    plain = store.fact(PLAN)
    if not plain:
        return None
    return Plan(**{**plain, "promise": Promise(**plain["promise"]), "rungs": tuple(plain["rungs"])})


def begin_plan(store: Store, parts: str, promise: Promise, since: int) -> tuple[Plan, list[Sampled]]:
    """A plan made of the tickets that came after ``since``, put in the place of any other; and those tickets.

    Raises:
        CalibrationError: too few tickets have come.
    """
    combiner, scores = choose_ranking(store, parts)
    rows = sampled(store, parts, combiner, scores, since)
    before = read_plan(store)
    same = before is not None and before.since == since
    earlier = (before.earlier + bool(store.looks())) if before and same else 0
    plan = make_plan([one.score for one in rows], promise, since, earlier)
    facts = {PLAN: asdict(plan), "parts": parts, "combiner": combiner.to_dict(), "scores": scores, BEGUN_ANEW: None}
    store.begin_plan(facts)
    return plan, rows


def take_back(folder: Path, plan: Plan) -> None:
    """Delete every promise in this folder that the plan has proven."""
    for path, made in _promises(folder):
        if made.plan == plan:
            path.unlink()


def end_refuted(store: Store, folder: Path) -> bool:
    """Delete every promise in this folder that its labels no longer prove, whatever plan it is of; whether any was."""
    refuted = [path for path, made in _promises(folder) if not _stands(store, made)]
    for path in refuted:
        path.unlink()
    return bool(refuted)


def _promises(folder: Path) -> Iterator[tuple[Path, Calibration]]:
    for path in sorted(folder.glob("*.json")):
        with suppress(CalibrationError):  # nothing is sent because of a file that cannot be read
            yield path, read_calibration(path)


def _stands(store: Store, made: Calibration) -> bool:
    """Whether the test that a promise rests on holds with the labels of now, on the answers that it was made of."""
    scores = (store.fact("scores") or {}) if made.combiner == read_ranking(store) else {}
    rows = sampled(store, parts_version(made.parts), made.combiner, scores, made.plan.since)
    return stand(made.plan, [made.look], rows).look is not None


def read_ranking(store: Store) -> Combiner:
    """The ranking that the plan was made with."""
    plain = store.fact("combiner")
    return Combiner.from_dict(plain) if plain else shipped()


def read_tickets(store: Store, parts: str) -> list[Sampled]:
    """The plan's tickets with what the agent of these parts offers for them; every ticket while there is no plan."""
    plan = read_plan(store)
    return sampled(store, parts, read_ranking(store), store.fact("scores") or {}, plan.since if plan else 0)


def last_promise(config: Config) -> Calibration | None:
    """The promise that was made last for these settings; whether it still fits is another question."""
    own = own_calibration(config)
    files = [own] if own.is_file() else sorted((CALIBRATIONS.shipped() / index_name(config)).glob("*.json"))
    try:
        return read_calibration(files[0]) if files else None
    except CalibrationError:
        return None


def watch_in_force(config: Config) -> Watch | None:
    """The watch over the promise that was made last, as far as it has come; None where there is none."""
    found, folder = last_promise(config), evidence_folder(config)
    return watch_over(found, open_store(folder)) if found and folder.is_dir() else None
