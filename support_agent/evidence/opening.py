"""Settings, index and generator → the gate, with the calibration that was made for exactly them.

The owner's are looked at before the shipped ones. One that does not fit closes the gate, which says why.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from support_agent.artefacts import MANIFEST, sha256_bytes
from support_agent.errors import CalibrationError
from support_agent.evidence.calibration import Calibration, mismatch, read_calibration
from support_agent.evidence.drift import DriftWatch
from support_agent.gate import Gate, Policy
from support_agent.gate.measure import signals_version
from support_agent.records import Reason
from support_agent.shelves import CALIBRATIONS, INDEXES

if TYPE_CHECKING:
    from support_agent.config import Config
    from support_agent.generation.generator import Generator
    from support_agent.protocols import Retriever

logger = logging.getLogger(__name__)

AUTO, NONE = "auto", "none"
_MEND = 'Run `support-agent calibrate`, or answer without a promise: calibration = "none".'


def open_gate(index: Retriever, generator: Generator, config: Config) -> Gate:
    """The gate for these parts. A calibration that does not fit, or cannot be read, closes it.

    Raises:
        CalibrationError: the settings name a calibration that cannot be read.
    """
    if config.calibration == NONE:
        floor = config.min_retrieval_score
        return Gate(Policy(min_cosine=index.subject.floor if floor is None else floor))
    calibration, refusal = find_calibration(config, calibrated_parts(index.version, generator, config))
    if calibration is None:
        logger.warning("%s Until then every ticket goes to a human.", refusal)
        return Gate(Policy(closed=Reason.NOT_CALIBRATED), version="refused", in_words=refusal)
    return gate_of(calibration)


def gate_of(calibration: Calibration) -> Gate:
    """The gate that keeps a calibration's promise."""
    threshold = calibration.certificate.threshold
    policy = Policy(
        combiner=calibration.combiner,
        threshold=1.0 if threshold is None else threshold,
        languages=frozenset(calibration.languages),
        closed=Reason.NO_PROMISE if threshold is None else None,
    )
    watch = DriftWatch(calibration.reference_scores, policy.threshold)
    return Gate(policy, watch, calibration.version, calibration.in_words())


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


def own_calibration(config: Config) -> Path:
    """The file in which the owner's calibration for these settings stands, whether or not it is there yet."""
    parts = (config.generator, Path(config.model).name, Path(config.adapter).name)
    name = "-".join(re.sub(r"[^\w.]+", "_", part) for part in parts)
    return CALIBRATIONS.own() / _index_name(config) / f"{name}.json"


def find_calibration(config: Config, parts: Mapping[str, str]) -> tuple[Calibration | None, str]:
    """The calibration that fits, or why there is none.

    Args:
        parts: what ``calibrated_parts`` found.

    Raises:
        CalibrationError: the settings name a file that cannot be read.
    """
    if config.calibration != AUTO:
        calibration = read_calibration(Path(config.calibration))
        problem = mismatch(calibration, parts)
        return (None, problem) if problem else (calibration, "")
    problems = []
    for root in (CALIBRATIONS.own(), CALIBRATIONS.shipped()):
        try:
            found = [read_calibration(path) for path in sorted((root / _index_name(config)).glob("*.json"))]
        except CalibrationError as damaged:
            # It may hold a stricter promise, so no other calibration may replace it.
            return None, f"{damaged} Or delete the file."
        fitting = [one for one in found if mismatch(one, parts) is None]
        if fitting:
            return max(fitting, key=lambda one: one.made), ""
        problems += [problem for one in found if (problem := mismatch(one, parts))]
    return None, problems[0] if problems else f"No calibration was made for this index. {_MEND}"


def _index_name(config: Config) -> str:
    """The index's name; a folder elsewhere is told from one of the same name by its path."""
    folder = Path(config.index).resolve()
    known = INDEXES.known().get(folder.name)
    if not (folder / MANIFEST).is_file() or (known and known.resolve() == folder):
        return folder.name
    return f"{folder.name}-{sha256_bytes(str(folder).encode())[:8]}"
