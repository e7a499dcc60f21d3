"""A draft while it is written → whether anything of it can still be sent."""

from __future__ import annotations

from collections.abc import Sequence

from support_agent.gate.support import SupportChecker, carried_start, is_quote
from support_agent.generation.endings import clean_draft
from support_agent.records import Passage
from support_agent.sentences import split_sentences
from support_agent.triage.readable import clean


class LostDraft:
    """Called with the text so far; true once a sentence is not carried and none before it cites a passage.

    What comes after such a sentence is never sent, so that the whole draft would be held back as unsupported.
    """

    def __init__(self, question: str, passages: Sequence[Passage]) -> None:
        self._checker = SupportChecker(passages, question)
        self._passages = passages
        self._complete = 0

    def __call__(self, text: str) -> bool:
        """Whether it is lost; a sentence is judged once the next one has begun."""
        sentences = split_sentences(text)[:-1]
        if len(sentences) <= self._complete:
            return False
        self._complete = len(sentences)
        written = "".join(sentences)
        checked = self._checker.check_all(clean(clean_draft(written)))
        if all(sentence.fits for sentence in checked) or (self._passages and is_quote(written, self._passages[0])):
            return False
        return not any(sentence.citation for sentence in carried_start(checked))
