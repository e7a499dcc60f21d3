"""The seam between the agent and whatever writes: prompts in, drafts out, one for each and in the same order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

from support_agent.generation.prompt import Prompt
from support_agent.records import Draft


@runtime_checkable
class Generator(Protocol):
    """Writes drafts. One file of this folder holds one backend; backends.py has the table of them."""

    name: str
    version: str
    """Hash or name of the weights, so that a reply can be repeated."""

    def generate(self, prompts: Sequence[Prompt], on_text: Callable[[str], bool] | None = None) -> list[Draft]:
        """Write one draft for each prompt, in the order given.

        Args:
            on_text: for a single prompt only: called with each new piece of text as it is written; returning True
                ends the draft there.

        Raises:
            GenerationError: the backend could not write.
        """
        ...


@runtime_checkable
class StoppableGenerator(Generator, Protocol):
    """A generator that can also end single drafts of a batch while the others go on."""

    def generate_until(self, prompts: Sequence[Prompt], lost: Sequence[Callable[[str], bool]]) -> list[Draft]:
        """``generate``, where a draft ends with ``finish`` = "dropped" once its ``lost`` says so of its text so far."""
        ...
