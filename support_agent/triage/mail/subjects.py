"""Subjects and web forms: what the customer wrote in them, without what programs put before and around it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from support_agent.triage.mail.patterns import expression, inside

_TICKET_NUMBER = re.compile(
    r"\[[^\[\]\n]{0,30}#\s?\w{0,6}-?\d{2,}[^\[\]\n]{0,10}\]|\[(?:ticket|case|request|req|sr|ref|issue|incident|id|vorgang|"
    r"anfrage|demande|caso)\b[^\[\]\n]{0,12}\d{2,}\s*\]|[({]\s?#\s?\d{2,}\s?[)}]|\bref:\s?_?\w{5,}[\w.]*:ref\b",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"\A(?:ticket|case|request|incident|vorgang)\s?#\s?\d{2,}\s?[:–-]\s*", re.IGNORECASE)
_ISSUE_KEY = re.compile(r"\A\s*[\[(][A-Z][A-Z0-9]{1,9}-\d{1,7}[\])]\s*")
_PREFIX_IN_TEXT = re.compile(r"\A\s*(?:(?:RE|Re|FWD?|Fwd?|AW|WG)\s?:\s*)+(?=\S)")
_MOST_PREFIXES = 8
# What the prefix of a forwarded mail begins with, in small letters; "i" is Italian, Turkish (ilt) and inoltro.
_FORWARDS = tuple("fw wg tr rv enc i doorst пересл 转发 轉寄 vb vl pd अग्रे weiter reenv إعادة".split())


@dataclass(frozen=True)
class Subject:
    """``words`` are the customer's, empty where they say nothing; ``taken`` is what stood before and around them."""

    words: str
    replies: bool
    forwards: bool
    taken: str


def read_subject(subject: str) -> Subject:
    """Take off reply prefixes, ticket numbers and tags."""
    bare = subject.strip()
    prefixes: list[str] = []
    for _ in range(_MOST_PREFIXES):
        found = expression("subject prefix").match(bare)
        shorter = bare[found.end() :] if found else _without_number(bare, after_prefix=bool(prefixes))
        if found:
            prefixes.append(found[0].strip(" :：").casefold())
        if shorter == bare:
            break
        bare = shorter
    forwards = any(prefix.startswith(_FORWARDS) for prefix in prefixes)
    says_nothing = (
        expression("empty subject").match(bare) or expression("placeholder").match(bare) or not re.search(r"\w\w", bare)
    )
    words = "" if says_nothing else bare
    return Subject(words, bool(prefixes) and not forwards, forwards, "" if words == subject.strip() else subject)


def _without_number(subject: str, *, after_prefix: bool) -> str:
    bare = expression("banner").sub("", _TICKET_NUMBER.sub(" ", subject)).strip(" -–—:|")
    bare = _NUMBERED.sub("", bare)
    return _ISSUE_KEY.sub("", bare) if after_prefix else bare


def without_prefix(text: str) -> str:
    """A text without the reply prefix and ticket number that a subject put before it would bring."""
    first, end, rest = text.partition("\n")
    prefix = _PREFIX_IN_TEXT.match(first)
    bare = first[prefix.end() :] if prefix else first
    number = _TICKET_NUMBER.match(bare.lstrip())
    if number:
        bare = bare.lstrip()[number.end() :].lstrip(" -–—:|")
        bare = _PREFIX_IN_TEXT.sub("", bare)
    return f"{bare}{end}{rest}".strip() if prefix or number else text


def read_form(text: str) -> tuple[str, str] | None:
    """What was written into a web form, and the fields about who wrote it; None for any other text."""
    if ":" not in text and "：" not in text:
        return None
    lines = _broken_at_labels(text).split("\n")
    labels = [_label(line) for line in lines]
    if "message" not in labels or "sender" not in labels[: labels.index("message")]:
        return None
    message = labels.index("message")
    last = len(lines)
    while last > message + 1 and (labels[last - 1] == "sender" or not lines[last - 1].strip()):
        last -= 1
    written: list[str] = []
    about: list[str] = lines[last:]
    for at, (line, label) in enumerate(zip(lines[:message], labels, strict=False)):
        below_a_label = at > 0 and labels[at - 1] == "sender" and not _value(lines[at - 1])
        if label == "sender" or (below_a_label and not label):
            about.append(line)
        else:
            written.append(_value(line) if label == "subject" else line)
    written += [_value(lines[message]), *lines[message + 1 : last]]
    return "\n".join(written).strip(), "\n".join(about).strip()


def _label(line: str) -> str:
    for label, kind in (("message", "form message"), ("sender", "about the sender"), ("subject", "form subject")):
        if expression(kind).match(line):
            return label
    return ""


def _value(line: str) -> str:
    return re.split(r"[:：]", line, maxsplit=1)[-1].strip(" \t*_")


def _broken_at_labels(text: str) -> str:
    """One line a field, where an export wrote the form into one line."""
    return text if "\n" in text.strip() else _label_inside().sub("\n", text)


@cache
def _label_inside() -> re.Pattern[str]:
    return inside(("about the sender", "form subject", "form message"))
