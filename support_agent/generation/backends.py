"""Which generators there are: a row of the table for each built-in one, an entry point for anybody else's.

A package registers its own in its pyproject.toml; ``generator = "theirs"`` then opens it:

    [project.entry-points."support_agent.generators"]
    theirs = "their_package:open_generator"  # called with (config, on_progress), returns a Generator
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from typing import Any

from support_agent.errors import ConfigError

GROUP = "support_agent.generators"


@dataclass(frozen=True)
class Backend:
    """One kind of generator, and which settings mean something to it.

    ``load`` imports what opens it. With ``local_model`` the setting ``model`` names files of this machine, which are
    fetched where they are missing. With ``quotes_short`` it is asked to write of long passages alone (see
    quote_or_write.py): its models are small.
    """

    load: Callable[[], Any]
    local_model: bool = False
    takes_adapter: bool = False
    quotes_short: bool = False


def _built_in(
    opened_by: str, *, local_model: bool = False, takes_adapter: bool = False, quotes_short: bool = False
) -> Backend:
    load = partial(pkgutil.resolve_name, f"support_agent.generation.{opened_by}")
    return Backend(load, local_model, takes_adapter, quotes_short)


BUILT_IN = {
    "openvino": _built_in("openvino:OpenVinoGenerator.open", local_model=True, takes_adapter=True, quotes_short=True),
    "transformers": _built_in("hf_transformers:TransformersGenerator.open", local_model=True, takes_adapter=True),
    "chat_model": _built_in("chat_model:ChatModelGenerator.open"),
    "extractive": _built_in("extractive:ExtractiveGenerator.open"),
    "scripted": _built_in("scripted:ScriptedGenerator.open"),
}


def generator_names() -> list[str]:
    """What the setting ``generator`` may be: the built-in ones, then those that installed packages register."""
    registered = {entry.name for entry in metadata.entry_points(group=GROUP)}
    return [*BUILT_IN, *sorted(registered - BUILT_IN.keys())]


def find_backend(name: str) -> Backend:
    """The backend called ``name``; a built-in one wins over a registered one of the same name.

    Raises:
        ConfigError: there is none; the message lists those that there are.
    """
    if name in BUILT_IN:
        return BUILT_IN[name]
    entry = next((entry for entry in metadata.entry_points(group=GROUP) if entry.name == name), None)
    if entry is None:
        raise ConfigError(f"There is no generator {name!r}; there are: {', '.join(generator_names())}.")
    return Backend(entry.load)
