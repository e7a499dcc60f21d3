"""What the setting ``model`` names → its files on this machine."""

from __future__ import annotations

from pathlib import Path

from support_agent.errors import ConfigError
from support_agent.models import OnProgress, ensure, is_known
from support_agent.shelves import expand_user


def find_model(name: str, *, offline: bool, on_progress: OnProgress | None) -> Path | None:
    """The file or folder that ``name`` means: a path that exists, or an entry of the registry; None for neither."""
    path = expand_user(name, "model")
    if path.exists():
        return path
    return ensure(name, offline=offline, on_progress=on_progress) if is_known(name) else None


def find_gguf(path: Path) -> Path | None:
    """``path`` itself if it is a GGUF file, or the one in that folder.

    Raises:
        ConfigError: the folder holds more than one.
    """
    if path.is_file():
        return path if path.suffix == ".gguf" else None
    found = sorted(path.glob("*.gguf"))
    if len(found) > 1:
        names = ", ".join(file.name for file in found)
        raise ConfigError(f"{path} holds {len(found)} GGUF files ({names}): set model to the path of one of them.")
    return found[0] if found else None
