"""The generator without a model: the best passage's own words. Serves too where the model has failed."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

from support_agent.generation.prompt import Prompt
from support_agent.records import Draft, Passage
from support_agent.sentences import split_sentences

# A passage up to this long is an answer already; from a longer one (a piece of a document) only what fits is taken.
_WHOLE_CHARS = 800
_PICKED_SENTENCES = 4


class ExtractiveGenerator:
    """Writes the best passage: whole if short, else those of its sentences that share most words with the question."""

    name = "extractive"
    version = "1"

    @classmethod
    def open(cls, *_: Any) -> ExtractiveGenerator:
        """Open it; no setting matters to it."""
        return cls()

    def generate(self, prompts: Sequence[Prompt], on_text: Callable[[str], bool] | None = None) -> list[Draft]:
        """Copy for each prompt; a prompt without passages gets an empty draft."""
        texts = [extract(prompt.question, prompt.passages) for prompt in prompts]
        for text in texts if on_text else ():
            for piece in split_sentences(text):
                if on_text and on_text(piece):
                    break
        return [Draft(text, self.name, tokens=len(text.split())) for text in texts]


def extract(question: str, passages: Sequence[Passage]) -> str:
    """The best passage's own words; empty without passages."""
    if not passages:
        return ""
    text = passages[0].text.strip()
    if len(text) <= _WHOLE_CHARS:
        return text
    sentences = split_sentences(text)
    wanted = _words(f"{question} {passages[0].title}")
    order = sorted(range(len(sentences)), key=lambda at: (-_overlap(wanted, sentences[at]), at))
    return "".join(sentences[at] for at in sorted(order[:_PICKED_SENTENCES])).strip()


def _overlap(wanted: frozenset[str], sentence: str) -> float:
    """Shared words over the square root of the sentence's own, so that the longest does not always win."""
    words = _words(sentence)
    return len(words & wanted) / math.sqrt(max(1, len(words)))


def _words(text: str) -> frozenset[str]:
    return frozenset(word for word in re.findall(r"\w+", text.casefold()) if len(word) > 2)
