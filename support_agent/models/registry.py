"""Which models there are, what each file must hash to, and which mirrors have it; a new model is a new entry in
``registry.json``, no new code.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

from support_agent.errors import ModelFileError
from support_agent.models.hub import HubMirror
from support_agent.models.records import ModelEntry, ModelFile
from support_agent.models.wheel import WheelMirror

_MIRRORS: dict[str, type[HubMirror] | type[WheelMirror]] = {"hub": HubMirror, "wheel": WheelMirror}


@lru_cache(maxsize=1)
def registry() -> Mapping[str, ModelEntry]:
    """Every known model by name, read from the package's data at the first call."""
    data = json.loads(files("support_agent.models").joinpath("registry.json").read_text("utf-8"))
    return {name: _read_entry(name, row) for name, row in data.items()}


def is_known(name: str) -> bool:
    """Whether ``name`` stands in the registry."""
    return name in registry()


def find(name: str) -> ModelEntry:
    """The entry called ``name``.

    Raises:
        ModelFileError: there is none; the message names the nearest.
    """
    entry = registry().get(name)
    if entry is None:
        close = difflib.get_close_matches(name, registry(), n=1)
        hint = f"Did you mean {close[0]!r}?" if close else f"Known are {', '.join(registry())}."
        raise ModelFileError(f"There is no model {name!r} in the registry. {hint}")
    return entry


def _read_entry(name: str, row: dict[str, Any]) -> ModelEntry:
    model_files = tuple(ModelFile(**file) for file in row["files"])
    mirrors = tuple(_MIRRORS[mirror.pop("kind")](**mirror) for mirror in map(dict[str, Any], row["mirrors"]))
    return ModelEntry(name, row["description"], row["licence"], model_files, mirrors, row.get("provenance", ""))
