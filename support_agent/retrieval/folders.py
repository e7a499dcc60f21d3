"""Which folder an index's name means: a path wins over the user's own indexes, those over the shipped ones."""

from __future__ import annotations

import shlex
from pathlib import Path

from support_agent.artefacts import MANIFEST
from support_agent.errors import IndexFolderError
from support_agent.shelves import INDEXES


def find_index(name: str | Path) -> Path:
    """The folder of an index named by path or by name.

    Raises:
        IndexFolderError: there is none; the message lists those that there are.
    """
    path = Path(name)
    if (path / MANIFEST).is_file():
        return path
    known = INDEXES.known()
    if str(name) in known:
        return known[str(name)]
    listed = ", ".join(sorted(known)) or "none"
    raise IndexFolderError(
        f"There is no index {str(name)!r}; known are: {listed}. Build one: support-agent index build NAME FILES…"
    )


def mend(folder: Path) -> str:
    """What a person should do about a damaged index folder."""
    if INDEXES.is_shipped(folder):
        return "Run `pip install --force-reinstall .` in the folder you installed support_agent from."
    real = folder.resolve()
    command = f"Build it again: support-agent index build {shlex.quote(real.name)} FILES…"
    return command if real.parent == INDEXES.own().resolve() else f"{command} --output {shlex.quote(str(folder))}"
