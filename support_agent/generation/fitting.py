"""Prompt → messages a model's template can carry safely, and short enough for its context."""

from __future__ import annotations

import re
from collections.abc import Callable

from support_agent.errors import ConfigError, GenerationError
from support_agent.generation.prompt import Prompt

# What chat templates use to mark turns. In a ticket or a passage it would be read as the end of that turn: an
# instruction could pose as ours.
_MARKERS = re.compile(r"<\|[^|<>\n]{1,40}\|>|</?s>|\[/?INST\]|<</?SYS>>|^###[ ](?:Question|Answer):", re.MULTILINE)


def plain_messages(prompt: Prompt) -> list[dict[str, str]]:
    """The messages as dictionaries, with the marks of chat templates taken out of their text."""
    return [
        {"role": message.role, "content": without_markers(message.content).strip() or "…"}
        for message in prompt.messages
    ]


def without_markers(text: str) -> str:
    """``text`` without anything a chat template would read as a mark, however it was nested."""
    while True:
        cleaned = _MARKERS.sub("", text)
        if cleaned == text:
            return text
        text = cleaned


def room_for_prompt(context_tokens: int, max_new_tokens: int) -> int:
    """How many tokens a prompt may have.

    Raises:
        ConfigError: the draft alone would fill the context.
    """
    if max_new_tokens >= context_tokens:
        raise ConfigError(
            f"max_new_tokens is {max_new_tokens:,}, but the model reads and writes only {context_tokens:,} tokens in "
            "all. Lower it."
        )
    return context_tokens - max_new_tokens


def fit_prompt(prompt: Prompt, count_tokens: Callable[[Prompt], int], limit_tokens: int) -> Prompt:
    """Leave out passages, the worst first, then turns, the oldest first, until the prompt fits.

    The question is never cut.

    Raises:
        GenerationError: the question alone is too long.
    """
    while (tokens := count_tokens(prompt)) > limit_tokens:
        if len(prompt.messages) < 4:
            raise GenerationError(
                f"The ticket needs {tokens:,} tokens and the model takes {limit_tokens:,} beside its answer. "
                "Lower max_ticket_chars or max_new_tokens, or choose a model with a longer context."
            )
        # After the system message stand the passages, worst first, then the turns, oldest first: two messages each.
        prompt = Prompt(prompt.messages[:1] + prompt.messages[3:], prompt.passages[:-1], prompt.question)
    return prompt
