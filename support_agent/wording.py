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
_URL = re.compile(r"\b(?:https?|ftp)://[^\s<>\"'`)\]}|\\^]+", re.IGNORECASE)
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:[.,:/]\d+)*%?(?![\w])|(?<![\w.])\d[\d.,]*(?=[A-Za-z]{1,2}\b)")
_NEGATION = re.compile(r"\b(?:not|no|never|none|nor|cannot|unable|without|\w+n['’]t)\b", re.IGNORECASE)
_LIST_MARKER = re.compile(r"(?m)^\s*(?:\d+[.)]|[-*•])\s+")
_CODE_SPAN = re.compile(r"`+([^`\n]+)`+")
_IDENTIFIER = re.compile(
    r"(?<![\w@./-])(?:"
    r"--?[a-z][\w-]*"  # --flag
    r"|[\w-]+(?:\.[\w-]+)+(?:/[\w./-]*)?(?:\(\))?"  # dotted.name, host.tld/path, file.py
    r"|~?(?:/[\w.-]+){2,}/?"  # /a/path
    r"|\w+_\w+(?:\(\))?"  # snake_case
    r"|\w+\(\)"  # call()
    r"|[A-Za-z]+[a-z0-9]+[A-Z]\w*"  # camelCase, LlamaV2Runner
    r"|[A-Z][A-Za-z0-9]*(?:-[A-Z0-9][A-Za-z0-9]*)+"  # Llama-2-7B, LLM-E
    r"|[A-Z]+[A-Z0-9]*\d[\w-]*"  # GPT4
    r")(?![\w@])"
)


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
    """Links, addresses, numbers and code identifiers of a text, each in one normal form.

    "Visit https://a.example/x." and "`https://a.example/x`" hold the same fact; "https://a.example.evil/x" holds
    another, for a fact is compared whole and never by what it starts with.
    """
    text = _LIST_MARKER.sub("", unicodedata.normalize("NFKC", text))
    found: set[str] = set()
    for pattern in (_URL, _EMAIL):
        found |= {match.rstrip(".,;:!?'’*_").rstrip("/").casefold() for match in pattern.findall(text)}
        text = pattern.sub(" ", text)
    for span in _CODE_SPAN.findall(text):
        found |= {token.strip(".,;:()") for token in span.split()} - {""}
    text = _CODE_SPAN.sub(" ", text)
    found |= {
        match.removesuffix("()").rstrip("./") for match in _IDENTIFIER.findall(text) if not _is_abbreviation(match)
    }
    text = _IDENTIFIER.sub(lambda match: match[0] if _is_abbreviation(match[0]) else " ", text)
    found |= {match.strip("+.,:/").replace(",", "") for match in _NUMBER.findall(text)}
    return frozenset(found)


def known_facts(text: str) -> frozenset[str]:
    """What a sentence may repeat of a trusted text: its facts, and each of its words as it is written."""
    words = (word.strip(".,:;!?()[]{}<>\"'’`*") for word in unicodedata.normalize("NFKC", text).split())
    return facts(text) | frozenset(words)


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


def _is_abbreviation(token: str) -> bool:
    """ "e.g", "i.e", "U.S" are words, not identifiers."""
    return bool(re.fullmatch(r"(?:[A-Za-z]\.)+[A-Za-z]?|(?:etc|vs|approx|incl)\.?", token))
