"""Settings and a folder of cross-fitted adapters → which settings write the drafts of which rows.

An adapter that has learned a row writes a better draft of it than of a new question, so that `finetune cross-fit` makes
one for each part of the rows, which has not.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support_agent.artefacts import MANIFEST, read_manifest
from support_agent.errors import CalibrationError
from support_agent.generation.adapters import CONFIG_FILE, WEIGHTS_FILE, adapter_name, choose_adapter
from support_agent.generation.find_model import base_fingerprint
from support_agent.records import Passage

if TYPE_CHECKING:
    from support_agent.config import Config

logger = logging.getLogger(__name__)

_READ = (CONFIG_FILE, WEIGHTS_FILE)
# Runs that differ in these alone write alike: where the rows stand, chance, and what only spares memory.
_NO_MATTER = {"data", "index", "attribution", "seed", "fold", "folds", "loss_chunk_tokens", "gradient_checkpointing"}


@dataclass(frozen=True)
class Drafter:
    """``config`` writes the drafts of ``rows``."""

    config: Config
    rows: Sequence[Passage]


def who_drafts(config: Config, rows: Sequence[Passage], cross_fitted: Path | None) -> list[Drafter]:
    """The drafters, who together write one draft of every row.

    Args:
        cross_fitted: folder that `finetune cross-fit` made; None for the settings' own adapter.

    Raises:
        CalibrationError: the folder holds no such adapters, they are not like the one of the settings, or they do not
            cover the rows.
    """
    if cross_fitted is None:
        if adapter_name(config):
            logger.warning(
                "The adapter %s may have learned these very rows, and writes better drafts of them than of new "
                "questions. `finetune cross-fit` makes adapters that have not; name their folder with --cross-fitted.",
                adapter_name(config),
            )
        return [Drafter(config, rows)]
    drafters = []
    for folder, manifest in _folds(config, cross_fitted):
        held = set(manifest.get("held_out", ()))
        some = [row for row in rows if row.passage_id in held]
        drafters.append(Drafter(config.model_copy(update={"adapter": str(folder)}), some))
    _check_cover(config, cross_fitted, rows, drafters)
    return drafters


def drafting_facts(config: Config, cross_fitted: Path | None, generators: Iterable[str]) -> dict[str, Any]:
    """What a calibration says about who wrote its drafts; ``generators`` are their versions."""
    return {
        "drafted_by": sorted(set(generators)),
        "cross_fitted": cross_fitted is not None,
        "adapter_may_have_learned_the_rows": cross_fitted is None and adapter_name(config) is not None,
    }


def _folds(config: Config, cross_fitted: Path) -> list[tuple[Path, dict[str, Any]]]:
    """The folder's adapters with their manifests, all of them like the adapter that will serve."""
    mend = f"Make the folder anew: {_command(config)}"
    folders = sorted(cross_fitted.glob("fold-*"))
    if not folders:
        raise CalibrationError(f"{cross_fitted} holds no fold-0, fold-1, …: `finetune cross-fit` makes them. {mend}")
    serving = choose_adapter(config)
    if serving is None:
        raise CalibrationError(
            f"The settings use no adapter, and {cross_fitted} holds adapters: their drafts say nothing about the ones "
            "to be served. Leave --cross-fitted out, or name the adapter that serves with --adapter."
        )
    found = [(folder, read_manifest(folder, CalibrationError, mend, reads=_READ)) for folder in folders]
    base = base_fingerprint(config.model, offline=config.offline)
    served = read_manifest(serving, CalibrationError, mend, reads=_READ) if (serving / MANIFEST).is_file() else {}
    for folder, manifest in found:
        if manifest.get("base_fingerprint", base) != base:
            made_for = manifest.get("base", "another base")
            raise CalibrationError(f"{folder} was made for {made_for}, not for the {config.model} that is here. {mend}")
        for other, of in ((served, serving), (found[0][1], folders[0])):
            if differs := _difference(manifest, other):
                raise CalibrationError(f"{folder} was made by another recipe than {of}: {differs}. {mend}")
    return found


def _difference(one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """The first setting of two recipes that makes them write otherwise; empty where there is none, or none is known."""
    ours, theirs = (manifest.get("recipe") or {} for manifest in (one, other))
    shared = sorted(ours.keys() & theirs.keys() - _NO_MATTER)
    return next((f"{key} {ours[key]!r} and {theirs[key]!r}" for key in shared if ours[key] != theirs[key]), "")


def _check_cover(config: Config, folder: Path, rows: Sequence[Passage], drafters: Sequence[Drafter]) -> None:
    drafted = [row.passage_id for drafter in drafters for row in drafter.rows]
    covered = set(drafted)
    if missing := [row.passage_id for row in rows if row.passage_id not in covered]:
        others = f" and {len(missing) - 1} others" if len(missing) > 1 else ""
        raise CalibrationError(
            f"{folder} has no adapter that left out {missing[0]}{others}: it was made from other rows, or not to its "
            f"end. Make it anew: {_command(config)}"
        )
    if len(drafted) > len(covered):
        raise CalibrationError(f"{folder} has folds of two runs: they overlap. Make it anew: {_command(config)}")


def _command(config: Config) -> str:
    return f"support-agent finetune cross-fit RECIPE --set data={config.index} -o …"
