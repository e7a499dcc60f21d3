"""Settings, index and generator → the gate, with the calibration that was made for exactly them.

Looks at the file that the settings name, else among the owner's calibrations and the shipped ones. Never raises for one
that does not fit: the gate then hands everything over, and says why.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from support_agent.errors import CalibrationError
from support_agent.gate.calibration import Calibration, mismatch, read_calibration
from support_agent.gate.gate import Gate
from support_agent.triage.meaning import Meaning
from support_agent.triage.scope import ScopeModel

if TYPE_CHECKING:
    from support_agent.config import Config
    from support_agent.generation.generator import Generator
    from support_agent.retrieval import Index

logger = logging.getLogger(__name__)

AUTO, NONE = "auto", "none"
_MEND = 'Run `support-agent calibrate`, or answer without a promise: calibration = "none".'


def open_gate(index: Index, generator: Generator, config: Config) -> Gate:
    """The gate for these parts. A calibration that does not fit, or cannot be read, closes it.

    Raises:
        CalibrationError: the settings name a calibration that cannot be read.
    """
    embedder = getattr(index, "embedder", None)  # a double of an index may have none
    if config.calibration == NONE:
        return Gate(config, meaning=Meaning(embedder) if embedder else None)
    calibration, refusal = find_calibration(config, calibrated_parts(index, generator, config))
    if refusal:
        logger.warning("%s Until then every ticket goes to a human.", refusal)
    scope = ScopeModel.from_dict(calibration.scope) if calibration and calibration.scope else None
    if scope and (embedder is None or embedder.fingerprint != scope.embedder):
        calibration, refusal = None, "The calibration's scope signal is for another embedder than the index's."
    return Gate(config, calibration, refusal=refusal, meaning=Meaning(embedder, scope) if embedder else None)


def calibrated_parts(index: Index, generator: Generator, config: Config) -> Mapping[str, str]:
    """Everything that a calibration was measured with; with any other value its promise means nothing."""
    from support_agent.generation.prompt import prompt_version

    return {
        "index": index.version,
        "generator": f"{generator.name}:{generator.version}",
        "prompt": prompt_version(),
        "passages": str(config.passages),
        "max_new_tokens": str(config.max_new_tokens),
        "signals": _signals_version(),
    }


# Goes up when a signal is measured in another way: what was fitted on the old values means nothing for the new ones.
SIGNALS_VERSION = "3"


def _signals_version() -> str:
    """The code's version, and the hashes of the models that ship with it."""
    from support_agent.artefacts import MANIFEST, sha256_file
    from support_agent.triage import frustration, learned_routes

    models = (frustration.SHIPPED, learned_routes.SHIPPED)
    return ":".join((SIGNALS_VERSION, *(sha256_file(folder / MANIFEST)[:12] for folder in models)))


def own_folder() -> Path:
    """Where the owner's calibrations stand."""
    from platformdirs import user_data_path

    named = os.environ.get("SUPPORT_AGENT_CALIBRATIONS")
    return Path(named) if named else user_data_path("support-agent") / "calibrations"


def own_calibration(config: Config) -> Path:
    """The file in which the owner's calibration for these settings stands, whether or not it is there yet."""
    parts = (Path(config.index).name, config.generator, Path(config.model).name, Path(config.adapter).name)
    name = "-".join(re.sub(r"[^\w.]+", "_", part) for part in parts)
    return own_folder() / f"{name}.json"


def shipped_folder() -> Path:
    """Where the shipped calibrations stand, inside the package."""
    return Path(__file__).parents[1] / "calibrations"


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
    try:
        fitting = _fitting(own_folder(), parts) or _fitting(shipped_folder(), parts)
    except CalibrationError as damaged:
        # It may hold a stricter promise than any other that fits, so that none stands in for it.
        return None, f"{damaged} Or delete the file."
    if fitting:
        return fitting, ""
    own = own_calibration(config)
    problem = mismatch(read_calibration(own), parts) if own.exists() else None
    return None, problem or f"No calibration was made for this index, generator and prompt. {_MEND}"


def _fitting(folder: Path, parts: Mapping[str, str]) -> Calibration | None:
    """The calibration of a folder that was made last for these parts.

    Raises:
        CalibrationError: a file cannot be read, so that nobody knows what it promises.
    """
    found = [read_calibration(path) for path in sorted(folder.glob("*.json"))]
    fitting = [calibration for calibration in found if mismatch(calibration, parts) is None]
    return max(fitting, key=lambda calibration: calibration.made, default=None)
