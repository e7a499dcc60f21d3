"""A ticket's text → the questions in it, each with the words that lead to it.

"How long do refunds take and do you ship to Sweden?" holds two. Sentences with a question mark are questions, and so
are the halves of an English one that "and" joins when each could stand alone. Knows nothing of meaning: whether they
ask for different things is told by what is found for them (support_agent/parts.py).
"""

from __future__ import annotations

import re
from itertools import pairwise

from support_agent.records import Signal
from support_agent.sentences import split_sentences
from support_agent.wording import content_words

# A ticket with more is a questionnaire, and a person reads it.
_MOST = 6
_VERB = r"(?:can|could|do|does|did|is|are|was|were|will|would|should|may|must|has|have|am)"
_WHO = (
    r"(?:i|we|you|it|they|he|she|there|this|that|these|those|the|a|an|my|our|your|any|all|some|anyone|someone|somebody|"
    r"anybody|(?-i:[A-Z])[\w-]*|\w+s)"
)
# "where is", "how long do", "can I", "what's", "how to"; not "when I am" nor "what we need".
_ASKS = (
    rf"(?:(?:how|what|where|when|why|who|which|whose)\s+(?:[\w-]+\s+){{0,3}}{_VERB}\b|(?:how|what|where|who)['’]?s\b|"
    rf"how\s+to\b|{_VERB}\s+{_WHO}\b)"
)
# "I also want to know how to pair it", "please tell me where you are".
_INDIRECT = (
    r"(?:(?:i|we)(?:['’]d|\s+would)?\s+(?:also\s+)?(?:want|like|need|wish|love)\s+to\s+know|(?:i|we)\s+(?:also\s+)?wonder|"
    r"(?:i|we)\s+(?:am|are|was|were)\s+(?:also\s+)?wondering|tell\s+(?:me|us)|let\s+(?:me|us)\s+know|explain)\s+(?:also\s+)?"
    r"(?:how|what|where|when|why|who|which|whether|if)\b"
)
_ASKING = re.compile(
    rf"\A\W*(?:(?:and|also|but|so|then|plus|ps|p\.s\.|hi|hello|hey|please)\b\W*)*(?:{_ASKS}|{_INDIRECT})", re.IGNORECASE
)
_JOINED = re.compile(
    rf"(?:\s*[,;]?\s+(?:and(?:\s+also)?|also|plus|as well as)\s+|;\s+)(?:(?:please|then|tell me)\s+)*(?={_ASKS})"
    rf"|(?:\s*[,;]?\s+(?:and|also)|\s*[,;])\s+(?:(?:and|also|please)\s+)*(?={_INDIRECT})",
    re.IGNORECASE,
)
_MARK = re.compile(r"[?？؟][\s\"'”’)\]!?.]*\Z")
_AND = re.compile(r"(?:[,;]?\s(?:and|also|plus|as well as|please|then)){1,4}\Z", re.IGNORECASE)
_LIST_MARK = re.compile(r"\A\s*(?:\(?\d{1,2}[.):]|[-*•–]|[a-f]\))\s+")
# "Is there a way to do it?" asks for what stands before; "is it possible to …" does not.
_POINTS_BACK = re.compile(
    r"\b(?:it(?!\s+(?:possible|ok|okay|true|normal|safe|necessary|worth|legal|allowed))|its|this|that|these|those|they|"
    r"them|their|one|ones|so|such|same|else|instead|above|otherwise)\b",
    re.IGNORECASE,
)
# A question of so many words of content says itself what it points at.
_SAYS_ALL = 4
# "Hospitals? Banks? Shops?" are one question.
_FRAGMENT = 2
# What is left of "Can you help me?", "Any ideas?", "What am I doing wrong?", by the stem.
_SAYS_NOTHING = frozenset(
    content_words(
        "help idea thought suggestion advice wrong know tell explain way possible work happen problem issue thanks "
        "assist support reason mean question anyone anybody someone miss option right correct try anything "
        "something detail trick workaround solution fix chance"
    )
)


def many_questions_signal(text: str) -> Signal:
    """How many different questions stand in the text; fires where one reply would pass some over in silence."""
    count = len(set(_questions(text)))
    return Signal("many_questions", float(count), float(_MOST), count > _MOST)


def questions_in(text: str) -> tuple[str, ...]:
    """Two questions or more, in order; empty where the text holds one or none, or a questionnaire."""
    found = _questions(text)
    return found if 2 <= len(found) <= _MOST else ()


def _questions(text: str) -> tuple[str, ...]:
    """Every question, in order.

    Statements go with the question after them, the last ones with the question before. A question that points back
    ("can I return it?") or asks for nothing of its own ("any ideas?") stays with the one before.
    """
    clauses, asking = _clauses(text)
    items = [bool(_LIST_MARK.match(clause)) for clause in clauses]
    # Of a list with one question in it each item is one, and of a list where nothing else asks.
    listed = sum(items) > 1 and (not any(asking) or any(map(all, zip(asking, items, strict=True))))
    parts: list[str] = []
    lead = ""
    for clause, asks, item in zip(clauses, asking, items, strict=True):
        lead += clause
        if not (asks or (listed and item)):
            continue
        if _stands_alone(clause if parts else lead):
            parts.append(lead)
            lead = ""
        elif parts:
            parts[-1] += lead
            lead = ""
    if parts:
        parts[-1] += lead
    return tuple(_LIST_MARK.sub("", _AND.sub("", part.strip(" \t\n,;"))) for part in parts)


def _clauses(text: str) -> tuple[list[str], list[bool]]:
    """The sentences and lines, with the halves of those that join two questions; and which of them ask."""
    clauses, asking = [], []
    for sentence in split_sentences(text):
        for line in sentence.splitlines(keepends=True):
            asks = _is_question(line)
            halves = _halves(line) if asks else [line]
            clauses += halves
            asking += [asks] * len(halves)
    return clauses, asking


def _halves(question: str) -> list[str]:
    cuts = [match.end() for match in _JOINED.finditer(question)]
    return [question[start:end] for start, end in pairwise([0, *cuts, len(question)])]


def _is_question(clause: str) -> bool:
    return bool(_MARK.search(clause.strip()) or _ASKING.match(_LIST_MARK.sub("", clause)))


def _stands_alone(clause: str) -> bool:
    """Whether it names what it asks for; the statements before the first question may do it."""
    own = [word for word in content_words(clause) if word not in _SAYS_NOTHING]
    if len(own) >= _SAYS_ALL or len(split_sentences(clause.strip())) > 1:
        return True
    fragment = len(own) < _FRAGMENT and not _ASKING.search(clause)
    return bool(own) and not fragment and not _POINTS_BACK.search(clause)
