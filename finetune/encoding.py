"""Examples → token ids, for one tokenizer; a prompt is rendered and fitted as ``TransformersGenerator`` does it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypedDict

from finetune.examples import Example
from support_agent.errors import GenerationError, TrainingError
from support_agent.generation.fitting import fit_prompt, plain_messages, without_markers
from support_agent.generation.prompt import PLAIN_TEMPLATE, Prompt

_MOST_CHARS_A_TOKEN = 32
IGNORED = -100  # the label of a token that carries no loss, in torch and transformers


class Encoded(TypedDict):
    """One example as token ids; the last ``answer_tokens`` of them are the answer and its end-of-turn token."""

    row_id: str
    input_ids: list[int]
    answer_tokens: int


def encode_all(examples: Iterable[Example], tokenizer: Any, max_tokens: int) -> tuple[list[Encoded], list[str]]:
    """Encode examples; passages that do not fit are left out, the worst first, as in service.

    Args:
        tokenizer: of transformers, with a chat template or without (then the agent's plain one is used).
        max_tokens: the longest an example may be, prompt and answer together.

    Returns:
        The examples, and the ids of the rows whose question and answer alone are too long.
    """
    encoder = _Encoder(tokenizer)
    encoded: list[Encoded] = []
    too_long: list[str] = []
    for example in examples:
        ids, answer = _fitted(example, encoder, max_tokens)
        if ids:
            encoded.append(Encoded(row_id=example.row_id, input_ids=ids + answer, answer_tokens=len(answer)))
        else:
            too_long.append(example.row_id)
    return encoded, too_long


def _fitted(example: Example, encoder: _Encoder, max_tokens: int) -> tuple[list[int], list[int]]:
    """Tokens of the prompt with the passages it has room for, and of the answer; no prompt where there is no room."""
    if len(example.answer) + len(example.prompt.question) > max_tokens * _MOST_CHARS_A_TOKEN:
        return [], []  # 4 MB take a tokenizer minutes
    answer = encoder.answer_ids(example)
    try:
        prompt = fit_prompt(example.prompt, lambda one: len(encoder.prompt_ids(one)), max_tokens - len(answer))
    except GenerationError:
        return [], answer
    ids = encoder.prompt_ids(prompt)
    return (ids if len(ids) + len(answer) <= max_tokens else []), answer


class _Encoder:
    """A tokenizer and the template that goes with it."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._template = None if tokenizer.chat_template else PLAIN_TEMPLATE

    def prompt_ids(self, prompt: Prompt) -> list[int]:
        # A chat template writes its own start token; the plain one leaves that to the tokenizer.
        text = self._render(plain_messages(prompt), add_generation_prompt=True)
        ids: list[int] = self._tokenizer(text, add_special_tokens=self._template is not None).input_ids
        return ids

    def answer_ids(self, example: Example) -> list[int]:
        """The answer's tokens with the mark that ends a turn, as the template writes it."""
        answer = without_markers(example.answer).strip()
        messages = plain_messages(example.prompt)
        start = self._render(messages, add_generation_prompt=True)
        whole = self._render([*messages, {"role": "assistant", "content": answer}], add_generation_prompt=False)
        if not whole.startswith(start) or answer not in whole[len(start) :]:
            raise TrainingError(
                "The base's chat template writes an answer in another way than it asks for one, so that an example "
                "cannot be written as it will be served. Choose another base."
            )
        # Some templates put an empty thought before the answer, which is not to be learned.
        text = whole[whole.index(answer, len(start)) :].rstrip()
        ids: list[int] = self._tokenizer(
            text if text != answer else answer + self._tokenizer.eos_token, add_special_tokens=False
        ).input_ids
        return ids

    def _render(self, messages: Sequence[dict[str, str]], *, add_generation_prompt: bool) -> str:
        from jinja2 import TemplateError

        try:
            text: str = self._tokenizer.apply_chat_template(
                messages, chat_template=self._template, add_generation_prompt=add_generation_prompt, tokenize=False
            )
        except TemplateError as problem:
            raise TrainingError(
                f"The base's chat template refuses the agent's prompt ({problem}). Choose a base whose template takes "
                "a system message."
            ) from problem
        return text
