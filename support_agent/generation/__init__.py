"""Passages → prompt → draft. One file a backend; all of them speak the protocol in ``generator.py``.

>>> from support_agent.generation import open_generator
>>> generator = open_generator(Config(generator="extractive"))

Importing this room loads no engine; a backend's own libraries are loaded when it is opened.
"""

from support_agent.generation.generator import Generator
from support_agent.generation.opening import open_generator
from support_agent.generation.prompt import Message, Prompt, prompt_version, write_prompt

__all__ = ["Generator", "Message", "Prompt", "open_generator", "prompt_version", "write_prompt"]
