"""Quote or write: a short passage is offered as it stands, and a model is asked only where the best passage is long.

What a small model writes of a passage is right less often than the passage's own words, and of a short one hardly
shorter; so where a model is named it writes of long ones only (tests/benchmarks/README.md, "Who writes"). A quote
costs no call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from support_agent.generation.extractive import ExtractiveGenerator
from support_agent.generation.generator import Generator, StoppableGenerator
from support_agent.generation.prompt import Prompt
from support_agent.records import Draft, Passage

QUOTED_CHARS = 800


def quotes(passages: Sequence[Passage]) -> bool:
    """Whether the best passage is offered as it stands."""
    return bool(passages) and len(passages[0].text.strip()) <= QUOTED_CHARS


class QuoteOrWrite:
    """A generator that quotes short passages and has ``writer`` write of long ones."""

    def __init__(self, writer: Generator) -> None:
        """Wrap a generator; the rule is part of the version, as other texts are offered with another rule."""
        self.writer = writer
        self.name = writer.name
        self.version = f"{writer.version} quotes {QUOTED_CHARS}"

    def generate(self, prompts: Sequence[Prompt], on_text: Callable[[str], bool] | None = None) -> list[Draft]:
        """Quote or write for each prompt; see ``Generator``."""
        written = [prompt for prompt in prompts if not quotes(prompt.passages)]
        return _merged(prompts, self.writer.generate(written, on_text) if written else [], on_text)

    def generate_until(self, prompts: Sequence[Prompt], lost: Sequence[Callable[[str], bool]]) -> list[Draft]:
        """Quote, or write while anything of it can be sent; see ``StoppableGenerator``."""
        if not isinstance(self.writer, StoppableGenerator):
            return self.generate(prompts)
        pairs = [(prompt, one) for prompt, one in zip(prompts, lost, strict=True) if not quotes(prompt.passages)]
        written = self.writer.generate_until([p for p, _ in pairs], [one for _, one in pairs]) if pairs else []
        return _merged(prompts, written, None)


def _merged(prompts: Sequence[Prompt], written: Sequence[Draft], on_text: Callable[[str], bool] | None) -> list[Draft]:
    drafts: Iterator[Draft] = iter(written)
    quote = ExtractiveGenerator()
    return [quote.generate([prompt], on_text)[0] if quotes(prompt.passages) else next(drafts) for prompt in prompts]
