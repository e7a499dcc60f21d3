"""What the evidence file says of the promise in force: its plan, ranking, tickets and watch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support_agent.errors import CalibrationError
from support_agent.evidence.calibration import Calibration, read_calibration
from support_agent.evidence.ladder import Plan, Promise
from support_agent.evidence.opening import evidence_folder, index_name, own_calibration, watch_over
from support_agent.evidence.standing import Sampled, sampled
from support_agent.evidence.store import Store, open_store
from support_agent.gate.combiner import Combiner, shipped
from support_agent.shelves import CALIBRATIONS

if TYPE_CHECKING:
    from support_agent.config import Config
    from support_agent.evidence.watch import Watch


def read_plan(store: Store) -> Plan | None:
    """The plan in force, None where there is none."""
    plain = store.fact("plan")
    if not plain:
        return None
    return Plan(**{**plain, "promise": Promise(**plain["promise"]), "rungs": tuple(plain["rungs"])})


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
