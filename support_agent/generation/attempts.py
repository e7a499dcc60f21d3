"""Prompts → drafts, or None where the generator failed; what serves instead is the agent's to choose."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from support_agent.errors import GenerationError
from support_agent.generation.generator import Generator, StoppableGenerator
from support_agent.generation.prompt import Prompt
from support_agent.records import Draft

logger = logging.getLogger(__name__)

# After so many prompts in a row that failed alone, the rest is not tried: a server that is down costs a time-out each.
_FAILURES_UNTIL_DOWN = 2


def try_to_write(
    generator: Generator, prompts: Sequence[Prompt], lost: Sequence[Callable[[str], bool]]
) -> list[Draft | None]:
    """Write all drafts at once; when that fails, one by one, so that one bad prompt costs the others nothing.

    Args:
        lost: for each prompt, whether nothing of the text so far can be sent any more; a generator that can stop
            single drafts ends there.
    """
    drafts = _attempt(generator, prompts, lost)
    if drafts or len(prompts) == 1:
        return [*drafts] or [None]
    alone: list[Draft | None] = []
    failures = 0
    for prompt, one in zip(prompts, lost, strict=True):
        written = _attempt(generator, [prompt], [one]) if failures < _FAILURES_UNTIL_DOWN else []
        failures = 0 if written else failures + 1
        alone.append(written[0] if written else None)
    return alone


def log_failure(problem: Exception) -> None:
    """A GenerationError is foreseen and explains itself; anything else needs its traceback."""
    if isinstance(problem, GenerationError):
        logger.warning("%s", problem)
    else:
        logger.error("the generator failed", exc_info=problem)


def _attempt(generator: Generator, prompts: Sequence[Prompt], lost: Sequence[Callable[[str], bool]]) -> list[Draft]:
    """One draft for each prompt, or none at all."""
    try:
        if isinstance(generator, StoppableGenerator):
            drafts = list(generator.generate_until(prompts, lost))
        else:
            drafts = list(generator.generate(prompts))
    except Exception as problem:  # noqa: BLE001 - a generator is foreign code; the tickets must come out all the same
        log_failure(problem)
        return []
    if len(drafts) != len(prompts) or not all(isinstance(draft, Draft) for draft in drafts):
        logger.error("the generator gave %d drafts for %d prompts, or something else", len(drafts), len(prompts))
        return []
    return drafts
