"""Examples → token ids and labels, for one tokenizer.

Knows nothing of training. A prompt is rendered as ``TransformersGenerator`` renders it, and fitted the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from finetune.examples import Example
from support_agent.errors import GenerationError, TrainingError
from support_agent.generation.fitting import fit_prompt, plain_messages, without_markers
from support_agent.generation.prompt import PLAIN_TEMPLATE, Prompt

_MOST_CHARS_A_TOKEN = 32
IGNORED = -100  # the label of a token that carries no loss, in torch and transformers


@dataclass(frozen=True)
class Encoded:
    """One example as token ids; the last ``answer_tokens`` of them are the answer and its end-of-turn token."""

    row_id: str
    input_ids: list[int]
    answer_tokens: int

    @property
    def labels(self) -> list[int]:
        """The answer's tokens at their places, everything before them ignored."""
        prompt_tokens = len(self.input_ids) - self.answer_tokens
        return [IGNORED] * prompt_tokens + self.input_ids[prompt_tokens:]


@dataclass(frozen=True)
class TooLong:
    """A row that is left out: question and answer alone take at least ``tokens``, more than an example may have."""

    row_id: str
    tokens: int


def encode_all(examples: Iterable[Example], tokenizer: Any, max_tokens: int) -> tuple[list[Encoded], list[TooLong]]:
    """Encode examples; passages that do not fit are left out, the worst first, as in service.

    Args:
        tokenizer: of transformers, with a chat template or without (then the agent's plain one is used).
        max_tokens: the longest an example may be, prompt and answer together.
    """
    encoder = _Encoder(tokenizer)
    encoded: list[Encoded] = []
    too_long: list[TooLong] = []
    for example in examples:
        least_tokens = (len(example.answer) + len(example.prompt.question)) // _MOST_CHARS_A_TOKEN
        if least_tokens > max_tokens:  # 4 MB take a tokenizer minutes
            too_long.append(TooLong(example.row_id, least_tokens))
            continue
        answer = encoder.answer_ids(example)
        try:
            prompt = fit_prompt(example.prompt, lambda one: len(encoder.prompt_ids(one)), max_tokens - len(answer))
            ids = encoder.prompt_ids(prompt)
            if len(ids) + len(answer) > max_tokens:
                raise GenerationError("an example without passages has nothing to leave out")
        except GenerationError:
            too_long.append(TooLong(example.row_id, len(encoder.prompt_ids(_bare(example.prompt))) + len(answer)))
            continue
        encoded.append(Encoded(example.row_id, ids + answer, len(answer)))
    return encoded, too_long


def _bare(prompt: Prompt) -> Prompt:
    """The prompt without its passages."""
    return Prompt((*prompt.messages[:1], prompt.messages[-1]) if prompt.passages else prompt.messages, (), "")


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
