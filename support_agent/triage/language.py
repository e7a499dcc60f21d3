"""Cleaned text → ISO 639-1 code of its language, or "und" where the text is too short to say.

Knows nothing of which languages the index or the generator serve. Uses py3langid (naive Bayes on byte n-grams, a model
stored as plain arrays).
"""

from __future__ import annotations

import re
from collections.abc import Collection
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
_NON_LATIN = re.compile(r"[\u0370-\u1fff\u3040-\u9fff\uac00-\ud7af]")
# Links, addresses and code are the same in every language.
_NO_LANGUAGE = re.compile(r"`[^`]*+`|(?<!\S)(?:https?://|\w++[._@])\S++")
_READ_CHARS = 2000


def detect(text: str) -> tuple[str, float]:
    """Language code and its probability (0–1); ("und", p) below a probability of 0.6 or for a word or two."""
    words = _NO_LANGUAGE.sub(" ", text[:_READ_CHARS])
    if len(_LATIN_WORD.findall(words)) < _MIN_LATIN_WORDS and not _NON_LATIN.search(words):
        return "und", 0.0
    code, probability = _identifier().classify(words)
    return (code, float(probability)) if probability >= _MIN_PROBABILITY else ("und", float(probability))


def language_signal(code: str, probability: float, served: Collection[str]) -> Signal:
    """Fires when the text is surely in a language that is not served; an undetermined one is let through."""
    return Signal("language_not_served", probability, _MIN_PROBABILITY, code != "und" and code not in served)


@cache
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages([code for code in _CANDIDATES if code in identifier.labels])
    return identifier
