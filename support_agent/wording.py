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
    "millions billion billions dozen dozens half twice thrice zero".split()
)
_ONE_OF = re.compile(
    r"\bone(?=\s+(?:cents?|dollars?|euros?|pounds?|seconds?|minutes?|hours?|days?|weeks?|months?|years?)\b)"
)
_JOINED_NUMBER = re.compile(
    r"(?:twen|thir|for|fif|six|seven|eigh|nine)ty(?:one|two|three|four|five|six|seven|eight|nine)"
)
_MONEY_WORDS = frozenset(
    "dollar dollars cent cents euro euros pound pounds yen yuan rupee rupees franc francs usd eur gbp percent".split()
)
_HEX_WORD = re.compile(r"[a-f]{8,}")
# What follows is a name that a customer would run, however plain it looks: "pip install laminy".
_INSTALLED = re.compile(
    r"\b(?:pip3?|pipx|uv|npm|npx|yarn|conda|brew|apt|apt-get|cargo|gem|docker)\s+(?:-m\s+)?(?:install|add|get|pull|run|i)\s+(\S+)",
    re.IGNORECASE,
)
_DOMAIN_END = (
    r"(?:com|org|net|io|ai|co|app|dev|info|biz|xyz|site|online|top|me|ly|gg|example|php|html?|[a-z]{2}(?=\W*$))\b"
)
# Spoken and broken-up addresses, and what they stand for: "help (at) evil [dot] com", "evil . com", "app .evil .com".
_SPOKEN = (
    (re.compile(r"(?<!\s)\s*+[\[({<]\s*(?:dot|punkt|punto|point)\s*[\])}>]\s*", re.IGNORECASE), "."),
    (re.compile(r"(?<!\s)\s*+[\[({<]\s*(?:at|ät)\s*[\])}>]\s*", re.IGNORECASE), "@"),
    (re.compile(r"(?<!\s)\s++at\s++(?=[\w-]++(?:\s+dot\s+[\w-]++)+)", re.IGNORECASE), "@"),
    (re.compile(rf"(?<!\s)\s++dot\s++(?=(?:[\w-]++\s+dot\s+){{0,3}}{_DOMAIN_END})", re.IGNORECASE), "."),
    (re.compile(rf"(?<=\w)\s++\.\s++(?={_DOMAIN_END})|(?<=\w)\s++\.(?=[^\W\d_])", re.IGNORECASE), "."),
    (re.compile(r"(?<=[A-Za-z0-9])[\u3002\uff61](?=[A-Za-z0-9])"), "."),
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
    """What must not be invented: links, addresses, numbers, amounts and identifiers, each in one normal form.

    A token is a fact when it holds a digit, a sign that plain words do not ("@", "/", "$", "_", …), a dot or a capital
    inside, or stands in code; so do number words, currencies, hyphenated names ("Llama-2", "LLM-E"), the targets of
    Markdown links, and what is said to be installed. Facts are compared whole: "https://a.example.evil/x" is another
    than "https://a.example", "$99k" another than "$99".
    """
    text = _LIST_MARKER.sub("", _normal(text))
    found = {_bare(token) for span in _CODE.findall(text) for token in _split(span)}
    prose = _CODE.sub(" ", text)
    found |= {_bare(token) for token in _link_targets(prose)} | {_bare(token) for token in _installed(prose)}
    for token in _split(prose):
        if _is_fact(token):
            found.add(_bare(token))
        found |= _number_words(_bare(token))
    if _ONE_OF.search(prose.casefold()):
        found.add("one")
    return frozenset(found - {""})


def known_facts(text: str) -> frozenset[str]:
    """What a sentence may repeat of a trusted text: its tokens as they are written, and the names inside them."""
    tokens = [_bare(token) for token in _split(_normal(text))]
    pieces = (piece.strip(".") for token in tokens for piece in re.split(r"[^\w.-]++", token))
    return frozenset(tokens) | frozenset(pieces) | _number_words("-".join(tokens))


def names(text: str) -> frozenset[str]:
    """Stems of the words written with a capital, the first word of the text aside."""
    written = _WORD.findall(_normal(text))
    return frozenset(stem for word in written[1:] if word[0].isupper() for stem in content_words(word))


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
    """NFKC, without characters that draw nothing, addresses put together: what a reader would make of it."""
    text = unicodedata.normalize("NFKC", text)
    text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cf", "Cc", "Co"))
    for spoken, written in _SPOKEN:
        text = spoken.sub(written, text)
    return text


def _split(text: str) -> list[str]:
    """Tokens between white space, the label of a Markdown link apart from its target."""
    return text.replace("](", "] (").split()


def _link_targets(text: str) -> list[str]:
    return [part.split(maxsplit=1)[0] for part in text.split("](")[1:] if part[:1].strip()]


def _installed(text: str) -> list[str]:
    return [_split(name)[0] for name in _INSTALLED.findall(text)]


def _number_words(bare: str) -> frozenset[str]:
    words = bare.split("-")
    return _NUMBER_WORDS.union(_MONEY_WORDS).intersection(words) | {w for w in words if _JOINED_NUMBER.fullmatch(w)}


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
    return bool(_SPECIAL.intersection(bare) or _NAME_LIKE.search(bare) or _HEX_WORD.fullmatch(bare))


def in_one_line(text: str) -> str:
    """The text with single spaces: whether two say the same hangs on words, not on white space."""
    return " ".join(text.split())


def counted(count: int, noun: str) -> str:
    """Such as "1 row" or "1,200 rows"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def were(count: int) -> str:
    """Such as "1 was" or "1,200 were"."""
    return f"{count:,} {'was' if count == 1 else 'were'}"
