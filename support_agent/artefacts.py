"""Files that must be whole: hashing, writing under a temporary name, manifests."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import stat
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from support_agent.errors import SupportAgentError

MANIFEST = "manifest.json"
# A file that changed less than this before it is read may change again within one tick of the file system's clock.
_SETTLED_NS = 2_000_000_000


def sha256_bytes(data: bytes) -> str:
    """Hex sha256 of ``data``."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """Hex sha256 of a file, read once a process and again whenever the file has changed.

    A start asks for the same files several times over, and 13 GB take 10 s. Whether a file has changed is told by its
    inode, size and times of change; the last of these cannot be set back.
    """
    stamp = file_stamp(path)
    is_settled = time.time_ns() - max(stamp[2:]) > _SETTLED_NS
    read = _sha256_of if is_settled else _sha256_of.__wrapped__
    return read(path.absolute(), stamp)


def file_stamp(path: Path) -> tuple[int, ...]:
    """Inode, size in bytes, and the times of the last change in nanoseconds: they differ when the file has changed."""
    facts = path.stat()
    return facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns


@lru_cache(maxsize=1024)
def _sha256_of(path: Path, _stamp: tuple[int, ...]) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def atomic_write(path: Path) -> Iterator[IO[bytes]]:
    """Open a temporary file beside ``path``; on leaving without an error it is fsynced and renamed onto ``path``.

    On an error nothing is left behind and what stood at ``path`` before still stands there; its permissions are kept,
    those of a new file are the umask's. Yields a binary file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with temporary.open("xb") as file:
            if path.exists():
                temporary.chmod(stat.S_IMODE(path.stat().st_mode))
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _fsync_folder(path.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_bytes(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path``, whole or not at all."""
    with atomic_write(path) as file:
        file.write(data)


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as indented JSON with sorted keys, whole or not at all."""
    write_bytes(path, (json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode())


def write_manifest(folder: Path, facts: dict[str, Any], files: list[str]) -> None:
    """Write ``folder/manifest.json``: ``facts`` plus the sha256 and size in bytes of each of ``files``."""
    listed = {
        name: {"sha256": sha256_file(folder / name), "bytes": (folder / name).stat().st_size} for name in sorted(files)
    }
    write_json(folder / MANIFEST, {**facts, "files": listed})


def read_manifest(
    folder: Path, error: type[SupportAgentError], mend: str, *, reads: Collection[str] | None
) -> dict[str, Any]:
    """Read ``folder/manifest.json`` and hold every listed file against its hash.

    Args:
        error: the class to raise.
        mend: what the person should do, put at the end of each message.
        reads: the files that the caller will read; None for whatever stands in the folder. Each must be listed, as the
            hash of a file that is not listed is checked by nobody.

    Raises:
        error: the manifest is missing or unreadable, a file is missing, of another size, or of another hash, or one
            that is read is not listed.
    """
    path = folder / MANIFEST
    try:
        manifest: dict[str, Any] = json.loads(path.read_text("utf-8"))
        listed = {str(name): (str(facts["sha256"]), int(facts["bytes"])) for name, facts in manifest["files"].items()}
    except FileNotFoundError as problem:
        raise error(f"{folder} has no {MANIFEST}, so nothing in it can be trusted. {mend}") from problem
    except (ValueError, KeyError, TypeError, AttributeError, OSError, RecursionError) as problem:
        raise error(f"{path} cannot be read ({problem}). {mend}") from problem
    for name, (sha256, size_bytes) in listed.items():
        check_file(folder / name, sha256, error, mend, size_bytes=size_bytes)
    check_listed(manifest, folder, _all_files(folder) if reads is None else reads, error, mend)
    return manifest


def check_listed(
    manifest: dict[str, Any], folder: Path, names: Collection[str], error: type[SupportAgentError], mend: str
) -> None:
    """Raise ``error`` unless the manifest lists every one of ``names``."""
    unlisted = [name for name in names if name not in manifest["files"]]
    if unlisted:
        raise error(f"{folder / MANIFEST} does not list {unlisted[0]}, so it cannot be trusted. {mend}")


def _all_files(folder: Path) -> list[str]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return [name for path in paths if (name := path.relative_to(folder).as_posix()) != MANIFEST]


def check_file(
    path: Path, sha256: str, error: type[SupportAgentError], mend: str, *, size_bytes: int | None = None
) -> None:
    """Raise ``error`` unless ``path`` is there with this size and this sha256."""
    if not path.is_file():
        raise error(f"{path} is missing. {mend}")
    found_bytes = path.stat().st_size
    if size_bytes is not None and found_bytes != size_bytes:
        raise error(f"{path} has {found_bytes:,} bytes instead of {size_bytes:,}: it is truncated or foreign. {mend}")
    try:
        found = sha256_file(path)
    except OSError as problem:
        raise error(f"{path} cannot be read: {problem.strerror}. {mend}") from problem
    if found != sha256:
        raise error(f"{path} has sha256 {found[:12]}… instead of {sha256[:12]}…: it was changed or damaged. {mend}")


def _fsync_folder(folder: Path) -> None:
    """Make a rename in ``folder`` survive a power cut; a no-op where folders cannot be opened (Windows)."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
