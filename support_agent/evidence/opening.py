"""Settings, index and generator → the gate, with the promise that was made for exactly them.

The owner's promises are looked at before the shipped ones. Without one, or with one that something has changed for,
everything is a suggestion, and the gate says why.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from support_agent.artefacts import MANIFEST, sha256_bytes
from support_agent.errors import CalibrationError
from support_agent.evidence.calibration import Calibration, mismatch, read_calibration
from support_agent.evidence.ladder import percent
from support_agent.evidence.store import FILE, PLAN, Store, open_store
from support_agent.evidence.watch import Watch
from support_agent.gate import Gate, Policy
from support_agent.gate.combiner import shipped
from support_agent.gate.measure import signals_version
from support_agent.records import Reason
from support_agent.shelves import CALIBRATIONS, INDEXES

if TYPE_CHECKING:
    from support_agent.config import Config
    from support_agent.generation.generator import Generator
    from support_agent.protocols import Retriever

logger = logging.getLogger(__name__)

AUTO, NONE = "auto", "none"
_NOTHING = "Nothing is proven for this knowledge base yet, so that people send, with a suggestion."
_NOT_IN_FORCE = "Nothing is in force: every ticket goes to a person, with a suggestion."
_UNPROVEN = 'Answers go out without a promise (calibration = "none"): nobody knows how many of them are wrong.'


@dataclass(frozen=True)
class Found:
    """The promise that fits, or why there is none and how the reason is called."""

    calibration: Calibration | None = None
    closed: Reason = Reason.NOT_PROVEN_YET
    why: str = _NOTHING


def open_gate(index: Retriever, generator: Generator, config: Config) -> Gate:
    """The gate for these parts; without a promise that fits, one that sends nothing.

    Raises:
        CalibrationError: the settings name a calibration that cannot be read.
    """
    if config.calibration == NONE:
        logger.warning("%s", _UNPROVEN)
        floor = config.min_retrieval_score
        return Gate(Policy(min_cosine=index.subject.floor if floor is None else floor), in_words=_UNPROVEN)
    found = find_calibration(config, calibrated_parts(index.version, generator, config))
    if found.calibration is None:
        logger.info("%s", found.why)
        return suggesting_gate(found)
    store = _store_of(config)
    return gate_of(found.calibration, store)


def suggesting_gate(found: Found | None = None) -> Gate:
    """The gate that sends nothing and suggests all it can."""
    found = found or Found()
    return Gate(Policy(combiner=shipped(), closed=found.closed), version=str(found.closed), in_words=found.why)


def gate_of(calibration: Calibration, store: Store | None = None) -> Gate:
    """The gate that keeps a promise; its watch goes on in ``store``."""
    rungs, threshold = calibration.plan.rungs, calibration.threshold
    wider = rungs[min(calibration.look.rung + 1, len(rungs) - 1)]
    policy = Policy(
        combiner=calibration.combiner,
        threshold=threshold,
        languages=frozenset({"und", *calibration.languages}),  # never empty, which would mean all
        draft_from=min(threshold, wider),
    )
    watch = watch_over(calibration, store)
    return Gate(policy, watch, calibration.version, calibration.in_words())


def watch_over(calibration: Calibration, store: Store | None) -> Watch:
    """The watch over a promise, as far as it has come."""
    max_error = calibration.plan.promise.max_error
    return Watch(calibration.watched, calibration.reference_scores, calibration.threshold, max_error, store)


def _store_of(config: Config) -> Store | None:
    try:
        return open_store(evidence_folder(config))
    except CalibrationError as problem:
        logger.warning("The watch over the promise ends with this process: %s", problem)
        return None


def calibrated_parts(index: str, generator: Generator, config: Config) -> Mapping[str, str]:
    """Everything that a calibration was measured with; with any other value its promise means nothing.

    Args:
        index: the index's version.
    """
    from support_agent.generation.prompt import prompt_version

    return {
        "index": index,
        "generator": f"{generator.name}:{generator.version}",
        "prompt": prompt_version(),
        "passages": str(config.passages),
        "max_new_tokens": str(config.max_new_tokens),
        "signals": signals_version(),
    }


def parts_version(parts: Mapping[str, str]) -> str:
    """12 hex digits of the parts."""
    return sha256_bytes(json.dumps(dict(parts), sort_keys=True).encode())[:12]


def evidence_folder(config: Config) -> Path:
    """The folder in which what is known of this index's tickets stands, and the promises made for it."""
    return CALIBRATIONS.own() / index_name(config)


def own_calibration(config: Config) -> Path:
    """The file in which the owner's promise for these settings stands, whether or not it is there yet."""
    parts = (config.generator, Path(config.model).name, Path(config.adapter).name)
    name = "-".join(re.sub(r"[^\w.]+", "_", part) for part in parts)
    return evidence_folder(config) / f"{name}.json"


def shipped_calibrations(config: Config) -> list[Path]:
    """The files of the promises that ship for this index; none once the owner has a plan: it alone counts then."""
    folder = evidence_folder(config)
    if (folder / FILE).is_file():
        try:
            with closing(open_store(folder)) as store:
                planned = store.fact(PLAN)
        except CalibrationError:
            return []  # it may hold a plan
        if planned:
            return []
    return sorted((CALIBRATIONS.shipped() / index_name(config)).glob("*.json"))


def find_calibration(config: Config, parts: Mapping[str, str]) -> Found:
    """The promise that fits, or why there is none.

    Args:
        parts: what ``calibrated_parts`` found.

    Raises:
        CalibrationError: the settings name a file that cannot be read.
    """
    if config.calibration != AUTO:
        calibration = read_calibration(Path(config.calibration))
        problem = mismatch(calibration, parts, config.command("renew"))
        return Found(None, Reason.RENEWAL_DUE, problem) if problem else Found(calibration)
    own = own_calibration(config)
    problems = []
    for path in [*([own] if own.is_file() else []), *shipped_calibrations(config)]:
        try:
            made = read_calibration(path)
        except CalibrationError as damaged:
            # It may hold a stricter promise, so no other one may replace it.
            return Found(None, Reason.NOT_PROVEN_YET, f"{damaged} Or delete the file.")
        problem = mismatch(made, parts, config.command("renew"))
        if problem is None:
            return Found(made)
        problems.append(problem)
    if problems:
        return Found(None, Reason.RENEWAL_DUE, problems[0])
    certify = config.command("certify --tickets past.csv")
    return Found(why=f"{_NOTHING} `{certify}` says what to read until answers may be sent.")


@dataclass(frozen=True)
class InForce:
    """What answers are sent by now; without ``calibration`` nothing is sent, or, as ``why`` says, without a promise."""

    calibration: Calibration | None
    why: str = ""

    def in_words(self) -> str:
        """For the owner, in one line."""
        if self.calibration is None:
            return self.why
        since = self.calibration.made[:16].replace("T", " ")
        return (
            f"In force since {since} UTC: answers that score {self.calibration.threshold:.3f} or more are sent, for "
            f"{percent(self.calibration.coverage)} of tickets."
        )


def find_in_force(config: Config, parts: Mapping[str, str], store: Store) -> InForce:
    """What answers are sent by with these settings, or why none are.

    Args:
        parts: what ``calibrated_parts`` found.
    """
    if config.calibration == NONE:
        return InForce(None, _UNPROVEN)
    found = find_calibration(config, parts)
    if found.calibration is None:
        known = "" if found.closed is Reason.NOT_PROVEN_YET and found.why.startswith(_NOTHING) else f" {found.why}"
        return InForce(None, f"{_NOT_IN_FORCE}{known}")
    watch = watch_over(found.calibration, store)
    return InForce(None, f"{_NOT_IN_FORCE} {watch.in_words()}") if watch.withdrawn else InForce(found.calibration)


def index_name(config: Config) -> str:
    """The index's name; a folder elsewhere is told from one of the same name by its path."""
    folder = Path(config.index).resolve()
    known = INDEXES.known().get(folder.name)
    if not (folder / MANIFEST).is_file() or (known and known.resolve() == folder):
        return folder.name
    return f"{folder.name}-{sha256_bytes(str(folder).encode())[:8]}"
