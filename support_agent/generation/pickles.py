"""An adapter whose weights are a pickle → a folder with the same weights as safetensors.

Comes in: the folder. Goes out: another, whole or not at all. Opens no pickle itself: ``unpickle`` does, in a process of
its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from support_agent.artefacts import sha256_file, write_manifest
from support_agent.disk import translated_errors
from support_agent.errors import ConfigError, ModelFileError
from support_agent.generation.adapters import CONFIG_FILE, FORMAT, KIND, PICKLE_FILE, WEIGHTS_FILE
from support_agent.generation.unpickle import CPU_S

_COPIED = (CONFIG_FILE, "README.md")
_WAIT_S = 5 * CPU_S  # for a busy machine
# What Python and torch need to start. No token, key or proxy password reaches the child.
_ENVIRONMENT = ("PATH", "PYTHONPATH", "HOME", "LANG", "LD_LIBRARY_PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR")


def convert_pickle(folder: Path, target: Path) -> None:
    """Write the adapter in ``folder`` to the new folder ``target``, with its weights as safetensors.

    Raises:
        ConfigError: there is nothing to convert, or ``target`` is there already.
        ModelFileError: the pickle holds anything but tensors, or the target cannot be written.
    """
    if not (folder / PICKLE_FILE).is_file():
        here = f"it has {WEIGHTS_FILE} already" if (folder / WEIGHTS_FILE).is_file() else f"it has no {PICKLE_FILE}"
        raise ConfigError(f"There is nothing to convert in {folder}: {here}.")
    if not (folder / CONFIG_FILE).is_file():
        raise ConfigError(f"{folder} is no adapter: it has no {CONFIG_FILE}. Name the folder that PEFT saved.")
    if target.exists():
        raise ConfigError(f"{target} is there already. Name another folder with -o, or delete that one.")
    with translated_errors(target, ModelFileError, "Make room, or name a folder elsewhere with -o."):
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as name:
            place = Path(name) / target.name
            place.mkdir()
            _run_child(folder / PICKLE_FILE, place / WEIGHTS_FILE)
            copied = [file for file in _COPIED if (folder / file).is_file()]
            for file in copied:
                shutil.copyfile(folder / file, place / file)
            facts = {
                "kind": KIND,
                "format": FORMAT,
                "name": target.name,
                "converted_from_sha256": sha256_file(folder / PICKLE_FILE),
                "made": datetime.now(UTC).isoformat(timespec="seconds"),
            }
            write_manifest(place, facts, [WEIGHTS_FILE, *copied])
            place.rename(target)


def _run_child(source: Path, target: Path) -> None:
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    # -P: a file called torch.py beside the adapter must not be taken for torch.
    command = [
        sys.executable,
        "-P",
        "-m",
        "support_agent.generation.unpickle",
        str(source.absolute()),
        str(target.absolute()),
    ]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=_WAIT_S, check=False)
    except subprocess.TimeoutExpired as problem:
        raise ModelFileError(f"{source} was not read within {_WAIT_S} s and is refused.") from problem
    if done.returncode or not target.is_file():
        said = done.stderr.strip().splitlines()
        why = said[-1] if done.returncode == 1 and said else f"its reader ended with code {done.returncode}"
        raise ModelFileError(
            f"{source} is refused: {why}. Ask its maker for {WEIGHTS_FILE}, or train an adapter of your own."
        )
