"""Pieces of a draft → the sentences that may be sent already, while the draft is written."""

from __future__ import annotations

from collections.abc import Sequence

from support_agent.gate.generation_signals import MAX_LOOP_SHARE
from support_agent.gate.support import SupportChecker, carried_start, citations_of
from support_agent.generation.endings import clean_draft, loop_share
from support_agent.records import Citation, Passage
from support_agent.sentences import split_sentences
from support_agent.triage.readable import clean


class SentenceGate:
    """Lets a sentence through once the next one has begun and a passage carries it.

    ``sent`` is all that was let through, ``citations`` what carries it. It only grows: where cleaning would change what
    is already sent, nothing more comes.
    """

    def __init__(self, passages: Sequence[Passage], question: str = "") -> None:
        self._checker = SupportChecker(passages, question)
        self._written = ""
        self._complete = 0
        self._open = True
        self.sent = ""
        self.citations: tuple[Citation, ...] = ()

    def push(self, piece: str) -> str:
        """Take a piece of draft; return what may be sent now, often nothing."""
        self._written += piece
        sentences = split_sentences(self._written)[:-1] if self._open else []
        if len(sentences) <= self._complete:
            return ""
        self._complete = len(sentences)
        checked = self._checker.check_all(clean(clean_draft("".join(sentences), "stop")))
        kept = carried_start(checked)
        # Once a sentence was refused, or the text goes in circles, nothing that comes later is sent.
        self._open = all(sentence.fits for sentence in checked) and loop_share(self._written) <= MAX_LOOP_SHARE
        while kept and not kept[-1].citation:
            kept.pop()  # a "Yes." goes out with the sentence it belongs to
        text = "".join(sentence.text for sentence in kept).strip()
        if not text.startswith(self.sent) or loop_share(self._written) > MAX_LOOP_SHARE:
            return ""
        added = text[len(self.sent) :]
        self.sent, self.citations = text, citations_of(kept)
        return added
