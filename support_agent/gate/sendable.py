"""Draft and passages → the text that would be sent, and every signal of it.

The draft's own text where a passage carries it; where none does, or the draft went in circles or was cut off, the best
passage's own words. Whether either is sent is decided elsewhere; a live ticket and a calibration's row both come here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from support_agent.gate.generation_signals import generation_signals
from support_agent.gate.support_signals import CheckedDraft, check_draft, support_signals
from support_agent.generation.extractive import extract
from support_agent.records import Draft, Passage, Signal

# Signal that decides alone → reason, the deciding one first.
HELD = {
    "empty_draft": "empty_draft",
    "loop_share": "loop",
    "cut_off": "cut_off",
    "unsupported_share": "unsupported",
}


@dataclass(frozen=True)
class Sendable:
    """``checked`` holds the text and its citations; ``held`` are the reasons why the draft's own is not it.

    ``quoted`` says that the best passage's words stand in for the draft. With reasons and no quote there is nothing to
    send.
    """

    checked: CheckedDraft
    signals: tuple[Signal, ...]
    held: tuple[str, ...]
    quoted: bool

    @property
    def nothing(self) -> bool:
        """Whether there is no text that may be sent."""
        return bool(self.held) and not self.quoted


def own_text(question: str, draft: Draft, passages: Sequence[Passage]) -> Sendable:
    """The draft's own text, or nothing."""
    checked = check_draft(question, draft, passages)
    signals = (*generation_signals(draft), *support_signals(checked))
    fired = {signal.name for signal in signals if signal.fired}
    return Sendable(checked, signals, tuple(reason for name, reason in HELD.items() if name in fired), quoted=False)


def own_text_or_quote(question: str, draft: Draft, passages: Sequence[Passage]) -> Sendable:
    """The draft's own text, else the best passage's words."""
    own = own_text(question, draft, passages)
    if not own.held:
        return own
    quote = own_text(question, Draft(extract(question, passages), "extractive"), passages)
    if quote.held:
        return own
    signals = (*generation_signals(draft), *support_signals(quote.checked))
    return Sendable(quote.checked, signals, own.held, quoted=True)
