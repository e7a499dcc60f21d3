"""Pieces of a draft → the sentences that may be sent already: the gate's second half while the draft is written."""

from __future__ import annotations

from collections.abc import Sequence

from support_agent.config import Config
from support_agent.gate.after import MAX_LOOP_SHARE
from support_agent.gate.support import SupportChecker, carried_start, citations_of
from support_agent.generation.endings import clean_draft, loop_share
from support_agent.records import Citation, Passage
from support_agent.sentences import split_sentences


class SentenceGate:
    """Lets a sentence through once the next one has begun and a passage carries it.

    ``sent`` is all that was let through, ``citations`` what carries it. It only grows: where cleaning would change what
    is already sent, nothing more comes.
    """

    def __init__(self, passages: Sequence[Passage], config: Config) -> None:
        self._checker = SupportChecker(passages, config.min_support)
        self._written = ""
        self.sent = ""
        self.citations: tuple[Citation, ...] = ()

    def push(self, piece: str) -> str:
        """Take a piece of draft; return what may be sent now, often nothing."""
        self._written += piece
        complete = "".join(split_sentences(self._written)[:-1])
        if not complete or loop_share(self._written) > MAX_LOOP_SHARE:
            return ""
        kept = carried_start(self._checker.check_all(clean_draft(complete, "stop")))
        text = "".join(sentence.text for sentence in kept).strip()
        if not text.startswith(self.sent):
            return ""
        added = text[len(self.sent) :]
        self.sent, self.citations = text, citations_of(kept)
        return added
