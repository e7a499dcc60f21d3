"""A model or a folder → a hash that says which weights these are, whatever they are called."""

from __future__ import annotations

from pathlib import Path

from support_agent.artefacts import sha256_bytes, sha256_file
from support_agent.generation.find_model import find_gguf, find_model


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
