"""A model's files → where they are, and what a backend makes of them once.

Comes in: a name or path from the settings; a file and a function that converts it. Goes out: folders of the cache,
whole and checked against their manifest at every call. Knows no format.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from support_agent.artefacts import read_manifest, sha256_bytes, sha256_file, write_manifest
from support_agent.errors import ConfigError, ModelFileError
from support_agent.models import OnProgress, Progress, cache_folder, ensure, is_known

logger = logging.getLogger(__name__)


def find_model(name: str, *, offline: bool, on_progress: OnProgress | None) -> Path | None:
    """The file or folder that ``name`` means: a path that exists, or an entry of the registry; None for neither."""
    path = Path(name).expanduser()
    if path.exists():
        return path
    return ensure(name, offline=offline, on_progress=on_progress) if is_known(name) else None


def find_gguf(path: Path) -> Path | None:
    """``path`` itself if it is a GGUF file, or the one in that folder.

    Raises:
        ConfigError: the folder holds more than one.
    """
    if path.is_file():
        return path if path.suffix == ".gguf" else None
    found = sorted(path.glob("*.gguf"))
    if len(found) > 1:
        names = ", ".join(file.name for file in found)
        raise ConfigError(f"{path} holds {len(found)} GGUF files ({names}): set model to the path of one of them.")
    return found[0] if found else None


def converted_folder(
    source: Path, form: str, recipe: str, make: Callable[[Path], None], *, on_progress: OnProgress | None = None
) -> Path:
    """The folder that ``make`` fills from ``source``: from the cache, or made now.

    Args:
        form: what comes out, part of the folder's name.
        recipe: whatever else decides what comes out, such as a library's version.
        make: given an empty folder, writes the files into it.

    Raises:
        ModelFileError: the folder cannot be written.
    """
    source_hash = sha256_file(source)
    key = sha256_bytes(f"{source_hash}\0{form}\0{recipe}".encode())[:12]
    folder = cache_folder() / "converted" / f"{source.stem}-{form}-{key}"
    if _is_whole(folder):
        return folder
    note = f"converting {source.name} to {form}, once"
    logger.info(note)
    if on_progress:
        on_progress(Progress(source.stem, source.name, 0, None, "", note))
    facts = {"form": form, "recipe": recipe, "source": source.name, "source_sha256": source_hash}
    try:
        _make(folder, facts, make)
    except OSError as problem:
        raise ModelFileError(
            f"{folder} cannot be written: {problem.strerror or problem}. "
            "Make room, or set SUPPORT_AGENT_CACHE to a folder on another disk."
        ) from problem
    return folder


def _is_whole(folder: Path) -> bool:
    """False also for a damaged folder, which is removed: it can be made again from files that were checked."""
    if not folder.exists():
        return False
    try:
        read_manifest(folder, ModelFileError, "It is made again now.")
    except ModelFileError as problem:
        logger.warning("%s", problem)
        shutil.rmtree(folder)
        return False
    return True


def _make(folder: Path, facts: dict[str, str], make: Callable[[Path], None]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as name:
        temporary = Path(name) / folder.name
        temporary.mkdir()
        make(temporary)
        write_manifest(temporary, facts, [file.name for file in temporary.iterdir()])
        if not folder.exists():  # another process may have been faster; its folder is the same
            temporary.rename(folder)
