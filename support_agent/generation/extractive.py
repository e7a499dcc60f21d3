"""The generator without a model: the best passage's own words. Serves too where the model has failed."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

from support_agent.generation.prompt import Prompt
from support_agent.records import Draft, Passage
from support_agent.sentences import split_sentences
from support_agent.wording import content_words

QUOTING = "extractive"
# A passage up to this long is an answer as it stands; of a longer one whole paragraphs and lists are taken.
_WHOLE_CHARS = 2_000
_LIST_ITEM = re.compile(r"[ \t]*(?:[-*•–]|\d{1,3}[.)])[ \t]")

_BARE_YES = re.compile(r"yes[.!]\s+(?=\S)", re.IGNORECASE)


class ExtractiveGenerator:
    """Writes the best passage: whole if short, else the paragraphs and lists around what shares most words with it."""

    name = QUOTING
    version = "2"

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
    """The best passage's own words; empty without passages.

    A bare "Yes." answers the passage's own question, and is left out where the customer asks for something else: where
    no more than half of their words stand in the title.
    """
    if not passages:
        return ""
    text = passages[0].text.strip()
    asked = set(content_words(question))
    bare = _BARE_YES.match(text)
    if bare and 2 * len(asked & set(content_words(passages[0].title))) <= len(asked):
        text = text[bare.end() :]
    if len(text) <= _WHOLE_CHARS:
        return text
    blocks = _blocks(text)
    wanted = _words(f"{question} {passages[0].title}")
    first = last = max(range(len(blocks)), key=lambda at: (_overlap(wanted, blocks[at]), -at))
    while last + 1 < len(blocks) and sum(map(len, blocks[first : last + 2])) <= _WHOLE_CHARS:
        last += 1
    while first and sum(map(len, blocks[first - 1 : last + 1])) <= _WHOLE_CHARS:
        first -= 1
    return "".join(blocks[first : last + 1]).strip()


def _blocks(text: str) -> list[str]:
    """Paragraphs that belong together: a list is one with all its steps and the line that announces it."""
    blocks: list[str] = []
    last_part = ""
    for part in re.findall(r".+?(?:\n[ \t]*\n\s*|\Z)", text, re.DOTALL):
        announced = last_part.rstrip().endswith(":") or _LIST_ITEM.match(last_part)
        if blocks and announced and _LIST_ITEM.match(part):
            blocks[-1] += part
        else:
            blocks.append(part)
        last_part = part
    return blocks


def _overlap(wanted: frozenset[str], block: str) -> float:
    """Shared words over the square root of the block's own, so that the longest does not always win."""
    words = _words(block)
    return len(words & wanted) / math.sqrt(max(1, len(words)))


def _words(text: str) -> frozenset[str]:
    return frozenset(word for word in re.findall(r"\w+", text.casefold()) if len(word) > 2)
