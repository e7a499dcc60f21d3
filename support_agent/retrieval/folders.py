"""Which folder an index's name means.

Comes in: a name or a path. Goes out: an index folder. Knows nothing of what is inside but that it has a manifest.
A path wins over the user's own indexes, those over the shipped ones.
"""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import support_agent
from support_agent.artefacts import MANIFEST
from support_agent.errors import ConfigError, IndexFolderError

ENVIRONMENT = "SUPPORT_AGENT_INDEXES"


def own_folder() -> Path:
    """Where the user's own indexes stand: ``$SUPPORT_AGENT_INDEXES``, else the platform's folder for user data."""
    named = os.environ.get(ENVIRONMENT)
    if named:
        return Path(named)
    from platformdirs import user_data_path

    return user_data_path("support-agent") / "indexes"


def shipped_folder() -> Path:
    """Where the shipped indexes stand: inside the installed package, or beside it in a checkout."""
    package = Path(support_agent.__file__).parent
    inside = package / "indexes"
    return inside if inside.is_dir() else package.parent / "indexes"


def own_index(name: str) -> Path:
    """The folder in which an index of this name is built."""
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise ConfigError(
            f"{name!r} cannot name an index: use letters, digits, '_', '-' and '.'. "
            "To put one elsewhere, give --output FOLDER."
        )
    return own_folder() / name


def known_indexes() -> dict[str, Path]:
    """Every index that can be opened by name; an own one hides a shipped one of the same name."""
    found: dict[str, Path] = {}
    for root in (shipped_folder(), own_folder()):
        if root.is_dir():
            found.update({path.name: path for path in sorted(root.iterdir()) if (path / MANIFEST).is_file()})
    return found


def find_index(name: str | Path) -> Path:
    """The folder of an index named by path or by name.

    Raises:
        IndexFolderError: there is none; the message lists those that there are.
    """
    path = Path(name)
    if (path / MANIFEST).is_file():
        return path
    known = known_indexes()
    if str(name) in known:
        return known[str(name)]
    listed = ", ".join(sorted(known)) or "none"
    raise IndexFolderError(
        f"There is no index {str(name)!r}; known are: {listed}. Build one: support-agent index build NAME FILES…"
    )


def is_shipped(folder: Path) -> bool:
    """Whether the folder belongs to the package rather than to the user."""
    return folder.resolve().is_relative_to(shipped_folder().resolve())


def mend(folder: Path) -> str:
    """What a person should do about a damaged index folder."""
    if is_shipped(folder):
        return "Run `pip install --force-reinstall .` in the folder you installed support_agent from."
    real = folder.resolve()
    command = f"Build it again: support-agent index build {shlex.quote(real.name)} FILES…"
    return command if real.parent == own_folder().resolve() else f"{command} --output {shlex.quote(str(folder))}"
