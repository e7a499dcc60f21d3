"""Question/answer rows and passages → chat examples, written with the very prompt the agent serves with.

Knows no model and no tokenizer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from support_agent.generation.prompt import Message, prompt_version, write_prompt
from support_agent.records import Passage


@dataclass(frozen=True)
class Example:
    """One training example: the prompt's messages, and the answer whose tokens carry the loss."""

    messages: tuple[Message, ...]
    answer: str
    prompt_version: str


def write_example(question: str, answer: str, passages: Sequence[Passage]) -> Example:
    """Write one example; an adapter made of these sees in training what it will see in service."""
    return Example(write_prompt(question, passages).messages, answer, prompt_version())
