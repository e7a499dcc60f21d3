"""Draft and passages → what of the draft may be sent, and how well it is carried. Costs no model."""

from __future__ import annotations

from support_agent.gate.conditions import leaves_out_contrast
from support_agent.gate.echoes import only_echoes
from support_agent.gate.entities import clashes
from support_agent.gate.given import Written
from support_agent.records import Reason, Signal
from support_agent.wording import content_words

# A draft of which less than this share of sentences is carried was not written from the passages at all.
_MIN_KEPT_SHARE = 0.5


def empty_draft(written: Written) -> Signal:
    """1 where nothing is left of the draft."""
    empty = not written.checked.every
    return Signal("empty_draft", float(empty), 0.5, empty)


def unsupported_share(written: Written) -> Signal:
    """Of its sentences, those that are not sent; all of them where no sentence that is left cites a passage.

    All of them too where the sentence that speaks most of the question is among those: what is left answers nothing.
    """
    checked = written.checked
    share = checked.dropped / len(checked.every) if checked.support else float(bool(checked.every))
    share = 1.0 if checked.dropped and _answer_is_lost(written) else share
    return Signal("unsupported_share", round(share, 4), _MIN_KEPT_SHARE, share > _MIN_KEPT_SHARE)


def _answer_is_lost(written: Written) -> bool:
    """Whether a dropped sentence holds words of the question, and more of them than all that is kept."""
    asked = frozenset(content_words(written.question))
    kept = asked & frozenset(content_words(written.checked.sent))
    dropped = written.checked.every[len(written.checked.kept) :]
    return any(len(asked & frozenset(content_words(one.text))) > len(kept) for one in dropped)


def opposites(written: Written) -> Signal:
    """How many of its sentences say the opposite of the passage that carries their words; one holds it back."""
    count = sum(sentence.against is Reason.OPPOSITE for sentence in written.checked.every)
    return Signal("opposites", float(count), 1.0, count >= 1)


def limits_dropped(written: Written) -> Signal:
    """1 where its first sentence leaves out a limit of its passage, or the whole of it the "However, …" behind it."""
    checked = written.checked
    first = not checked.kept and any(sentence.against is Reason.LIMIT_DROPPED for sentence in checked.every[:1])
    dropped = first or any(leaves_out_contrast(checked.sent, passage.text) for passage in written.cited)
    return Signal("limits_dropped", float(dropped), 0.5, dropped)


def other_entities(written: Written) -> Signal:
    """How many things the question names in whose place what would be sent has another."""
    title = "\n".join(passage.title for passage in written.cited)
    count = len(clashes(written.question, title, written.checked.sent))
    return Signal("other_entities", float(count), 1.0, count >= 1)


def echo(written: Written) -> Signal:
    """1 where what would be sent only says again what the customer wrote."""
    echoed = only_echoes(written.question, written.checked.sent)
    return Signal("echo", float(echoed), 0.5, echoed)


def mean_support(written: Written) -> Signal:
    """Share of a sent sentence's content words that its passage holds, in the mean; low = less sure."""
    scores = written.checked.support
    return Signal("mean_support", round(sum(scores) / len(scores), 4) if scores else 0.0, None, False)
