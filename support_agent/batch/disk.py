"""Errors of the file system → one sentence with the path and what is free there. Knows nothing of what is written."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support_agent.errors import BatchError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def translated_errors(path: Path) -> Iterator[None]:
    """Turn any OSError of the block into a BatchError about ``path``."""
    try:
        yield
    except OSError as problem:
        if problem.errno in _FULL:
            raise disk_full(path) from problem
        raise BatchError(f"{path} cannot be written: {problem.strerror or problem}.") from problem


def disk_full(path: Path) -> BatchError:
    """The error for a disk, quota or file size limit that is used up."""
    free_bytes = shutil.disk_usage(_existing(path)).free
    return BatchError(
        f"{path} cannot be written: no space is left ({free_bytes:,} bytes free). What was written before is "
        "untouched. Free some space and run the same command to go on."
    )


def _existing(path: Path) -> Path:
    return next(folder for folder in (path.parent, *path.parent.parents) if folder.is_dir())
