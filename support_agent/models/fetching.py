"""Fetching a model into the cache: mirror after mirror, each file checked and renamed, the manifest written last."""

from __future__ import annotations

import errno
import logging
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from support_agent.artefacts import MANIFEST, sha256_file, write_manifest
from support_agent.disk import fsync, is_full, translated_errors
from support_agent.errors import ModelFileError
from support_agent.models.cache import check, model_folder, read_unchecked, scratch_folder
from support_agent.models.folder import FolderMirror
from support_agent.models.records import (
    NO_PICKLE,
    Mirror,
    MirrorError,
    ModelEntry,
    ModelFile,
    NotHeldError,
    NotThereError,
    OnProgress,
    Progress,
)
from support_agent.models.registry import find
from support_agent.shelves import expand_user

logger = logging.getLogger(__name__)

_ADAPTER_WEIGHTS = "adapter_model.safetensors"


def ensure(name: str, *, offline: bool = False, on_progress: OnProgress | None = None) -> Path:
    """The folder of a model's files, fetched if missing and checked against their sha256 at every call.

    Hashing takes about 0.1 s for 100 MB, so 10 s or so for a model of 7 billion parameters.

    Args:
        name: as in the registry.
        offline: take a missing model from ``$SUPPORT_AGENT_MODELS`` alone.
        on_progress: called as bytes arrive.

    Raises:
        ModelFileError: there is no such model, a cached file is not the pinned one, or no mirror can give it.
    """
    return ensure_entry(find(name), offline=offline, on_progress=on_progress)


def ensure_entry(
    entry: ModelEntry, *, from_folder: Path | None = None, offline: bool = False, on_progress: OnProgress | None = None
) -> Path:
    """``ensure`` for an entry that need not stand in the registry.

    Args:
        from_folder: a local folder to ask before any other mirror, instead of ``$SUPPORT_AGENT_MODELS``.
    """
    folder = model_folder(entry.name)
    if (folder / MANIFEST).exists():
        check(entry)
        return folder
    mirrors = _mirrors(entry, from_folder, offline=offline)
    if not mirrors and not folder.exists():
        raise ModelFileError(_missing(entry))
    fetch = _Fetch(entry, on_progress)
    with fetch.alone():
        if (folder / MANIFEST).exists():  # another process has fetched it while this one waited
            check(entry)
        else:
            fetch.run(mirrors)
    return folder


def pull_again(
    entry: ModelEntry, *, from_folder: Path | None = None, offline: bool = False, on_progress: OnProgress | None = None
) -> Path:
    """Replace what is damaged of a model; files that are still the right ones are kept."""
    fetch = _Fetch(entry, on_progress)
    with fetch.alone():
        fetch.run(_mirrors(entry, from_folder, offline=offline))
    return fetch.folder


class _Fetch:
    """One model on its way into the cache."""

    def __init__(self, entry: ModelEntry, on_progress: OnProgress | None) -> None:
        self.folder = model_folder(entry.name)
        self.scratch = scratch_folder(entry.name)
        self.on_progress = on_progress or (lambda _: None)
        # A hash recorded at the first pull binds a later one as a pinned hash does.
        recorded, self.came_from = read_unchecked(entry.name)
        self.pinned = {file.path for file in entry.files if file.sha256}
        files = tuple(replace(file, sha256=file.sha256 or recorded.get(file.path)) for file in entry.files)
        self.entry = replace(entry, files=files)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the model's lock, waiting for a process that has it, and translate errors of the disk."""
        from filelock import FileLock, Timeout

        mend = (
            f"{self.entry.name} needs {self.entry.known_bytes:,} bytes there, twice that while a wheel is unpacked: "
            "make room, or set SUPPORT_AGENT_CACHE to a folder on another disk."
        )
        with translated_errors(self.folder, ModelFileError, mend):
            self.scratch.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.scratch.with_name(f"{self.entry.name}.lock"))
            try:
                lock.acquire(timeout=0)
            except Timeout:
                self._tell("", f"another process is fetching {self.entry.name}: waiting for it")
                lock.acquire()
            try:
                yield
            except OSError as problem:
                if is_full(problem):
                    shutil.rmtree(self.scratch, ignore_errors=True)
                raise
            finally:
                lock.release()

    def run(self, mirrors: Sequence[Mirror]) -> None:
        """Ask the mirrors in turn for what is missing or damaged, then write the manifest."""
        missing = [file for file in self.entry.files if not self._is_whole(file)]
        self._make_room(missing)
        reasons = []
        for mirror in mirrors:
            try:
                for file in list(missing):
                    with suppress(NotHeldError):
                        self._take(mirror, file)
                        missing.remove(file)
            except MirrorError as problem:
                reasons.append(f"{mirror.label}: {problem}")
                self._tell(mirror.label, f"{mirror.label} is passed over: {problem}")
        if missing:
            raise ModelFileError(_failure(self.entry, reasons) if reasons else _missing(self.entry))
        self._seal()

    def _take(self, mirror: Mirror, file: ModelFile) -> None:
        try:
            fetched = mirror.fetch(file, self.scratch, partial(self._count, mirror.label))
        except NotThereError as problem:
            if isinstance(problem, NotHeldError):
                raise
            if file.optional:
                return
            if file.path == _ADAPTER_WEIGHTS:
                raise NotThereError(f"{problem}; {NO_PICKLE}") from problem
            raise
        found = sha256_file(fetched)
        if file.sha256 not in {None, found}:
            fetched.unlink()
            raise MirrorError(f"its {file.path} has sha256 {found[:12]}… instead of {self._expected(file)}")
        fsync(fetched)
        target = self.folder / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        fetched.replace(target)
        self.came_from[file.path] = mirror.label

    def _expected(self, file: ModelFile) -> str:
        short = f"{str(file.sha256)[:12]}…"
        return short if file.path in self.pinned else f"{short} as first pulled (delete {self.folder} to take it anew)"

    def _is_whole(self, file: ModelFile) -> bool:
        """Whether the file is here already. Without a known hash that cannot be said: asked again."""
        path = self.folder / file.path
        return file.sha256 is not None and path.is_file() and sha256_file(path) == file.sha256

    def _seal(self) -> None:
        """Write the manifest, without which a folder is none: a kill before leaves files that the next fetch finds."""
        files = [file.path for file in self.entry.files if (self.folder / file.path).is_file()]
        facts = {
            "model": self.entry.name,
            "licence": self.entry.licence,
            "came_from": {path: self.came_from.get(path, "an earlier, interrupted pull") for path in files},
            "fetched_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        write_manifest(self.folder, facts, files)
        shutil.rmtree(self.scratch, ignore_errors=True)

    def _make_room(self, missing: Sequence[ModelFile]) -> None:
        """Refuse a fetch that cannot fit before it begins rather than after ten gigabytes."""
        begun = sum(path.stat().st_size for path in self.scratch.rglob("*") if path.is_file())
        needed = sum(file.size_bytes or 0 for file in missing)
        if shutil.disk_usage(self.scratch.parent).free < needed - begun:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _count(self, source: str, file: str, done_bytes: int, total_bytes: int | None) -> None:
        self.on_progress(Progress(self.entry.name, file, done_bytes, total_bytes, source))

    def _tell(self, source: str, note: str) -> None:
        logger.info(note)
        self.on_progress(Progress(self.entry.name, source=source, note=note))


def _mirrors(entry: ModelEntry, from_folder: Path | None, *, offline: bool) -> list[Mirror]:
    """A local folder, when given, before the entry's own mirrors; offline nothing else."""
    named = os.environ.get("SUPPORT_AGENT_MODELS")
    path = from_folder or (expand_user(named, "SUPPORT_AGENT_MODELS") if named else None)
    local: list[Mirror] = [FolderMirror(path, entry.name)] if path else []
    return local if offline else [*local, *entry.mirrors]


def _missing(entry: ModelEntry) -> str:
    folder = model_folder(entry.name)
    names = ", ".join(file.path for file in entry.files if not file.optional)
    return (
        f"The model files of {entry.name} are missing ({names}): they are looked for in {folder}, and offline none is "
        f"fetched. Run `support-agent models pull {entry.name}` where there is a network, or {_by_hand(entry)}."
    )


def _failure(entry: ModelEntry, reasons: list[str]) -> str:
    listed = "".join(f"\n  - {reason}" for reason in reasons)
    return (
        f"{entry.name} could not be fetched:{listed}\n"
        f"Mend one of these and run `support-agent models pull {entry.name}` again, or {_by_hand(entry)}."
    )


def _by_hand(entry: ModelEntry) -> str:
    return f"put the files into FOLDER/{entry.name}/ and set SUPPORT_AGENT_MODELS=FOLDER"
