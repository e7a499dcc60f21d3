"""Text → its sentences, nothing lost: the parts joined are the text.

It knows full stops and line breaks, links, lists and code, and no grammar.
"""

from __future__ import annotations

import re
from itertools import pairwise

_CLOSERS = r"[\"'”’»)\]}*_」』）】]*+"

# Every pattern is read once from left to right (no start inside a run, no backtracking): a hostile 100,000 characters
# cost milliseconds.
_UNBREAKABLE = re.compile(
    r"```.*?(?:```|\Z)"
    r"|`[^`\n]++`"
    r"|(?:https?://|www\.)[^\s<>\"。！？।]*[^\s<>\"。！？।.,!?;:)\]}'*_]"
    r"|(?<![\w.+-])[\w.+-]++@[\w-]++(?:\.[\w-]++)*+",
    re.DOTALL,
)
_END = re.compile(
    rf"(?<![.!?…])[.!?…]++{_CLOSERS}(?:\s++|\Z)"
    rf"|[。！？｡।॥؟۔]++{_CLOSERS}\s*+"
    r"|\n[ \t]*+\n\s*+"
    r"|\n(?=[ \t]*+(?:[-*•–]|\d{1,3}[.)]|#{1,6})[ \t])"
)
_LAST_WORD = re.compile(r"[^\s(\[\"'“*_]+$")
_LIST_NUMBER = re.compile(r"(?:^|\n)[ \t]*(?:\d{1,3}|[A-Za-z])$")
_INITIALS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")

_ABBREVIATIONS = frozenset(
    "mr mrs ms dr prof st vs cf ca approx al resp incl excl dept tel ext jan feb mar apr jun jul aug sept oct nov dec "
    "bzw zzgl inkl evtl ggf bspw sra sr dra mme mlle".split()
)
_BEFORE_A_NUMBER = frozenset("no nr fig figs eq sec ch vol p pp".split())
_MAY_END_A_SENTENCE = frozenset("etc usw inc ltd corp co jr min max est a.m p.m u.s u.k e.u".split())


def split_sentences(text: str) -> list[str]:
    """Cut ``text`` after its sentences, list items and fenced code blocks.

    White space stays at the end of the sentence before it, so ``"".join(split_sentences(text)) == text``. Full stops in
    links, e-mail addresses, code, decimals, abbreviations and list numbers do not cut.
    """
    cuts = sorted({0, *_cuts(text), len(text)})
    return [text[start:end] for start, end in pairwise(cuts)]


def _cuts(text: str) -> list[int]:
    spans = [match.span() for match in _UNBREAKABLE.finditer(text)]
    found = []
    for start, end in spans:
        if text.startswith("```", start):
            found += [start, end + text.startswith("\n", end)]
    waiting = iter([*spans, (len(text), len(text))])
    start, end = next(waiting)
    for match in _END.finditer(text):
        while match.start() >= end and end < len(text):
            start, end = next(waiting)
        inside = start <= match.start() < end
        if not inside and not _goes_on(text, match):
            found.append(match.end())
    return found


def _goes_on(text: str, match: re.Match[str]) -> bool:
    """Whether this is a full stop that ends no sentence: of an abbreviation, an initial or a list number."""
    if match.group().rstrip() != "." or match.end() == len(text):
        return False
    before = text[max(0, match.start() - 24) : match.start()]
    word = _LAST_WORD.search(before)
    if word is None or _LIST_NUMBER.search(before):
        return True
    name = word.group().casefold()
    if name in _BEFORE_A_NUMBER:
        return text[match.end()].isdigit()
    if name in _MAY_END_A_SENTENCE:
        return not text[match.end()].isupper()
    return name in _ABBREVIATIONS or _INITIALS.fullmatch(word.group()) is not None
