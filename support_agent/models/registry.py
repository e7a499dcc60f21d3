"""Which model files there are, what each must hash to, and where each may come from.

Comes in: ``registry.json``, or a name. Goes out: frozen entries. Knows neither the cache nor the network; a new
model is a new entry in the data file, no new code.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from support_agent.errors import ModelFileError
from support_agent.models.hub import HubSource
from support_agent.models.sources import Source
from support_agent.models.wheel import WheelSource

_SOURCES: dict[str, type[HubSource] | type[WheelSource]] = {"hub": HubSource, "wheel": WheelSource}


@dataclass(frozen=True)
class ModelFile:
    """One file of a model, under the same ``path`` in the cache, in a local folder and below a source's prefix.

    ``sha256`` is None for a file whose hash is not known beforehand: it is recorded at the first pull and held to
    thereafter. ``alternative`` is taken where a source has no ``path``; an ``optional`` file may be missing altogether.
    """

    path: str
    sha256: str | None = None
    size_bytes: int | None = None
    alternative: str | None = None
    optional: bool = False


@dataclass(frozen=True)
class ModelEntry:
    """A named model: its files, and its sources in the order in which they are tried."""

    name: str
    description: str
    licence: str
    files: tuple[ModelFile, ...]
    sources: tuple[Source, ...]

    @property
    def known_bytes(self) -> int:
        """Summed size of the files whose size is known, in bytes; 0 where none is."""
        return sum(file.size_bytes or 0 for file in self.files)


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
    return ModelEntry(
        name=name,
        description=row["description"],
        licence=row["licence"],
        files=tuple(ModelFile(**file) for file in row["files"]),
        sources=tuple(_read_source(dict(source)) for source in row["sources"]),
    )


def _read_source(row: dict[str, Any]) -> Source:
    return _SOURCES[row.pop("kind")](**row)
