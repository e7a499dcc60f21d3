"""The shipped test double: answers from a table, instantly and always the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from support_agent.errors import GenerationError
from support_agent.generation.prompt import Prompt
from support_agent.records import Draft


class ScriptedGenerator:
    """Writes what a table says for a question; without an entry, the first passage's first sentence.

    ``calls`` counts the prompts seen, so that a test can hold that a hand-off cost none. A table entry that is an
    exception is raised.
    """

    name = "scripted"
    version = "scripted"

    def __init__(self, answers: Mapping[str, str | Exception | Draft] | None = None) -> None:
        self._answers = dict(answers or {})
        self.calls = 0

    @classmethod
    def open(cls, *_: Any) -> ScriptedGenerator:
        """Open it without a table; no setting matters to it."""
        return cls()

    def generate(self, prompts: Sequence[Prompt], on_text: Callable[[str], bool] | None = None) -> list[Draft]:
        """Look each question up; see the class."""
        drafts = []
        for prompt in prompts:
            self.calls += 1
            drafts.append(self._draft(prompt))
            if on_text:
                for word in drafts[-1].text.split(" "):
                    if on_text(word + " "):
                        break
        return drafts

    def generate_until(self, prompts: Sequence[Prompt], lost: Sequence[Callable[[str], bool]]) -> list[Draft]:
        """``generate``, word by word while anything of it can be sent; see ``StoppableGenerator``."""
        return [_until(draft, is_lost) for draft, is_lost in zip(self.generate(prompts), lost, strict=True)]

    def _draft(self, prompt: Prompt) -> Draft:
        answer = self._answers.get(prompt.question)
        if isinstance(answer, GenerationError | RuntimeError | OSError):
            raise answer
        if isinstance(answer, Draft):
            return answer
        text = answer if isinstance(answer, str) else _first_sentence(prompt)
        return Draft(text, self.name, tokens=max(1, len(text.split())), sum_log_prob=0.0)


def _until(draft: Draft, is_lost: Callable[[str], bool]) -> Draft:
    written = (draft.text[: space.start()] for space in re.finditer(r"\s+", draft.text))
    begun = next((text for text in written if is_lost(text)), None)
    return draft if begun is None else replace(draft, text=begun, finish="dropped", tokens=len(begun.split()))


def _first_sentence(prompt: Prompt) -> str:
    if not prompt.passages:
        return ""
    return prompt.passages[0].text.split(". ")[0].rstrip(".") + "."
