"""Cleaned text → ISO 639-1 code of its language, or "und" where the text is too short to say.

Says nothing of how fit a ticket is to be answered until it meets the languages that index and generator serve; then a
fired signal means "less fit". Costs about 0.1 ms. Uses py3langid (naive Bayes on byte n-grams, a model
stored as plain arrays).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import cache
from typing import TYPE_CHECKING

from support_agent.records import Signal

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

# The languages support tickets come in most; a smaller choice errs less on short texts.
_CANDIDATES = (
    "ar bg bn ca cs da de el en es et fa fi fr he hi hr hu id it ja ko lt lv ms nl no pl pt ro ru sk sl sr sv ta te th "
    "tr uk ur vi zh"
).split()
_MIN_PROBABILITY = 0.6
_MIN_LATIN_WORDS = 3
_LATIN_WORD = re.compile(r"[A-Za-z\u00c0-\u024f]+")
# Scripts that tell the language by themselves, or nearly: their letters, and their languages, the commonest first.
_SCRIPTS = {
    "kana": (re.compile(r"[\u3040-\u30ff]"), ("ja",)),
    "Han": (re.compile(r"[\u3400-\u9fff]"), ("zh", "ja")),
    "Hangul": (re.compile(r"[\uac00-\ud7af]"), ("ko",)),
    "Cyrillic": (re.compile(r"[\u0400-\u052f]"), ("ru", "uk", "bg", "sr")),
    "Arabic": (re.compile(r"[\u0600-\u06ff]"), ("ar", "fa", "ur")),
    "Devanagari": (re.compile(r"[\u0900-\u097f]"), ("hi",)),
    "Bengali": (re.compile(r"[\u0980-\u09ff]"), ("bn",)),
    "Tamil": (re.compile(r"[\u0b80-\u0bff]"), ("ta",)),
    "Telugu": (re.compile(r"[\u0c00-\u0c7f]"), ("te",)),
    "Thai": (re.compile(r"[\u0e00-\u0e7f]"), ("th",)),
    "Hebrew": (re.compile(r"[\u0590-\u05ff]"), ("he",)),
    "Greek": (re.compile(r"[\u0370-\u03ff]"), ("el",)),
}
# A character of these says about as much as a word of an alphabet does in two.
_DENSE = ("kana", "Han", "Hangul")
# Links, addresses and code are the same in every language.
_NO_LANGUAGE = re.compile(r"`[^`]*+`|(?<!\S)(?:https?://|\w++[._@])\S++")
# Words that are quoted are somebody else's: "What does 'Die Rechnung ist überfällig' mean?" is English.
_QUOTED = re.compile(
    r"(?<!\w)'[^'\n]{3,}'(?!\w)|\"[^\"\n]{3,}\"|“[^”\n]{3,}”|„[^“”\n]{3,}[“”]|«[^»\n]{3,}»|‘[^’\n]{3,}’(?!\w)|「[^」\n]{3,}」"
)
_READ_CHARS = 2000


def detect(text: str) -> tuple[str, float]:
    """Language code and its probability (0–1); ("und", p) below a probability of 0.6 or for a word or two.

    A text mostly in another script than the Latin one is never undetermined: of the languages written in it the
    likeliest is named, and below 0.6 the commonest. That it is not English is sure after one word.
    """
    words = _own_words(_NO_LANGUAGE.sub(" ", text[:_READ_CHARS]))
    script = _script(words)
    if script:
        return _of_script(words, _SCRIPTS[script][1])
    if len(_LATIN_WORD.findall(words)) < _MIN_LATIN_WORDS:
        return "und", 0.0
    code, probability = _identifier().classify(words)
    return (code, float(probability)) if probability >= _MIN_PROBABILITY else ("und", float(probability))


def _own_words(text: str) -> str:
    """The text without what it quotes, where enough is left to tell a language by."""
    own = _QUOTED.sub(" ", text)
    return own if len(_LATIN_WORD.findall(own)) >= _MIN_LATIN_WORDS or _script(own) else text


def _script(words: str) -> str | None:
    """The script that most of the text is written in, None for the Latin one and for no letters at all."""
    latin = sum(len(word) for word in _LATIN_WORD.findall(words))
    weights = {
        name: len(letters.findall(words)) * (3 if name in _DENSE else 1) for name, (letters, _) in _SCRIPTS.items()
    }
    if weights["kana"]:
        weights["kana"] += weights["Han"]
    name = max(weights, key=lambda script: weights[script])
    return name if weights[name] > latin else None


def _of_script(words: str, codes: Sequence[str]) -> tuple[str, float]:
    if len(codes) == 1:
        return codes[0], 1.0
    ranked = {code: float(probability) for code, probability in _identifier().rank(words) if code in codes}
    total = sum(ranked.values())
    best = max(ranked, key=lambda code: ranked[code])
    if total > 0 and ranked[best] / total >= _MIN_PROBABILITY:
        return best, ranked[best] / total
    return codes[0], _MIN_PROBABILITY


def language_signal(code: str, probability: float, served: Collection[str]) -> Signal:
    """Fires when the text is surely in a language that is not served; an undetermined one is let through."""
    return Signal("language_not_served", probability, _MIN_PROBABILITY, code != "und" and code not in served)


@cache
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages([code for code in _CANDIDATES if code in identifier.labels])
    return identifier
