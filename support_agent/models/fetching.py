"""Fetching a model into the cache: mirror after mirror, each file checked, the folder renamed when it is complete."""

from __future__ import annotations

import errno
import logging
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from support_agent.artefacts import sha256_file, write_manifest
from support_agent.disk import fsync, is_full, translated_errors
from support_agent.errors import ModelFileError
from support_agent.models.cache import check, expand_user, model_folder, partial_folder, read_unchecked
from support_agent.models.folder import FolderMirror
from support_agent.models.records import (
    NO_PICKLE,
    Mirror,
    MirrorError,
    ModelEntry,
    ModelFile,
    NotThereError,
    OnProgress,
    Progress,
)
from support_agent.models.registry import find

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
    if folder.exists():
        check(entry)
        return folder
    mirrors = _mirrors(entry, from_folder, offline=offline)
    if not mirrors and not partial_folder(entry.name).exists():
        raise ModelFileError(_missing(entry))
    fetch = _Fetch(entry, on_progress)
    with fetch.alone():
        if folder.exists():  # another process has fetched it while this one waited
            check(entry)
        else:
            fetch.run(mirrors)
    return folder


def pull_again(
    entry: ModelEntry, *, from_folder: Path | None = None, offline: bool = False, on_progress: OnProgress | None = None
) -> Path:
    """Replace a model's folder; files of it that are still the right ones are kept, the others fetched."""
    fetch = _Fetch(entry, on_progress)
    with fetch.alone():
        fetch.keep_good_files()
        fetch.run(_mirrors(entry, from_folder, offline=offline))
    return model_folder(entry.name)


class _Fetch:
    """One model on its way into the cache."""

    def __init__(self, entry: ModelEntry, on_progress: OnProgress | None) -> None:
        self.folder = model_folder(entry.name)
        self.partial = partial_folder(entry.name)
        self.scratch = self.partial.with_name(f"{entry.name}.scratch")
        self.on_progress = on_progress
        earlier = read_unchecked(entry.name)
        self.came_from = earlier["came_from"] if earlier else {}
        # A hash recorded at the first pull binds a later one as a pinned hash does.
        recorded = earlier["sha256"] if earlier else {}
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
            self.partial.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.partial.with_name(f"{self.entry.name}.lock"))
            try:
                lock.acquire(timeout=0)
            except Timeout:
                self._tell("", f"another process is fetching {self.entry.name}: waiting for it")
                lock.acquire()
            try:
                yield
            except OSError as problem:
                if is_full(problem):
                    shutil.rmtree(self.partial, ignore_errors=True)
                    shutil.rmtree(self.scratch, ignore_errors=True)
                raise
            finally:
                lock.release()

    def keep_good_files(self) -> None:
        """Link files of the present folder that are as they should be into the partial one."""
        for file in self.entry.files:
            present, target = self.folder / file.path, self.partial / file.path
            if present.is_file() and not target.exists() and sha256_file(present) == file.sha256:
                target.parent.mkdir(parents=True, exist_ok=True)
                try:
                    target.hardlink_to(present)
                except OSError:  # a file system without links
                    shutil.copyfile(present, target)

    def run(self, mirrors: Sequence[Mirror]) -> None:
        """Ask the mirrors in turn for what is still missing, then put the folder in its place."""
        self._make_room()
        reasons = []
        missing = [file for file in self.entry.files if not self._is_whole(file)]
        for mirror in mirrors if missing else []:
            try:
                for file in list(missing):
                    self._take(mirror, file)
                    missing.remove(file)
                break
            except MirrorError as problem:
                reasons.append(f"{mirror.label}: {problem}")
                self._tell(mirror.label, f"{mirror.label} is passed over: {problem}")
        if missing:
            raise ModelFileError(_failure(self.entry, reasons) if reasons else _missing(self.entry))
        self._install()

    def _take(self, mirror: Mirror, file: ModelFile) -> None:
        try:
            fetched = mirror.fetch(file, self.scratch, lambda *counts: self._count(mirror, *counts))
        except NotThereError as problem:
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
        target = self.partial / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        fetched.replace(target)
        self.came_from[file.path] = mirror.label

    def _expected(self, file: ModelFile) -> str:
        short = f"{str(file.sha256)[:12]}…"
        return short if file.path in self.pinned else f"{short} as first pulled (delete {self.folder} to take it anew)"

    def _is_whole(self, file: ModelFile) -> bool:
        """Whether the partial folder has the file already. Without a known hash that cannot be said: asked again."""
        path = self.partial / file.path
        return file.sha256 is not None and path.is_file() and sha256_file(path) == file.sha256

    def _install(self) -> None:
        """Write the manifest and rename the folder: a kill at any moment leaves it whole, or whole under .partial."""
        files = [file.path for file in self.entry.files if (self.partial / file.path).is_file()]
        facts = {
            "model": self.entry.name,
            "licence": self.entry.licence,
            "came_from": {path: self.came_from.get(path, "an earlier, interrupted pull") for path in files},
            "fetched_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        write_manifest(self.partial, facts, files)
        replaced = self.partial.with_name(f"{self.entry.name}.replaced")
        shutil.rmtree(replaced, ignore_errors=True)
        if self.folder.exists():
            self.folder.rename(replaced)
        self.partial.rename(self.folder)
        shutil.rmtree(replaced, ignore_errors=True)
        shutil.rmtree(self.scratch, ignore_errors=True)

    def _make_room(self) -> None:
        """Refuse a fetch that cannot fit before it begins rather than after ten gigabytes."""
        begun = sum(path.stat().st_size for path in _files_below(self.partial, self.scratch))
        if shutil.disk_usage(self.partial.parent).free < self.entry.known_bytes - begun:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _count(self, mirror: Mirror, file: str, done_bytes: int, total_bytes: int | None) -> None:
        if self.on_progress:
            self.on_progress(Progress(self.entry.name, file, done_bytes, total_bytes, mirror.label))

    def _tell(self, source: str, note: str) -> None:
        logger.info(note)
        if self.on_progress:
            self.on_progress(Progress(self.entry.name, source=source, note=note))


def _mirrors(entry: ModelEntry, from_folder: Path | None, *, offline: bool) -> list[Mirror]:
    """A local folder, when given, before the entry's own mirrors; offline nothing else."""
    named = os.environ.get("SUPPORT_AGENT_MODELS")
    path = from_folder or (expand_user(named, "SUPPORT_AGENT_MODELS") if named else None)
    local: list[Mirror] = [FolderMirror(path, entry.name)] if path else []
    return local if offline else [*local, *entry.mirrors]


def _files_below(*folders: Path) -> list[Path]:
    return [path for folder in folders for path in folder.rglob("*") if path.is_file()]


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
