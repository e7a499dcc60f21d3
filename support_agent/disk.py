"""Errors of the file system as one sentence, and files that are on the disk or in their place as a whole."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support_agent.errors import SupportAgentError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def translated_errors(path: Path, error: type[SupportAgentError], mend: str) -> Iterator[None]:
    """Turn any OSError of the block into an ``error`` about ``path``.

    Args:
        error: the class to raise.
        mend: what the person should do, put at the end of the message.
    """
    try:
        yield
    except OSError as problem:
        if problem.errno == errno.EFBIG:
            raise error(
                f"{path} may not grow further: a file-size limit is reached (`ulimit -f`, or the file system's own). "
                f"Raise it or write elsewhere. {mend}"
            ) from problem
        if is_full(problem):
            raise error(full_message(path, mend)) from problem
        raise error(f"{path} cannot be written: {problem.strerror or problem}. {mend}") from problem


def is_full(problem: OSError) -> bool:
    """Whether a disk, quota or file size limit is used up."""
    return problem.errno in _FULL


def full_message(path: Path, mend: str) -> str:
    """The sentence for a disk or quota that is used up."""
    free_bytes = shutil.disk_usage(_existing(path)).free
    return f"{path} cannot be written: no space is left ({free_bytes:,} bytes free). {mend}"


def fsync(path: Path) -> None:
    """Return when the file's bytes are on the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


@contextmanager
def put_in_place(target: Path) -> Iterator[Path]:
    """A place beside ``target``, which takes the target's when the block ends.

    Until then, and after an error, the target is as it was: what stands there goes aside only for the renaming.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as name:
        made, aside = Path(name) / target.name, Path(name) / "replaced"
        yield made
        if target.exists():
            target.rename(aside)
        try:
            made.rename(target)
        except OSError:
            if aside.exists():
                aside.rename(target)
            raise


def _existing(path: Path) -> Path:
    return next(folder for folder in (path.parent, *path.parent.parents) if folder.is_dir())
