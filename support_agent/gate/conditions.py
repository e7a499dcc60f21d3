"""Does a sentence say more than the passage that carries it? Only words decide, of ``tables/meaning.toml`` and others.

It does where it repeats a sentence of the passage without its limit ("only", "unless", "up to", "beta"), and where it
speaks of all, in the superlative or in another unit and the passage does not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from support_agent.gate.polarity import clauses, word_list
from support_agent.sentences import split_sentences
from support_agent.wording import content_words

# A sentence is said after one that holds this share of its content words.
_SAID_AFTER = 0.6
_LIMITS = ("only", "unless", "stage")
_NUMBER = r"(?<![\w.])[$€£]?\d[\d.,]*(?:\s?%)?"
_BEFORE_NUMBER = 24
_UNITS = (
    r"bytes?|[kmgt]i?b|[kmgt]bit/?s?|bits?|ms|milliseconds?|s|secs?|seconds?|mins?|minutes?|h|hrs?|hours?|days?|weeks?|"
    r"months?|years?|mm|cm|m|km|miles?|inch(?:es)?|feet|ft|g|mg|kg|lbs?|pounds?|ml|l|lit(?:er|re)s?|w|kw|kwh|v|volts?|"
    r"mah|hz|khz|mhz|ghz|dollars?|usd|euros?|eur|gbp|cents?|percent|°c|°f|degrees?|tage?n?|wochen?|monate?n?|jahre?n?|"
    r"stunden?|minuten?|sekunden?|d[ií]as?|semanas?|mes(?:es)?|años?|horas?|minutos?|segundos?|jours?|semaines?|mois|"
    r"ans?|heures?|secondes?"
)
_MEASURED = re.compile(
    rf"(?<![\w.])(\d[\d.,]*)[\s-]?(?:(?:business|working|calendar|full)\s)?({_UNITS})\b", re.IGNORECASE
)
_PRICED = re.compile(r"[$€£]\s?(\d[\d.,]*)\s*(?:per|an?|/)\s*(\w+)", re.IGNORECASE)
# "It cannot be undone after 14 days": without the days more is denied.
_UNTIL = re.compile(
    r"\b(?:after|before|until|within|under|over|above|below|nach|vor|unter|über|después de|antes de|menos de|más de)\s+"
    r"(\d[\d.,]*)",
    re.IGNORECASE,
)
_SUPERLATIVE = re.compile(r"\b(?:the )?(?:most|least)\s+(?!\d)\w+|\b(?:best|worst|\w{3,}est)\b", re.IGNORECASE)
_NO_SUPERLATIVE = frozenset(
    "latest interest request forest arrest guest quest conquest inquest contest suggest invest divest protest harvest "
    "honest modest digest ingest manifest chest crest attest detest infest behest tempest bequest priest midwest "
    "northwest southwest budapest everest ernest pytest doctest unittest backtest retest "
    "vitest pretest loadtest speedtest bucharest pinterest reinvest unrest earnest dishonest".split()
)

# "You can return it if it is unopened"; not "if you like".
_GRANTED_IF = re.compile(
    r"\b(?:can|may|get|entitled|eligible|allowed|free|valid|covered|available|accepted)\b.*?"
    r"\b(?:if|provided(?: that)?|as long as|on condition that)\b(?P<condition>(?!\s+(?:you|we)(?:['’]d)?\s+"
    r"(?:want|like|need|prefer|wish|would)|\s+(?:needed|necessary|desired|required|possible|so|not|any)\b).+)",
    re.IGNORECASE | re.DOTALL,
)
_RANGE = re.compile(r"(?<![\w.])(\d[\d.,]*)\s*(?:to|[-–]|bis|a|à)\s*(\d[\d.,]*)(?![\w-])", re.IGNORECASE)
# What one says in the place of another turns a sentence round.
_OPPOSED = tuple(
    tuple(re.compile(rf"\b(?:{words})\b", re.IGNORECASE) for words in group)
    for group in (
        ("over", "under"),
        ("above", "below"),
        ("before", "after"),
        ("larger|bigger|greater|higher|longer|more than", "smaller|lower|shorter|fewer than|less than"),
        ("hourly", "daily", "weekly", "monthly", "yearly|annually"),
        ("minimum|at least", "maximum|at most|up to"),
        ("fails?|failed", "works?|worked|succeeds?"),
        ("enables?|enabled", "disables?|disabled"),
        ("all|every", "some|most|few"),
    )
)


def drops_limit(sentence: str, known: Sequence[tuple[str, frozenset[str]]]) -> bool:
    """Whether the passage's sentence that this one says again has a limit which this one leaves out.

    Args:
        known: the passage's sentences with their content words.
    """
    again = _said_after(sentence, known)
    rules = (_drops_bound, _denies_more, _drops_condition, _drops_end, _turns_round)
    limited = any(_drops(word_list(name), sentence, again) for name in _LIMITS)
    return limited or any(rule(sentence, again) for rule in rules)


def widens(sentence: str, passage: str) -> bool:
    """Whether it speaks of all, or in the superlative, or counts in a unit, as the passage does not."""
    every = word_list("every")
    return (
        bool(every.search(sentence) and not every.search(passage))
        or bool(_superlatives(sentence) - _superlatives(passage))
        or _other_unit(sentence, passage)
    )


def _drops(limit: re.Pattern[str], sentence: str, known: str) -> bool:
    """Whether the limit is missing in the sentence, or is another one there: "only if you have a spare bulb"."""
    ours, theirs = limit.search(sentence), limit.search(known)
    if not (ours and theirs):
        return theirs is not None
    return not set(content_words(sentence[ours.end() :])) <= set(content_words(known))


def _said_after(sentence: str, known: Sequence[tuple[str, frozenset[str]]]) -> str:
    """The passage's sentence that holds most words of it; "" where none holds enough."""
    words = frozenset(content_words(sentence))
    best, held = max(known, key=lambda one: len(words & one[1]), default=("", frozenset()))
    return best if words and len(words & held) >= _SAID_AFTER * len(words) else ""


def _drops_bound(sentence: str, known: str) -> bool:
    """Whether a number that is a bound in one stands bare in the other."""
    bounds = word_list("most")
    for found in re.finditer(_NUMBER, known):
        if bounds.search(known[max(0, found.start() - _BEFORE_NUMBER) : found.start()]):
            number = re.escape(found.group().rstrip(".,"))
            if re.search(rf"(?<![\w.]){number}(?!\w)", sentence) and not bounds.search(sentence):
                return True
    return False


def _denies_more(sentence: str, known: str) -> bool:
    """Whether a denial leaves out from when on, or for whom, it holds."""
    numbers = [number.rstrip(".,") for number in _UNTIL.findall(known)]
    return any(clause.denied for clause in clauses(known)) and any(number not in sentence for number in numbers)


def _drops_condition(sentence: str, known: str) -> bool:
    """Whether what is granted under a condition is granted without it."""
    granted = _GRANTED_IF.search(known)
    words = frozenset(content_words(granted["condition"])) if granted else frozenset()
    return bool(words) and 2 * len(words & frozenset(content_words(sentence))) < len(words)


def _drops_end(sentence: str, known: str) -> bool:
    """Whether only one end of a range is told: "5 days" of "3 to 5 days"."""
    numbers = frozenset(number.rstrip(".,") for number in re.findall(r"\d[\d.,]*", sentence))
    ends = (frozenset(end.rstrip(".,") for end in found.groups()) for found in _RANGE.finditer(known))
    return any(len(two & numbers) == 1 < len(two) for two in ends)


def _turns_round(sentence: str, known: str) -> bool:
    """Whether it says "under" where the passage says "over", or the like."""
    for group in _OPPOSED:
        ours, theirs = ({at for at, one in enumerate(group) if one.search(text)} for text in (sentence, known))
        if ours and theirs and not ours & theirs:
            return True
    return False


def _superlatives(text: str) -> frozenset[str]:
    found = (match.group().casefold().removeprefix("the ") for match in _SUPERLATIVE.finditer(text))
    return frozenset(found) - _NO_SUPERLATIVE


def _other_unit(sentence: str, passage: str) -> bool:
    """Whether a number of the passage is given another unit than any it has there."""
    ours, theirs = _measures(sentence), _measures(passage)
    numbers = {number for number, _ in theirs}
    return any(one not in theirs and one[0] in numbers for one in ours)


def _measures(text: str) -> frozenset[tuple[str, str]]:
    found = (*_MEASURED.findall(text), *((number, f"per {_unit(unit)}") for number, unit in _PRICED.findall(text)))
    return frozenset((number.rstrip(".,"), _unit(unit)) for number, unit in found)


def _unit(unit: str) -> str:
    small = unit.casefold()
    short = {"sec": "second", "min": "minute", "hr": "hour", "h": "hour", "s": "second"}
    bare = small.rstrip("s") if len(small) > 2 else small
    return short.get(bare, bare)


def leaves_out_contrast(sent: str, passage: str) -> bool:
    """Whether what is sent says one side of a "However, …" of the passage and leaves out the other."""
    known = [one for one in split_sentences(passage) if content_words(one)]
    for before, after in pairwise(known):
        if word_list("contrast").match(after.lstrip()) and _says(sent, before) != _says(sent, after):
            return True
    return False


def _says(sent: str, sentence: str) -> bool:
    """Whether a sentence of what is sent says this one again, or a good half of its words stands there."""
    words = frozenset(content_words(sentence))
    ours = [frozenset(content_words(one)) for one in split_sentences(sent)]
    again = any(one and len(one & words) >= _SAID_AFTER * len(one) for one in ours)
    return again or len({word for one in ours for word in one} & words) >= _SAID_AFTER * len(words)
