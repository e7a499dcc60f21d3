"""Which rows do not belong into an index, and why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from support_agent.records import Passage
from support_agent.triage.injection import injection_signal
from support_agent.triage.readable import clean

# A canned refusal is short and is the whole answer; an answer that mentions a limit is longer or starts otherwise. It
# says "I": "We cannot share this data with third parties." is an answer.
REFUSAL_CHARS = 200
REFUSAL = re.compile(
    r"""^\W*
    (?:(?:i['’]?m|i\ am|we['’]?re|we\ are)?\s*(?:so\ |very\ )?sorry\b\W*(?:but\ )?
      |i\ wish\b\W* |unfortunately\b\W* |did\ you\ type\ something\b\W* |as\ an?\ (?:ai|language\ model)\b[^,.]*\W*)?
    (?:
      let['’]?s\ (?:keep|stay|stick|get\ back)\b.{0,30}\b(?:relevant|topic|subject|focus)
     |(?:this|our|my)\ (?:documentation|docs|manual|assistant|(?:chat)?bot)\ only\ (?:talks|covers|knows|answers)
     |(?:i['’]?m|i\ am)\ having\ (?:trouble|difficulty|difficulties)\ understanding
     |i\ (?:do\ not|don['’]?t|did\ not|didn['’]?t)\ understand\ (?:you|that|your)
     |i(?:\ can['’]?t|\ cannot|\ can\ not|\ could\ not|\ couldn['’]?t|(?:\ am|['’]m)\ (?:not\ able|unable)\ to)\s
      (?:reveal|share|disclose|discuss|answer|help\ (?:you\ )?with|assist\ (?:you\ )?with)\ (?:that|this|such)
    )""",
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True)
class LeftOut:
    """A row that is not indexed, and why: "refusal", "empty", "orders" (for a model) or "duplicate"."""

    passage: Passage
    reason: str


def is_refusal(text: str) -> bool:
    """Whether an answer is a canned refusal, which no search should ever find."""
    return len(text) <= REFUSAL_CHARS and REFUSAL.match(text.strip()) is not None


def is_empty(passage: Passage) -> bool:
    """Whether question or answer has no word in it."""
    return not re.search(r"\w", passage.title) or not re.search(r"\w", passage.text)


def has_orders(passage: Passage) -> bool:
    """Whether question or answer carries orders for a model or the control marks of a chat template.

    Such a passage would stand in the prompt of other people's tickets. The price: a manual that quotes an attack or a
    template is left out too, until the quote is taken out of it.
    """
    return any(injection_signal(clean(side)).fired for side in (passage.title, passage.text))


def sift(passages: Iterable[Passage], known: Sequence[Passage] = ()) -> tuple[list[Passage], list[LeftOut]]:
    """Part what is to be indexed from what is not; of equal pairs the first is kept.

    Args:
        known: passages that are indexed already.
    """
    seen = {_content(passage) for passage in known}
    kept: list[Passage] = []
    left_out: list[LeftOut] = []
    for passage in passages:
        content = _content(passage)
        if is_refusal(passage.text):
            left_out.append(LeftOut(passage, "refusal"))
        elif is_empty(passage):
            left_out.append(LeftOut(passage, "empty"))
        elif has_orders(passage):
            left_out.append(LeftOut(passage, "orders"))
        elif content in seen:
            left_out.append(LeftOut(passage, "duplicate"))
        else:
            seen.add(content)
            kept.append(passage)
    return kept, left_out


def _content(passage: Passage) -> tuple[str, str]:
    return " ".join(passage.title.split()), " ".join(passage.text.split())
