"""Text → the words that carry its content, and the facts that must not be invented.

Used by every check that compares one text with another. Knows no model.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

_STOP_WORDS = frozenset(
    "a about above after again all also am an and any are as at be because been before being below between both but by "
    "can could did do does doing down during each few for from further had has have having he her here hers him his "
    "how i if in into is it its itself just let may me might more most must my no nor not now of off on once only or "
    "other our ours out over own same shall she should so some such than that the their theirs them then there these "
    "they this those through to too under until up upon us very was we were what when where which while who whom why "
    "will with would you your yours yes please".split()
)
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
# At most twenty: a larger number at the start of a line is a number and not the mark of a list item.
_LIST_MARKER = re.compile(r"^[ \t]*+(?:\d|1\d|20)[.)][ \t]", re.MULTILINE)
_CODE = re.compile(r"```[^`]*+(?:```|\Z)|`[^`\n]++`")
_PUNCTUATION = ".,;:!?\"'“”‘’«»…()[]{}*_~`"
_SPECIAL = frozenset("@#$€£¥/\\<>=_~^|{}[]():&`")
_INNER_DOT = re.compile(r"\w\.\w")
# camelCase, LLM-E, --flag
_NAME_LIKE = re.compile(r"[a-z][A-Z]|^[A-Z]\w*+-[A-Z]|^-+[A-Za-z]")
_WORDS_AND_SLASH = re.compile(r"[^\W\d_]+(?:/[^\W\d_]+)+")
_ABBREVIATIONS = frozenset("e.g i.e u.s u.k e.u a.m p.m".split())
_NUMBER_WORDS = frozenset(
    "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
    "nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred hundreds thousand thousands million "
    "millions billion billions dozen dozens half twice thrice".split()
)
_NEGATION = re.compile(r"\b(?:not|no|never|none|nor|cannot|unable|without|[a-z]++n['’]t)\b", re.IGNORECASE)


def content_words(text: str) -> list[str]:
    """Lower-case words without stop words, roughly stemmed, in order; for languages without spaces, characters."""
    words: list[str] = []
    for word in _WORD.findall(unicodedata.normalize("NFKC", text).casefold()):
        if word in _STOP_WORDS:
            continue
        if any("\u3040" <= c <= "\u9fff" for c in word):
            words.extend(word)
        else:
            words.append(_stem(word))
    return words


def facts(text: str) -> frozenset[str]:
    """What must not be invented: links, addresses, numbers, amounts and identifiers, each in one normal form.

    A token is a fact when it holds a digit, a sign that plain words do not ("@", "/", "$", "_", …), a dot or a capital
    inside, or stands in code; so do number words and hyphenated names ("Llama-2", "LLM-E"). Facts are compared whole:
    "https://a.example.evil/x" is another than "https://a.example", "$99k" another than "$99".
    """
    text = _LIST_MARKER.sub("", _normal(text))
    found = {_bare(token) for span in _CODE.findall(text) for token in span.split()}
    for token in _CODE.sub(" ", text).split():
        if _is_fact(token):
            found.add(_bare(token))
        found |= _NUMBER_WORDS.intersection(_bare(token).split("-"))
    return frozenset(found - {""})


def known_facts(text: str) -> frozenset[str]:
    """What a sentence may repeat of a trusted text: its tokens as they are written, and the names inside them."""
    tokens = [_bare(token) for token in _normal(text).split()]
    pieces = (piece.strip(".") for token in tokens for piece in re.split(r"[^\w.-]++", token))
    return frozenset(tokens) | frozenset(pieces) | _NUMBER_WORDS.intersection("-".join(tokens).split("-"))


def names(text: str) -> frozenset[str]:
    """Stems of the words written with a capital, the first word of the text aside."""
    written = _WORD.findall(_normal(text))
    return frozenset(stem for word in written[1:] if word[0].isupper() for stem in content_words(word))


def is_negated(text: str) -> bool:
    """Whether an English text denies something."""
    return bool(_NEGATION.search(text))


def token_f1(first: str, second: str) -> float:
    """F1 of the words that two texts share, counted with their repetitions (Rajpurkar et al. 2016), 0–1."""
    ours, theirs = (Counter(re.findall(r"\w+", text.lower())) for text in (first, second))
    shared = (ours & theirs).total()
    return 2 * shared / (ours.total() + theirs.total()) if shared else 0.0


def _stem(word: str) -> str:
    """Fold the commonest English endings together; crude on purpose: it only has to match a word with itself."""
    word = word.split("'")[0].split("’")[0]
    for ending in ("ations", "ation", "ings", "ing", "edly", "ed", "ers", "er", "ies", "es", "s", "ly", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


def _normal(text: str) -> str:
    """NFKC, without characters that draw nothing: what a reader would see."""
    text = unicodedata.normalize("NFKC", text)
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cf", "Cc", "Co"))


def _bare(token: str) -> str:
    """The form in which tokens are compared: no case, no punctuation around it, no possessive, no commas in numbers."""
    bare = token.strip(_PUNCTUATION).casefold()
    bare = re.sub(r"['’]s$", "", bare).rstrip("/")
    return re.sub(r"(?<=\d),(?=\d{3})", "", bare)


def _is_fact(token: str) -> bool:
    bare = token.strip(_PUNCTUATION)
    if any(character.isnumeric() for character in bare):
        return True
    if _INNER_DOT.search(bare):
        return bare.casefold() not in _ABBREVIATIONS
    if _WORDS_AND_SLASH.fullmatch(bare):
        return False  # "and/or"
    if token.rstrip(".,;:!?").endswith("()"):
        return True
    return bool(_SPECIAL.intersection(bare) or _NAME_LIKE.search(bare))
