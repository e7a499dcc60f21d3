"""Raw ticket text → text a person could read, and whether there is anything to read.

Knows no language and no meaning: only characters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from support_agent.records import Removed, Signal

# Cf holds zero-width characters, bidi controls, soft hyphens and the tag characters (U+E0000…) that smuggle text past a
# reader. ZWNJ and ZWJ stay: Persian, Hindi and emoji sequences need them, and they draw nothing by themselves.
_KEPT_FORMAT = {"\u200c", "\u200d"}
# Variation selectors and Hangul fillers are not Cf, and draw nothing either.
_INVISIBLE = re.compile("[\u115f\u1160\u3164\uffa0\ufe00-\ufe0e\U000e0100-\U000e01ef\u2800]")
# Pictures with their skin tones and joiners; of a "1" in a box the "1" stays.
EMOJI = (
    "(?:[\u2600-\u27bf\u2b05-\u2b55\u3030\U0001f000-\U0001faff]"
    "[\ufe0e\ufe0f\u200d\u20e3\U0001f3fb-\U0001f3ff]*|[\ufe0f\u20e3])+"
)
_EMOJI = re.compile(rf"[ \t]*{EMOJI}(?:[ \t]*{EMOJI})*[ \t]*(?P<end>(?=[.,!?;:\n])|\Z)?")
_CONSONANT_RUN = re.compile(r"[bcdfghjklmnpqrstvwxz]{5,}", re.IGNORECASE)
_REPEATED_LETTER = re.compile(r"([a-z])\1{4,}", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+")


def clean(text: str) -> str:
    """Strip invisible and control characters, normalise to NFC, keep line breaks, trim.

    Lone surrogates (left by a broken decoder) become U+FFFD, so that the text can be stored and sent.
    """
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    kept = (c for c in text if c in _KEPT_FORMAT or c in "\n\t" or unicodedata.category(c) not in ("Cf", "Cc", "Co"))
    return _INVISIBLE.sub("", "".join(kept)).strip()


def without_emoji(text: str) -> str:
    """The text without pictures, which say nothing of what is asked for."""
    return _EMOJI.sub(lambda found: "" if found["end"] is not None else " ", text) if not text.isascii() else text


def invisible_signal(raw: str, cleaned: str) -> Signal:
    """How many characters of the raw text a reader would not have seen; reported, never decisive."""
    visible = len(raw.strip().replace("\r\n", "\n"))
    return Signal("invisible_characters", float(max(0, visible - len(cleaned))), None, False)


def removed_signal(removed: Sequence[Removed]) -> Signal:
    """How many characters of a mail are not read as the customer's words; reported, never decisive."""
    return Signal("removed_characters", float(sum(len(one.text) for one in removed)), None, False)


def empty_signal(text: str) -> Signal:
    """Fires when nothing is left to read."""
    return Signal("empty", float(not text), 0.5, not text)


def length_signal(text: str, max_chars: int) -> Signal:
    """Fires when the text is longer than anybody should answer unread."""
    return Signal("characters", float(len(text)), float(max_chars), len(text) > max_chars)


def unreadable_signal(text: str) -> Signal:
    """Share of the letters that stand in keyboard mash; 1 for a text without any letter.

    A Latin word is mash with five consonants or five equal letters in a row. Words of eight letters or fewer never
    are ("lengths", "xxxxx" do not hide a message), nor words of other scripts.
    """
    words = _WORD.findall(text)
    letters = sum(len(word) for word in words)
    if letters == 0:
        return Signal("unreadable", float(bool(text)), 0.5, bool(text))
    mash = sum(len(word) for word in words if _is_mash(word))
    share = mash / letters
    return Signal("unreadable", share, 0.5, share > 0.5)


def _is_mash(word: str) -> bool:
    return len(word) > 8 and bool(_CONSONANT_RUN.search(word) or _REPEATED_LETTER.search(word))
