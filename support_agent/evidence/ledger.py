"""What the evidence file says of the promise in force: its plan, ranking, tickets and watch."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from support_agent.artefacts import sha256_bytes
from support_agent.errors import CalibrationError
from support_agent.evidence.calibration import Calibration, read_calibration
from support_agent.evidence.ladder import Plan, Promise, holds, make_plan
from support_agent.evidence.opening import (
    AUTO,
    NONE,
    evidence_folder,
    own_calibration,
    parts_version,
    shipped_calibrations,
    watch_over,
)
from support_agent.evidence.ranking import choose_ranking
from support_agent.evidence.standing import Sampled, sampled, tested
from support_agent.evidence.store import PLAN, Store, open_store
from support_agent.gate.combiner import Combiner, shipped

if TYPE_CHECKING:
    from support_agent.config import Config
    from support_agent.evidence.watch import Watch

# The fact that names the last ticket before a plan that is to be made anew, until there is one.
BEGUN_ANEW = "begun anew"
# The fact that names every plan that was ever made here.
_PLANS = "plans"


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
    store.begin_plan(
        {
            PLAN: asdict(plan),
            "parts": parts,
            "combiner": combiner.to_dict(),
            "scores": scores,
            BEGUN_ANEW: None,
            _PLANS: [*(store.fact(_PLANS) or ()), _plan_name(plan)],
        }
    )
    return plan, rows


def take_back(folder: Path, plan: Plan) -> None:
    """Delete every promise in this folder that the plan has proven: a plan proves one."""
    for path in sorted(folder.glob("*.json")):
        with suppress(CalibrationError):  # nothing is sent because of a file that cannot be read
            if read_calibration(path).plan == plan:
                path.unlink()


def hold_to_labels(store: Store, config: Config) -> bool:
    """Close every promise that its labels no longer prove, and open one again that mended labels prove; is any closed?

    Only what was proven with this evidence file can be held to it; others are left to the watch's spot checks.
    """
    closed, plan = False, read_plan(store)
    ours = {*(store.fact(_PLANS) or ()), *([_plan_name(plan)] if plan else [])}
    for made in _promises(config):
        if _plan_name(made.plan) in ours:
            refuted = _refuted(store, made)
            watch_over(made, store).note_refuted(refuted)
            closed = closed or refuted
    return closed


def _refuted(store: Store, made: Calibration) -> bool:
    """Whether more of the tickets that a promise rests on are read as wrong than its test allows."""
    scores = (store.fact("scores") or {}) if made.combiner == read_ranking(store) else {}
    rows = sampled(store, parts_version(made.parts), made.combiner, scores, made.plan.since)
    wrong = sum(one.right is False for one in tested(made.plan, made.look, rows))
    return not holds(wrong, made.look.labels, made.plan.promise.max_error, made.look.level)


def _promises(config: Config) -> Iterator[Calibration]:
    """Every promise that may be in force on this index: one that the settings name, the owner's, the shipped."""
    named = [] if config.calibration in (AUTO, NONE) else [Path(config.calibration)]
    own = sorted(evidence_folder(config).glob("*.json"))
    for path in (*named, *own, *shipped_calibrations(config)):
        with suppress(CalibrationError):
            yield read_calibration(path)


def _plan_name(plan: Plan) -> str:
    return sha256_bytes(json.dumps(asdict(plan), sort_keys=True).encode())[:12]


def read_ranking(store: Store) -> Combiner:
    """The ranking that the plan was made with."""
    plain = store.fact("combiner")
    return Combiner.from_dict(plain) if plain else shipped()


def read_tickets(store: Store, parts: str) -> list[Sampled]:
    """The plan's tickets with what the agent of these parts offers for them; every ticket while there is no plan."""
    plan = read_plan(store)
    return sampled(store, parts, read_ranking(store), store.fact("scores") or {}, plan.since if plan else 0)


def last_promise(config: Config) -> Calibration | None:
    """The promise that these settings go by; whether it still fits is another question. None where there is none."""
    if config.calibration not in (AUTO, NONE):
        return read_calibration(Path(config.calibration))
    own = own_calibration(config)
    files = [own] if own.is_file() else shipped_calibrations(config)
    try:
        return read_calibration(files[0]) if files else None
    except CalibrationError:
        return None


def watch_in_force(config: Config) -> Watch | None:
    """The watch over the promise that these settings go by, as far as it has come; None where there is none."""
    found, folder = last_promise(config), evidence_folder(config)
    return watch_over(found, open_store(folder)) if found and folder.is_dir() else None
