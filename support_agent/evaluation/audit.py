"""Is the same ticket treated the same, whoever writes it? Asks every ticket in every form; effects.py weighs them."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

from support_agent.errors import EvaluationError
from support_agent.evaluation.defaults import SEED
from support_agent.evaluation.effects import PLAIN, Audit, Texts, weigh
from support_agent.evaluation.golden import GoldenSet, GoldenTicket
from support_agent.evaluation.variants import forms
from support_agent.protocols import Answerer
from support_agent.records import Reply, Route, Ticket


def audit(
    agent: Answerer,
    golden: GoldenSet,
    *,
    slice_name: str = "",
    limit: int | None = None,
    seed: int = SEED,
    on_done: Callable[[int, int], None] = lambda done, all_of: None,
) -> Audit:
    """Ask every ticket that is to be answered in every form: names, tone, dialect, typing errors, languages.

    Args:
        slice_name: only tickets with this tag; all where it is empty.
        limit: only so many of them, drawn with the seed; those that have a translation first.
        on_done: told after each reply how many are done, and of how many.

    Raises:
        EvaluationError: the set has no English ticket that is to be answered.
    """
    base = _base_tickets(golden, slice_name, limit, seed)
    if not base:
        where = f"slice {slice_name!r} of {golden.name}" if slice_name else golden.name
        raise EvaluationError(f"There is no ticket to be answered in {where}, so there is nothing to write anew.")
    written = _write_forms(base, seed) | _translations(golden, base)
    texts = list(dict.fromkeys(text for row in written.values() for text in row if text is not None))
    replies: dict[str, Reply] = {}
    for text, reply in zip(texts, agent.ask_many(Ticket(text) for text in texts), strict=True):
        replies[text] = reply
        on_done(len(replies), len(texts))
    return replace(weigh(base, written, replies, seed), versions=agent.versions)


def _base_tickets(golden: GoldenSet, slice_name: str, limit: int | None, seed: int) -> list[GoldenTicket]:
    chosen = [t for t in golden.tickets if not slice_name or slice_name in t.tags]
    base = [t for t in chosen if t.expected == Route.ANSWER and not t.translation_of and not t.history]
    if limit is None or limit >= len(base):
        return base
    translated = {ticket.translation_of for ticket in golden.tickets}
    source = random.Random(seed)
    drawn = sorted(range(len(base)), key=lambda at: (base[at].id not in translated, source.random()))
    return [base[at] for at in sorted(drawn[:limit])]


def _write_forms(base: Sequence[GoldenTicket], seed: int) -> dict[str, Texts]:
    """Form → each ticket's text; None where the form leaves the text as it is."""
    written: dict[str, Texts] = {PLAIN: [ticket.question for ticket in base]}
    for name, write in forms().items():
        texts = [write(t.question, random.Random(f"{seed} {name} {t.id}")) for t in base]
        written[name] = [text if text != t.question else None for text, t in zip(texts, base, strict=True)]
    return written


def _translations(golden: GoldenSet, base: Sequence[GoldenTicket]) -> dict[str, Texts]:
    """Language → each ticket's translation, where the set has one; the language is the tag ``lang:…``."""
    found: dict[str, list[str | None]] = {}
    place = {ticket.id: at for at, ticket in enumerate(base)}
    for ticket in golden.tickets:
        language = next((tag for tag in ticket.tags if tag.startswith("lang:")), "")
        if language and ticket.translation_of in place:
            found.setdefault(language, [None] * len(base))[place[ticket.translation_of]] = ticket.question
    return dict(found)
