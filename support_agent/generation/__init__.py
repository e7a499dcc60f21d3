"""Passages → prompt → draft. One file a backend; all of them speak the protocol in ``generator.py``.

>>> from support_agent.generation import open_generator
>>> generator = open_generator(Config(generator="extractive"))

Importing this room loads no engine; a backend's own libraries are loaded when it is opened.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from support_agent.generation.generator import Generator
from support_agent.generation.prompt import Message, Prompt, prompt_version, write_prompt

if TYPE_CHECKING:
    from support_agent.config import Config
    from support_agent.models import OnProgress

__all__ = [
    "Generator",
    "Message",
    "Prompt",
    "open_generator",
    "prompt_version",
    "write_prompt",
]


def open_generator(config: Config, *, on_progress: OnProgress | None = None) -> Generator:
    """Open the generator that ``config.generator`` names.

    Raises:
        ConfigError: a setting does not fit this generator, or a package it needs is not installed.
        ModelFileError: a model file is missing and cannot be fetched, or is damaged.
    """
    return _OPENERS[config.generator](config, on_progress)


def _open_openvino(config: Config, on_progress: OnProgress | None) -> Generator:
    from support_agent.generation.openvino import OpenVinoGenerator

    return OpenVinoGenerator.open(config, on_progress=on_progress)


def _open_transformers(config: Config, on_progress: OnProgress | None) -> Generator:
    from support_agent.generation.hf_transformers import TransformersGenerator

    return TransformersGenerator.open(config, on_progress=on_progress)


def _open_chat_model(config: Config, _: OnProgress | None) -> Generator:
    from support_agent.generation.chat_model import ChatModelGenerator

    return ChatModelGenerator.open(config)


def _open_extractive(_: Config, __: OnProgress | None) -> Generator:
    from support_agent.generation.extractive import ExtractiveGenerator

    return ExtractiveGenerator()


def _open_scripted(_: Config, __: OnProgress | None) -> Generator:
    from support_agent.generation.scripted import ScriptedGenerator

    return ScriptedGenerator()


_OPENERS: dict[str, Callable[[Config, OnProgress | None], Generator]] = {
    "openvino": _open_openvino,
    "transformers": _open_transformers,
    "chat_model": _open_chat_model,
    "extractive": _open_extractive,
    "scripted": _open_scripted,
}
