"""What the setting ``model`` names → its files on this machine, and a hash that says which weights these are."""

from __future__ import annotations

from pathlib import Path

from support_agent.artefacts import sha256_bytes, sha256_file
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


def base_fingerprint(model: str, *, offline: bool) -> str:
    """What an adapter's manifest records of its base: which weights it was, not what they were called.

    Returns:
        The sha256 of the GGUF file where the model is one, else a hash over the folder's weights and settings, else
        (a hub name) the name itself.
    """
    found = find_model(model, offline=offline, on_progress=None)
    if found is None:
        return model
    file = None if (found / "config.json").exists() else find_gguf(found)
    return sha256_file(file) if file else hash_folder(found)


def hash_folder(folder: Path) -> str:
    """Twelve hex digits over a folder's weights and settings."""
    files = sorted([*folder.glob("*.safetensors"), *folder.glob("*config.json")])
    return sha256_bytes("".join(f"{file.name}{sha256_file(file)}" for file in files).encode())[:12]
