"""What mails carry around the words: banners, device lines, confidentiality footers, signatures → the words alone.

Cut sentence by sentence: a footer never speaks of "I" and asks nothing, so what does is the customer's and stays.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from support_agent.records import Removed
from support_agent.triage.mail.patterns import expression

_SENTENCE = re.compile(r"(?:[^.!?。！？\n]|[.!?](?=\S)|\n(?!\s*\n))*(?:[.!?。！？]+[\x22”’)\]*_]*|(?=\n\s*\n)|\Z)\s*")
_ASKS = re.compile(r"[?？؟](?:\s|[^\w\s/=&]|\Z)")
_DELIMITER = re.compile(r"[ \t]*(?:(?P<sure>-- )|(?P<likely>--|—|––)|_{2,}|-{3,})[ \t]*\Z")
_CONTACT = re.compile(
    r"\S@\S|\bwww\.|https?://|\+\d[\d ()/.-]{6,}|\(?\b0\d[\d ()/.-]{6,}|\b\d{3}[-.) ]+\d{3}[-. ]+\d{4}\b|"
    r"^\s*(?:t|tel|phone|mob|mobile|fax|m|p|telefon|e-?mail)\b ?[.:|]",
    re.IGNORECASE | re.MULTILINE,
)
_PARTICLES = frozenset("von van der den de del della da di dos du la le al el bin ibn y e zu zur ter ten".split())
_CREDITS = re.compile(r"\s*[,|(–—/•·]|\s-\s")
_MOST_LINES, _MOST_CHARS = 10, 90
_IMAGE = re.compile(r"[<\[](?:cid:|image: ?|inline image|bild: ?)[^\]>\n]{0,120}[\]>]", re.IGNORECASE)
_LINK_BEHIND = re.compile(r"(?<=\w)<(?:https?://|mailto:|tel:)[^<>\s]{0,2000}>")


def trim(text: str) -> tuple[str, list[Removed]]:
    """The text without what a mail program or a company put around it, and what that was."""
    removed: list[Removed] = []
    text = _LINK_BEHIND.sub("", _IMAGE.sub("", text))
    for kind in ("banner", "device line"):
        text = _without(kind, text, removed)
    for cut in (_without_footers, _without_block, _without_farewell):
        text = cut(text, removed)
    return re.sub(r"\n{3,}", "\n\n", text).strip(), removed


def _without(kind: str, text: str, removed: list[Removed]) -> str:
    def take(found: re.Match[str]) -> str:
        removed.append(Removed(kind, found[0].strip()))
        return ""

    return expression(kind).sub(take, text)


def _without_footers(text: str, removed: list[Removed]) -> str:
    """Cut each footer to the end of its paragraph, or to the first sentence that is somebody's own."""
    kept, at = [], 0
    while found := expression("footer").search(text, at):
        end = found.start()
        while end < len(text) and not (end > found.start() and _ends_paragraph(text, end)):
            sentence = _SENTENCE.match(text, end)
            if not sentence or not sentence[0] or is_own(sentence[0]):
                break
            end = sentence.end()
        if end == found.start():
            kept.append(text[at : found.end()])
            at = found.end()
            continue
        kept.append(text[at : found.start()])
        removed.append(Removed("footer", text[found.start() : end].strip()))
        at = end
    return "".join([*kept, text[at:]])


def _ends_paragraph(text: str, at: int) -> bool:
    return bool(re.search(r"\n\s*\n\s*\Z", text[max(0, at - 20) : at]))


def asks(text: str) -> bool:
    """Whether a question stands in the text; a question mark in a link is none."""
    return bool(_ASKS.search(text))


def is_own(text: str) -> bool:
    """Whether somebody asks or speaks of themselves."""
    return asks(text) or bool(expression("first person").search(text))


def _without_block(text: str, removed: list[Removed]) -> str:
    """Cut the signature below "--"; only the last lines can hold one."""
    lines = text.split("\n")
    for at in range(max(0, len(lines) - 2 * _MOST_LINES), len(lines)):
        found = _DELIMITER.match(lines[at])
        if not found:
            continue
        block = [line for line in lines[at + 1 :] if line.strip()]
        if block and not _is_signature(found, block):
            continue
        removed += [Removed("signature", "\n".join(lines[at:]).strip())] if block else []
        return "\n".join(lines[:at]).rstrip() or text
    return text


def _is_signature(delimiter: re.Match[str], lines: Sequence[str]) -> bool:
    """A name or a way to reach somebody below "--", both below a mere rule; nothing that anybody says or asks."""
    named, reachable = _is_name(lines[0]), bool(_CONTACT.search("\n".join(lines)))
    signed = delimiter["sure"] or (named or reachable if delimiter["likely"] else named and reachable)
    return bool(signed) and len(lines) <= _MOST_LINES and all(_is_signature_line(line) for line in lines)


def _without_farewell(text: str, removed: list[Removed]) -> str:
    """Cut "Best regards," and the name below it."""
    lines = text.split("\n")
    for at in range(max(0, len(lines) - _MOST_LINES), len(lines)):
        if not expression("farewell").match(lines[at]):
            continue
        rest = [line for line in lines[at + 1 :] if line.strip() and not expression("farewell").match(line)]
        if rest and _is_name(rest[0]) and all(_is_signature_line(line) for line in rest):
            removed.append(Removed("signature", "\n".join(lines[at:]).strip()))
            return "\n".join(lines[:at])
    return text


def _is_signature_line(line: str) -> bool:
    return len(line) <= _MOST_CHARS and not is_own(line)


def _is_name(line: str) -> bool:
    """Whether a line is a person's or a team's name, perhaps with a title behind it."""
    bare = _CREDITS.split(line.strip(" -~*_.,!"), maxsplit=1)[0]
    words = bare.split()
    if not words or len(words) > 5 or re.search(r"[\d?:;@]", bare):
        return False
    if len(words) == 1 and bare.islower() and bare.isalpha():
        return len(bare) <= 15
    cased = [word for word in words if word.lower() != word.upper()]
    if not cased:
        return len(bare) <= 20
    return all(word[0].isupper() or word in _PARTICLES for word in cased)
