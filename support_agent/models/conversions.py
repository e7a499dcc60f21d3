"""What an engine makes of a model's files, once, kept in the cache beside the models.

A folder is checked against its manifest at every call; a damaged one is made again, as what it was made from is here.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from support_agent.artefacts import read_manifest, sha256_bytes, write_manifest
from support_agent.disk import translated_errors
from support_agent.errors import ModelFileError
from support_agent.models.cache import cache_folder
from support_agent.models.records import OnProgress, Progress

logger = logging.getLogger(__name__)


def converted_folder(
    name: str, source_sha256: str, recipe: str, make: Callable[[Path], None], *, on_progress: OnProgress | None = None
) -> Path:
    """The folder that ``make`` fills: from the cache, or made now.

    Args:
        name: what comes out, as the folder's name begins.
        source_sha256: a hash of what it is made from.
        recipe: whatever else decides what comes out, such as a library's version.
        make: given an empty folder, writes the files into it.

    Raises:
        ModelFileError: the folder cannot be written.
    """
    key = sha256_bytes(f"{source_sha256}\0{recipe}".encode())[:12]
    folder = cache_folder() / "converted" / f"{name}-{key}"
    mend = "Make room, or set SUPPORT_AGENT_CACHE to a folder on another disk."
    with translated_errors(folder, ModelFileError, mend):
        _remove_damaged(folder)
        if not folder.exists():
            note = f"converting to {name}, once"
            logger.info(note)
            if on_progress:
                on_progress(Progress(name, note=note))
            _make(folder, {"recipe": recipe, "source_sha256": source_sha256}, make)
    return folder


def _remove_damaged(folder: Path) -> None:
    try:
        if folder.exists():
            read_manifest(folder, ModelFileError, "It is made again now.", reads=None)
    except ModelFileError as problem:
        logger.warning("%s", problem)
        shutil.rmtree(folder)


def _make(folder: Path, facts: dict[str, str], make: Callable[[Path], None]) -> None:
    """Convert beside ``folder``, then rename: a killed process leaves nothing half done."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as name:
        temporary = Path(name) / folder.name
        temporary.mkdir()
        make(temporary)
        write_manifest(temporary, facts, [file.name for file in temporary.iterdir()])
        try:
            temporary.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another process was faster; its folder is the same
                raise
