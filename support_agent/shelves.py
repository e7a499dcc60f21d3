"""Where artefacts of a kind lie: those that ship with the package, and the user's own.

``$SUPPORT_AGENT_<KIND>`` names the folder of the user's own; without it they stand in the platform's folder for user
data. Only what a caller asks for by name is looked at: what else lies on a shelf is never opened.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import support_agent
from support_agent.artefacts import MANIFEST
from support_agent.errors import ConfigError


@dataclass(frozen=True)
class Shelf:
    """Artefacts of one kind, each a folder under its name.

    ``one`` is what a message calls one of them; ``marker`` is a pattern of files that makes a folder one of the kind;
    ``room`` is the folder of the package in which shipped ones stand, if not in its root or beside it.
    """

    kind: str
    one: str
    marker: str
    room: str = ""

    def own(self) -> Path:
        """The folder of the user's own, whether or not it is there.

        Raises:
            ConfigError: the environment names a home folder that nobody has.
        """
        variable = f"SUPPORT_AGENT_{self.kind.upper()}"
        if named := os.environ.get(variable):
            return expand_user(named, variable)
        from platformdirs import user_data_path

        return user_data_path("support-agent") / self.kind

    def shipped(self) -> Path:
        """The folder of the shipped ones: inside the installed package, or beside it in a checkout."""
        package = Path(support_agent.__file__).parent
        inside = package / self.room / self.kind
        return inside if self.room or inside.is_dir() else package.parent / self.kind

    def place(self, name: str) -> Path:
        """Where an own artefact of this name stands, whether or not it is there yet.

        Raises:
            ConfigError: the name could lead out of the folder.
        """
        if not re.fullmatch(r"\w[\w.-]*", name):
            raise ConfigError(
                f"{name!r} cannot name an {self.one}: use letters, digits, '_', '-' and '.'. "
                "To put one elsewhere, give --output FOLDER."
            )
        return self.own() / name

    def known(self) -> dict[str, Path]:
        """Every artefact by name; an own one hides a shipped one of the same name."""
        return {path.name: path for root in (self.shipped(), self.own()) for path in self._standing(root)}

    def is_shipped(self, folder: Path) -> bool:
        """Whether a folder belongs to the package rather than to the user."""
        return folder.resolve().is_relative_to(self.shipped().resolve())

    def hides_shipped(self, folder: Path) -> bool:
        """Whether a folder is an own one that stands before a shipped one of the same name."""
        own = folder.resolve().parent == self.own().resolve() and not self.is_shipped(folder)
        return own and folder.name in {shipped.name for shipped in self._standing(self.shipped())}

    def _standing(self, root: Path) -> list[Path]:
        folders = sorted(root.iterdir()) if root.is_dir() else []
        return [folder for folder in folders if folder.is_dir() and any(folder.glob(self.marker))]


def expand_user(named: str, setting: str) -> Path:
    """The path, "~" replaced by the home folder.

    Raises:
        ConfigError: there is no such user, or the user has no home folder.
    """
    try:
        return Path(named).expanduser()
    except RuntimeError as problem:
        raise ConfigError(
            f"{setting} is {named!r}, and no home folder is known for {Path(named).parts[0]!r}. "
            "Name the folder in full, from the root on."
        ) from problem


INDEXES = Shelf("indexes", "index", MANIFEST)
ADAPTERS = Shelf("adapters", "adapter", "adapter_config.json")
# A folder for each index, named for it, with a file for each generator that was calibrated on it.
CALIBRATIONS = Shelf("calibrations", "index", "*.json")
# A folder for each embedder: what its vectors say of a ticket.
SIGNALS = Shelf("signals", "set of signals", MANIFEST, room="triage")
