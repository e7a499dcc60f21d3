"""The one place where a prompt is written, for serving and training alike: a ticket's text, its turns, passages.

A backend renders the messages with its model's own chat template.

Passages are shown as earlier exchanges (title asked, text answered), because a small model copies the manner of what it
sees: on the 132 answerable lamini_docs test rows SmolLM2-135M reached a token-F1 of 0.394 this way, 0.338 with the same
three passages as a numbered list (tests/benchmarks/prompt_forms.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from support_agent.records import Passage, Turn

SYSTEM = (
    "You are a support agent. Answer the customer's question from the earlier answers and add nothing to them. "
    "Be brief. Copy names, numbers, links and code exactly."
)

# For base models without a template of their own (Llama-2-7b is one): plain text that any tokenizer can carry.
PLAIN_TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['role'] == 'system' %}{{ message['content'] }}\n\n"
    "{% elif message['role'] == 'user' %}### Question:\n{{ message['content'] }}\n\n"
    "{% else %}### Answer:\n{{ message['content'] }}{{ eos_token }}\n\n{% endif %}"
    "{% endfor %}"
    "{% if add_generation_prompt %}### Answer:\n{% endif %}"
)

# What a model writes when it goes on after its answer; a draft is cut there (see generation/endings.py).
STOP_STRINGS = ("<|im_end|>", "<|im_start|>", "<|endoftext|>", "### Question:", "### Answer:")


@dataclass(frozen=True)
class Message:
    """One chat message; ``role`` is "system", "user" or "assistant"."""

    role: str
    content: str


@dataclass(frozen=True)
class Prompt:
    """What a generator is given: the messages, and the passages and question they were made of."""

    messages: tuple[Message, ...]
    passages: tuple[Passage, ...]
    question: str


def write_prompt(question: str, passages: Sequence[Passage], history: Sequence[Turn] = ()) -> Prompt:
    """Write the chat messages for one ticket.

    Args:
        question: the ticket's cleaned text.
        passages: what retrieval found, best first; the best is put last, nearest to the question.
        history: earlier turns of the same conversation, oldest first; they stand between passages and question.
    """
    messages = [Message("system", SYSTEM)]
    for passage in reversed(passages):
        messages += [Message("user", passage.title or "What do you know?"), Message("assistant", passage.text)]
    for turn in history:
        messages += [Message("user", turn.ticket), Message("assistant", turn.reply)]
    messages.append(Message("user", question))
    return Prompt(tuple(messages), tuple(passages), question)


def prompt_version() -> str:
    """Twelve hex digits that change whenever the prompt's words or shape do.

    Stored with adapters, calibrations and replies: what was made with another prompt is not mixed with this one.
    """
    sample = write_prompt("Q", [Passage("1", "T1", "A1", ""), Passage("2", "", "A2", "")], [Turn("T", "R")])
    words = [f"{message.role}\0{message.content}" for message in sample.messages]
    return hashlib.sha256("\0".join((*words, PLAIN_TEMPLATE, *STOP_STRINGS)).encode()).hexdigest()[:12]
