"""One recipe → an adapter for each fold of its rows, so that every row can be drafted by one that has not learned it.

Each adapter's manifest lists its ``held_out`` rows; `support-agent calibrate --cross-fitted` drafts with them.
"""

from __future__ import annotations

from pathlib import Path

from finetune import train
from finetune.checkpoints import work_folder
from finetune.recipe import Recipe
from support_agent.artefacts import read_manifest
from support_agent.errors import TrainingError


def cross_fit(
    recipe: Recipe, folds: int, folder: Path, *, offline: bool = False, listeners: train.Listeners | None = None
) -> list[Path]:
    """Train the adapters that are not there yet; a fold that was stopped continues.

    Args:
        folds: 2 or more; with 2 each adapter learns half of the rows, and stands for a better one.

    Raises:
        ConfigError, ModelFileError, TrainingError: see ``train.run``; a finished fold of another recipe is refused.
    """
    made = []
    for fold in range(folds):
        one = Recipe(**{**recipe.model_dump(), "folds": folds, "fold": fold})
        target = folder / f"fold-{fold}"
        if not target.exists():
            start = train.resume if work_folder(target).is_dir() else train.run
            start(one, target, offline=offline, listeners=listeners)
        made.append(_of_recipe(target, one))
    return made


def _of_recipe(folder: Path, recipe: Recipe) -> Path:
    manifest = read_manifest(folder, TrainingError, "Delete it, or name another folder with -o.")
    if manifest.get("recipe") != recipe.model_dump(mode="json"):
        raise TrainingError(f"{folder} was made with another recipe. Delete it, or name another folder with -o.")
    return folder
