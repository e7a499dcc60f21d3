"""Draft → sentences, each with the passage that carries it or the reason why none does.

Knows nothing of routes. Words, facts, names, what is denied and what is limited; other meaning is not seen: how often
that is not enough, the calibration measures.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, takewhile

from support_agent.gate.conditions import drops_limit, widens
from support_agent.gate.moved import joins_denied, moves_number
from support_agent.gate.polarity import denies, first_word, is_opposite, is_unanswered
from support_agent.generation.endings import clean_draft
from support_agent.records import Citation, Draft, Passage, Reason
from support_agent.sentences import split_sentences
from support_agent.triage.readable import clean
from support_agent.wording import content_words, facts, known_facts, names

_QUOTE_CHARS = 300
# Below this share of shared content words a passage does not carry a sentence.
MIN_SUPPORT = 0.65
# Two are common in a faithful paraphrase ("a wide range of"); three are a clause of their own.
_STRANGE_RUN = 3
# A heading, an entry of a table of contents, its page, a line without a word.
_FURNITURE = re.compile(
    r"\s*(?:#{1,6}\s[^\n]*|(?:[-*•–]|\d[\d.]*)?\s*\[[^\]\n]*\]\(#[^)\n]*\)|[\W_]*+\d{0,4}+[\W_]*+)\s*"
)
_TO_A_PAGE = re.compile(r"(?<!\.)(?<!\. )(?:\. ?){4,}+\s*+\d*+\s*+\Z")
_NUMBER = re.compile(r"[\W_]*\d+[\W_]*")
_SHORT_REPLIES = frozenset("yes no of course sure certainly absolutely it can does is you do".split())


@dataclass(frozen=True)
class CheckedSentence:
    """A sentence of the draft as it stands there, white space included.

    ``citation`` names the passage that carries most of it; its score is the share (0–1) of the sentence's content
    words which that passage holds. ``invented`` are the facts no passage holds. ``fits`` is the verdict, and
    ``against`` why it does not fit though its words are there.
    """

    text: str
    citation: Citation | None
    invented: frozenset[str]
    fits: bool
    against: Reason | None = None

    @property
    def is_furniture(self) -> bool:
        """Whether it is a heading or the like: carried by nothing, and no reason to stop."""
        return self.citation is None and _is_furniture(self.text)


@dataclass(frozen=True)
class _PassageWords:
    passage: Passage
    words: frozenset[str]
    facts: frozenset[str]
    sentences: tuple[tuple[str, frozenset[str]], ...]


class SupportChecker:
    """Holds sentences against one ticket's passages, whose words are taken apart once."""

    def __init__(self, passages: Sequence[Passage], question: str = "") -> None:
        """Take the passages apart.

        Args:
            question: what was asked; a word of it that the cited passage lacks is a claim of its own.
        """
        self._passages = [_take_apart(passage) for passage in passages]
        self._asked = frozenset(content_words(question))

    def check(self, sentence: str) -> CheckedSentence:
        """Which passage carries this sentence?

        It does not fit, however many words it shares with that passage, when it states a fact or a name that the
        passage does not hold, when it says of a word of the question what the passage says of another ("video" for
        "image"), when three content words in a row are strange to the passage, when it denies something and the passage
        nothing, or when it says the opposite, or more than the passage does. A sentence without content words carries
        nothing: only "Yes." and its like fit.
        """
        in_order = content_words(sentence)
        words = frozenset(in_order)
        if _is_furniture(sentence):
            return CheckedSentence(sentence, None, facts(sentence), fits=False)
        if not words or not self._passages:
            invented = facts(sentence)
            against = self._answered_otherwise(sentence)
            fits = not invented and not against and _is_short_reply(sentence)
            return CheckedSentence(sentence, None, invented, fits, against)
        best = max(self._passages, key=lambda candidate: len(words & candidate.words))
        score = len(words & best.words) / len(words)
        citation = Citation(best.passage.passage_id, round(score, 4), _quote(best, words))
        invented = facts(sentence) - best.facts
        strange = (names(sentence) | words & self._asked) - best.words
        against = _against(sentence, best)
        run = _longest_strange_run(in_order, best.words)
        denied = denies(sentence) and not denies(best.passage.text)
        told = _is_told(sentence, words, best) and not denied
        fits = score >= MIN_SUPPORT and run < _STRANGE_RUN and told and not (invented or strange or against)
        return CheckedSentence(sentence, citation, invented, fits, against)

    def _answered_otherwise(self, sentence: str) -> Reason | None:
        """Why a bare "Yes." does not fit: the best passage answers "No"."""
        said = first_word(sentence)
        known = first_word(self._passages[0].passage.text) if self._passages else ""
        return Reason.OPPOSITE if said and known and said != known else None

    def check_all(self, text: str) -> list[CheckedSentence]:
        """Every sentence of a text, in order; their texts joined are the text."""
        return [self.check(sentence) for sentence in split_sentences(text)]


def carried_start(checked: Sequence[CheckedSentence]) -> list[CheckedSentence]:
    """The sentences up to the first that does not fit; one that announces what was dropped (":") goes with it.

    What comes after a dropped sentence often leans on it ("This allows …"), so nothing after it is kept. Headings and
    the like are passed over.
    """
    kept = list(takewhile(lambda sentence: sentence.fits, (one for one in checked if not one.is_furniture)))
    while kept and kept[-1].text.rstrip().endswith(":"):
        kept.pop()
    return kept


@dataclass(frozen=True)
class CheckedDraft:
    """Every sentence of a cleaned draft, and those of its start that may be sent."""

    every: tuple[CheckedSentence, ...]
    kept: tuple[CheckedSentence, ...]

    @property
    def sent(self) -> str:
        """What may be sent."""
        return "".join(sentence.text for sentence in self.kept).strip()

    @property
    def dropped(self) -> int:
        """How many sentences may not; headings and the like are none."""
        every, kept = (sum(not one.is_furniture for one in some) for some in (self.every, self.kept))
        return every - kept

    @property
    def support(self) -> tuple[float, ...]:
        """Of each sentence that may be sent and cites a passage, the share of its content words found there."""
        return tuple(sentence.citation.score for sentence in self.kept if sentence.citation)


def check_draft(question: str, draft: Draft, passages: Sequence[Passage]) -> CheckedDraft:
    """Clean a draft and hold each of its sentences against the passages."""
    cleaned = clean(clean_draft(draft.text, draft.finish))
    every = [sentence for sentence in SupportChecker(passages, question).check_all(cleaned) if sentence.text.strip()]
    return CheckedDraft(tuple(every), tuple(carried_start(every)))


def is_quote(text: str, passage: Passage) -> bool:
    """Whether a text is whole sentences of the passage, one after the other; white space does not count."""
    ends = list(accumulate(len(_squeezed(sentence)) for sentence in split_sentences(passage.text)))
    borders, whole, words = {0, *ends}, _squeezed(passage.text), _squeezed(text)
    places = (found.start() for found in re.finditer(f"(?={re.escape(words)})", whole))
    return bool(words) and any(place in borders and place + len(words) in borders for place in places)


def _squeezed(text: str) -> str:
    """The text without any white space."""
    return "".join(text.split())


def check_quote(text: str, passage: Passage) -> CheckedDraft:
    """A passage's own words, as they stand: each sentence carries itself, code and steps included."""
    sentences: list[str] = []
    for piece in split_sentences(clean(text)):
        if piece.strip() or not sentences:
            sentences.append(piece)
        else:
            sentences[-1] += piece
    whole = [one for one in sentences if one.strip()]
    every = tuple(CheckedSentence(one, _own(one, passage, alone=len(whole) == 1), frozenset(), True) for one in whole)
    return CheckedDraft(every, every)


def _own(sentence: str, passage: Passage, *, alone: bool) -> Citation | None:
    """A sentence's citation of itself; a heading or the like cites nothing, though it is quoted with the rest.

    A number that stands ``alone`` is no page but the answer.
    """
    number = alone and _NUMBER.fullmatch(sentence)
    if _is_furniture(sentence) and not number:
        return None
    return Citation(passage.passage_id, 1.0, sentence.strip()[:_QUOTE_CHARS])


def _is_furniture(sentence: str) -> bool:
    return bool(_FURNITURE.fullmatch(sentence) or _TO_A_PAGE.search(sentence))


def citations_of(kept: Sequence[CheckedSentence]) -> tuple[Citation, ...]:
    """One citation for each passage and quote, in the order of the sentences, with the best score it had."""
    best: dict[tuple[str, str], Citation] = {}
    for sentence in kept:
        citation = sentence.citation
        if citation and citation.score > best.get(_key(citation), Citation("", -1.0, "")).score:
            best[_key(citation)] = citation
    return tuple(best.values())


def _key(citation: Citation) -> tuple[str, str]:
    return citation.passage_id, citation.quote


def _against(sentence: str, known: _PassageWords) -> Reason | None:
    title, text = known.passage.title, known.passage.text
    if is_opposite(sentence, title, text) or joins_denied(sentence, text):
        return Reason.OPPOSITE
    if moves_number(sentence, text):
        return Reason.UNSUPPORTED
    more = drops_limit(sentence, known.sentences) or widens(sentence, f"{title}\n{text}")
    return Reason.LIMIT_DROPPED if more else None


def _is_told(sentence: str, words: frozenset[str], known: _PassageWords) -> bool:
    """Whether it states something, and not only what a title asks and the text leaves open."""
    title, text = known.passage.title, known.passage.text
    if sentence.rstrip().endswith("?"):
        return sentence.strip() in text
    told = {word for _, held in known.sentences for word in held}
    return not is_unanswered(title, text) or 2 * len(words & told) > len(words)


def _take_apart(passage: Passage) -> _PassageWords:
    whole = f"{passage.title}\n{passage.text}"
    sentences = tuple((s.strip(), frozenset(content_words(s))) for s in split_sentences(passage.text) if s.strip())
    return _PassageWords(passage, frozenset(content_words(whole)), known_facts(whole), sentences)


def _longest_strange_run(in_order: Sequence[str], known: frozenset[str]) -> int:
    """How many content words in a row stand in no passage."""
    return max(
        (len(list(run)) for strange, run in groupby(in_order, lambda word: word not in known) if strange), default=0
    )


def _is_short_reply(sentence: str) -> bool:
    """Whether it says "Yes.", "No." or the like: nothing but a few harmless words, and at least one of them."""
    written = re.findall(r"\w+", sentence.casefold())
    return bool(written) and len(written) <= 4 and _SHORT_REPLIES.issuperset(written) and sentence.isascii()


def _quote(passage: _PassageWords, words: frozenset[str]) -> str:
    """The passage's own sentence that shares most words with the draft's, verbatim."""
    if not passage.sentences:
        return passage.passage.text[:_QUOTE_CHARS]
    return max(passage.sentences, key=lambda sentence: len(words & sentence[1]))[0][:_QUOTE_CHARS]
