"""The folder of model files on this machine: whole and checked, or not there. fetching.py fills it.

<cache>/models/NAME/               the files, each there once it is checked, and manifest.json, written last (from
                                   where, when, hashes): without it the folder counts as not there
<cache>/models/.scratch/NAME/      what is being downloaded
<cache>/models/.scratch/NAME.lock  held by the one process that fetches
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from support_agent.artefacts import MANIFEST, read_manifest
from support_agent.errors import ModelFileError
from support_agent.models.records import ModelEntry
from support_agent.shelves import expand_user


def cache_folder() -> Path:
    """``$SUPPORT_AGENT_CACHE``, or the user's cache folder of this system."""
    if named := os.environ.get("SUPPORT_AGENT_CACHE"):
        return expand_user(named, "SUPPORT_AGENT_CACHE")
    import platformdirs

    return platformdirs.user_cache_path("support-agent", appauthor=False)


def model_folder(name: str) -> Path:
    """Where the files of the model ``name`` are kept, whether or not they are there."""
    return cache_folder() / "models" / name


def scratch_folder(name: str) -> Path:
    """Where a fetch of the model ``name`` keeps what is not whole yet."""
    return cache_folder() / "models" / ".scratch" / name


def check(entry: ModelEntry) -> None:
    """Hold every cached file of a model against its sha256.

    Raises:
        ModelFileError: a file is missing, changed, or not the one that the registry pins.
    """
    folder = model_folder(entry.name)
    mend = f"Run `support-agent models pull {entry.name} --again` to mend it."
    read = [file.path for file in entry.files if not file.optional or (folder / file.path).exists()]
    listed = read_manifest(folder, ModelFileError, mend, reads=read)["files"]
    for file in entry.files:
        found = listed.get(file.path)
        if found and file.sha256 not in {None, found["sha256"]}:
            raise ModelFileError(
                f"{folder / file.path} has sha256 {found['sha256'][:12]}… instead of the pinned {file.sha256[:12]}…: "
                f"it was changed or is of another version. {mend}"
            )


def origin(name: str) -> str | None:
    """Which mirrors a cached model came from, None where it is not there. Checks no hash."""
    _, came_from = read_unchecked(name)
    return ", ".join(sorted(set(came_from.values()))) or None


def read_unchecked(name: str) -> tuple[dict[str, str], dict[str, str]]:
    """Each file's sha256 and its mirror as a cached model's manifest has them; empty where it cannot be read."""
    try:
        manifest = json.loads((model_folder(name) / MANIFEST).read_text("utf-8"))
        return {path: str(facts["sha256"]) for path, facts in manifest["files"].items()}, dict(manifest["came_from"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}, {}
