"""A mail's text → the customer's own words, and what they quoted or forwarded.

A quote is cut where a mail client wrote its head ("On … wrote:", "From: … Sent: …"), or marked its lines with ">" in a
reply. Own words below a marked quote or between its lines are own words. A ">" before an error message is no quote.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from support_agent.triage.mail.patterns import expression

_MARKED = re.compile(r"\s*>(?!>>)")
_NESTED = re.compile(r"^\s*>\s?>(?!>)", re.MULTILINE)
_MARKS = re.compile(r"^[ \t]*(?:>[ \t]?)+")
_RULE = re.compile(r"\s*[_=-]{10,}\s*\Z")
# A head that a program wrote names a time or an address; "yesterday you wrote:" may stand above own words.
_MACHINE_MADE = re.compile(r"\d[:.h]\d\d|@|٠|[٠-٩]:[٠-٩]")
_HEAD_LINES = 3
_HEADER_LINES = 10
GREETING = re.compile(
    r"(?:hi|hello|hey|dear|good (?:morning|afternoon|day)|hallo|guten (?:tag|morgen)|sehr geehrte\w*|liebe\w*|bonjour|"
    r"hola|estimad\w+|ciao|buongiorno|gentile|olá|prezad\w+|beste|здравствуйте|уважаем\w+)"
    r"(?: (?:there|all|team|everyone|everybody|support|sir|madam|or|and|zusammen|(?-i:[^\Wa-z\d_])[\w.'’-]*)){0,5}"
    r"[\s,.!]*\Z",
    re.IGNORECASE,
)
_SENTENCE_END = (".", "!", "?", "。", "？", "！")


@dataclass(frozen=True)
class Quote:
    """What was not written now: ``head`` introduces it, ``lines`` are its own; ``forwarded`` where the head says so."""

    head: tuple[str, ...]
    lines: tuple[str, ...]
    forwarded: bool = False

    @property
    def whole(self) -> bool:
        """Whether a mail stands there with its headers: it may have been forwarded as well as replied to."""
        return self.forwarded or any(_is_header(line) for line in (*self.head, *self.lines[:3]))

    @property
    def text(self) -> str:
        """Head and lines as they stood in the mail."""
        return "\n".join((*self.head, *self.lines)).strip()

    @property
    def words(self) -> str:
        """What is said in it, without marks and headers."""
        bare = [_MARKS.sub("", line) for line in self.lines]
        while bare and (not bare[0].strip() or _is_header(bare[0]) or _RULE.match(bare[0])):
            bare.pop(0)
        return "\n".join(bare).strip()


@dataclass(frozen=True)
class Split:
    """The customer's own words, in pieces where a quote stood between them, and the quotes."""

    own: tuple[str, ...]
    quotes: tuple[Quote, ...]


def split_quotes(text: str, *, replying: bool) -> Split:
    """Tell own words from quoted ones.

    Args:
        replying: whether something else than the text says that it is a reply: its subject, or its HTML.
    """
    lines = text.split("\n")
    heads = _heads(lines)
    quoting = replying or bool(heads) or bool(_NESTED.search(text))
    own: list[list[str]] = [[]]
    quotes: list[Quote] = []
    at = 0
    while at < len(lines):
        quote, end = heads[at] if at in heads else _marked(lines, at, quoting=quoting)
        if quote and (at not in heads or not _separates_nothing(lines[at], own)):
            quotes.append(quote)
            own.append([])
        elif quote:
            end = at + 1  # a line that asks for a reply above it, and there is none
        else:
            own[-1].extend(lines[at:end])
        at = end
    return Split(tuple("\n".join(piece).strip() for piece in own), tuple(quotes))


def _heads(lines: Sequence[str]) -> dict[int, tuple[Quote, int]]:
    """Line → the quote whose head begins there, and the line after it; of overlapping ones the first."""
    found: dict[int, tuple[Quote, int]] = {}
    reached = 0
    for at, line in enumerate(lines):
        if at < reached or not line.strip() or _MARKED.match(line):
            continue
        head_end, forwarded = _head(lines, at)
        if not head_end:
            continue
        end = _quoted_until(lines, at, head_end)
        if end:
            found[at] = Quote(tuple(lines[at:head_end]), tuple(lines[head_end:end]), forwarded), end
            reached = end
    return found


def _head(lines: Sequence[str], at: int) -> tuple[int, bool]:
    """The line after the head that begins here, 0 for none; and whether it is that of a forwarded mail."""
    line = lines[at]
    if expression("reply separator").match(line):
        return at + 1, False
    if expression("forward marker").match(line):
        return at + 1, True
    if expression("original marker").match(line):
        return at + 1, False
    start = at + 1 if _RULE.match(line) and at + 1 < len(lines) else at
    return _header_block(lines, start) or _attribution(lines, at), False


def _attribution(lines: Sequence[str], at: int) -> int:
    """The line after "On … wrote:", which mail programs break over up to three lines; 0 for none."""
    for count in range(1, min(_HEAD_LINES, len(lines) - at) + 1):
        piece = [line.strip() for line in lines[at : at + count]]
        if not all(piece) or (count > 1 and (piece[0].endswith(_SENTENCE_END) or not re.search(r"\d|@", piece[0]))):
            return 0
        if piece[-1].rstrip("*_ ").endswith((":", "：", ">")) and expression("attribution").match(" ".join(piece)):
            return at + count
    return 0


def _header_block(lines: Sequence[str], at: int) -> int:
    """The line after a block of "From:", "Sent:" and others, 0 where it is none."""
    if (":" not in lines[at] and "：" not in lines[at]) or not expression("sender line").match(lines[at]):
        return 0
    dated = others = end = 0
    for position in range(at + 1, min(at + _HEADER_LINES, len(lines))):
        line = lines[position]
        is_date, is_other = bool(expression("date line").match(line)), bool(expression("header line").match(line))
        if not line.strip() or not (is_date or is_other or line.startswith((" ", "\t"))):
            break
        dated, others, end = dated + is_date, others + is_other, position + 1
    return end if dated and others else 0


def _is_header(line: str) -> bool:
    return any(expression(kind).match(line) for kind in ("sender line", "date line", "header line"))


def _quoted_until(lines: Sequence[str], at: int, head_end: int) -> int:
    """The end of the quote below a head: that of the marked lines, else that of the mail; 0 where it quotes nothing."""
    first = next((line for line in lines[head_end:] if line.strip()), "")
    if _MARKED.match(first):
        end = head_end
        while end < len(lines) and (not lines[end].strip() or _MARKED.match(lines[end])):
            end += 1
        return end
    head = "\n".join(lines[at:head_end])
    made = _MACHINE_MADE.search(head) or head_end - at > 1 or not expression("attribution").match(head)
    return len(lines) if made else 0


def _separates_nothing(line: str, own: Sequence[Sequence[str]]) -> bool:
    """Whether a line asks for the reply above it and nothing stands there."""
    written = any(piece.strip() for part in own for piece in part)
    return not written and bool(expression("reply separator").match(line))


def _marked(lines: Sequence[str], at: int, *, quoting: bool) -> tuple[Quote | None, int]:
    """The block of marked lines that begins here, where it is a mail's; and the line after what was looked at."""
    if not _MARKED.match(lines[at]):
        return None, at + 1
    end = at
    while end < len(lines) and _MARKED.match(lines[end]):
        end += 1
    block = tuple(lines[at:end])
    return (Quote((), block) if quoting or _is_letter(block) else None), end


def _is_letter(block: Sequence[str]) -> bool:
    """Whether marked lines hold a greeting or a farewell, as an error message does not."""
    bare = [_MARKS.sub("", line).strip() for line in block]
    return any(GREETING.match(line) or expression("farewell").match(line) for line in bare)
