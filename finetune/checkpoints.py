"""The folder of a run and its checkpoints: whose it is, which checkpoints are whole, whether they belong to this run.

The transformers Trainer takes the highest number, complete or not. Here each checkpoint gets a manifest of hashes when
it is complete; one without, or with a file that does not match, is skipped.
"""

from __future__ import annotations

import json
import logging
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from support_agent.artefacts import MANIFEST, read_manifest, sha256_bytes, write_json, write_manifest
from support_agent.disk import fsync, translated_errors
from support_agent.errors import TrainingError
from support_agent.models import cache_folder

logger = logging.getLogger(__name__)

_RUN = "run.json"
MAKE_ROOM = "Make room or name another folder, then continue with --resume."


def work_folder(folder: Path) -> Path:
    """Where a run keeps its checkpoints until the adapter is whole."""
    folder = folder.absolute()
    if not folder.name:
        raise TrainingError(f"{folder} cannot be an adapter's folder. Name one inside it with --output.")
    return folder.with_name(f"{folder.name}.training")


@contextmanager
def alone(work: Path) -> Iterator[None]:
    """Hold off a second run into the same folder; the lock ends with the process, however it ends.

    Raises:
        TrainingError: another process is training into it.
    """
    from filelock import FileLock, Timeout

    with translated_errors(work, TrainingError, MAKE_ROOM):
        work.parent.mkdir(parents=True, exist_ok=True)
    # In the cache, where it may stay: removing a lock file lets a third process in beside the holder.
    lock = cache_folder() / "locks" / f"{sha256_bytes(str(work.resolve()).encode())[:16]}.lock"
    with translated_errors(lock, TrainingError, MAKE_ROOM):
        lock.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(lock).acquire(timeout=0):
            yield
    except Timeout as problem:
        raise TrainingError(
            f"Another process is training into {work.parent}/{work.stem}. Wait for it, or name another folder."
        ) from problem


def seal(checkpoint: Path) -> None:
    """Mark a checkpoint as whole: every file is written, and on the disk before the mark is."""
    files = sorted(file.name for file in checkpoint.iterdir() if file.name != MANIFEST)
    for name in files:
        fsync(checkpoint / name)
    write_manifest(checkpoint, {"kind": "support-agent checkpoint"}, files)


def last_whole(work: Path) -> Path | None:
    """The newest checkpoint that is complete and undamaged, or None."""
    for checkpoint in sorted(work.glob("checkpoint-*"), key=step_of, reverse=True):
        try:
            read_manifest(checkpoint, TrainingError, "The one before it is used.", reads=None)
        except TrainingError as problem:
            logger.warning("%s", problem)
            continue
        return checkpoint
    return None


def drop_broken(work: Path) -> None:
    """Remove what was written after the newest whole checkpoint, so that it is written anew and not mixed with it."""
    whole = last_whole(work)
    for checkpoint in work.glob("checkpoint-*"):
        if whole is None or step_of(checkpoint) > step_of(whole):
            shutil.rmtree(checkpoint)


def begin(work: Path, run: dict[str, Any]) -> None:
    """Make the folder of a new run and note what it is."""
    work.mkdir(parents=True)
    write_json(work / _RUN, run)


def check_same_run(work: Path, run: dict[str, Any]) -> None:
    """Refuse to continue from checkpoints of another recipe, other data or another prompt.

    Raises:
        TrainingError: names the first difference.
    """
    try:
        begun = json.loads((work / _RUN).read_text("utf-8"))
    except (OSError, ValueError) as problem:
        raise TrainingError(f"{work / _RUN} cannot be read. Begin anew: leave --resume out, add --force.") from problem
    # Through JSON, as the other was: a tuple became a list there.
    different = _differences("", begun, json.loads(json.dumps(run)))
    if different:
        raise TrainingError(
            f"{work} was begun with {different[0]}. Give the same recipe to continue it, or begin anew: leave "
            "--resume out, add --force."
        )


def _differences(name: str, begun: Any, now: Any) -> list[str]:
    if isinstance(begun, dict) and isinstance(now, dict):
        return [one for key in sorted({*begun, *now}) for one in _differences(key, begun.get(key), now.get(key))]
    return [] if begun == now else [f"{name} = {begun!r}, not {now!r}"]


def step_of(checkpoint: Path) -> int:
    """After how many steps it was written; -1 if its name does not say so."""
    number = re.search(r"\d+$", checkpoint.name)
    return int(number.group()) if number else -1
