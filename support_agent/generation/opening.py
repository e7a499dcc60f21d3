"""Settings → the generator that they name, opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support_agent.errors import ConfigError, SupportAgentError
from support_agent.generation.backends import BUILT_IN, find_backend
from support_agent.generation.generator import Generator
from support_agent.generation.quote_or_write import QuoteOrWrite

if TYPE_CHECKING:
    from support_agent.config import Config
    from support_agent.models import OnProgress


def open_generator(config: Config, *, on_progress: OnProgress | None = None) -> Generator:
    """Open the generator that ``config.generator`` names.

    Raises:
        ConfigError: a setting does not fit this generator, or a package it needs is not installed or fails.
        ModelFileError: a model file is missing and cannot be fetched, or is damaged.
    """
    backend = find_backend(config.generator)
    if config.generator in BUILT_IN:
        built_in: Generator = backend.load()(config, on_progress)
        return QuoteOrWrite(built_in) if backend.quotes_short else built_in
    mend = "Mend or update the package that registers it, or set generator to another."
    try:
        theirs = backend.load()(config, on_progress)
    except SupportAgentError:
        raise
    except Exception as problem:
        what = f"{type(problem).__name__}: {problem}".rstrip(".")
        raise ConfigError(f"The generator {config.generator!r} cannot be opened ({what}). {mend}") from problem
    if not isinstance(theirs, Generator):
        raise ConfigError(f"The generator {config.generator!r} lacks a name, a version or generate(). {mend}")
    return theirs
