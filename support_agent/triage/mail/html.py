"""The HTML of a mail → the text a reader sees, and beside it what was hidden from them.

Quoted mails come out as lines that begin with ">", so that HTML and plain mails are cut by the same rules. The standard
library's parser, since what matters is which element a word stands in: hidden, signature, quote.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser

_TAG = (
    r"(?:html|head|body|div|p|span|table|tbody|tr|td|br|ul|ol|li|blockquote|font|center|style|meta|a|b|i|strong|em|"
    r"h[1-6])"
)
_DOCUMENT = re.compile(r"\s*<(?:!doctype html|html|head|body|meta|style)\b", re.IGNORECASE)
# Wrapped in elements from its first character to its last.
_WRAPPED = re.compile(
    rf"\s*(?:<!--.{{0,2000}}?-->\s*)?<({_TAG})\b[^<>]*>.*</?{_TAG}\s*/?>\s*\Z", re.IGNORECASE | re.DOTALL
)
# A break right behind a word, as in "Hello,<br>"; one that is talked about stands between spaces.
_GLUED_BREAK = re.compile(r"[\w.,!?:;)>]<(?:br\s*/?|/p|/div)>", re.IGNORECASE)
_CODE = re.compile(r"```.*?```|`[^`\n]*`|(?<![\w=])(?:\x22[^\x22\n]*\x22|\x27[^\x27\n]*\x27)", re.DOTALL)

_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
_UNSEEN = frozenset("style script head title template noscript object svg".split())
_BLOCKS = frozenset(
    "address article blockquote body center dd div dl dt fieldset footer form h1 h2 h3 h4 h5 h6 header hr li main ol p "
    "pre section table tr ul".split()
)
_PARAGRAPHS = frozenset("p h1 h2 h3 h4 h5 h6 ul ol table blockquote pre".split())
_HIDDEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|opacity\s*:\s*0(?:\.0+)?(?![.\d])|"
    r"font-size\s*:\s*[01](?:\.\d+)?(?:px|pt|em|%)?\s*(?:;|!|\Z)|max-height\s*:\s*0(?![.\d])|"
    r"(?<![-\w])color\s*:\s*(?:#f{3}(?:f{3})?|white|transparent|rgb\(\s*255\s*,\s*255\s*,\s*255\s*\))(?![^\"]*background)",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(r"\b(?:gmail_signature|moz-signature|protonmail_signature_block|Signature)\b")
_QUOTE_CLASS = re.compile(r"gmail_quote|yahoo_quoted|protonmail_quote|zmail_extra|cite", re.IGNORECASE)
_SPACE = re.compile(r"[ \t\n\r\f\xa0]+")


@dataclass(frozen=True)
class Page:
    """``text`` as a reader sees it; ``hidden`` is what they do not see; ``quotes`` says that a mail client quoted."""

    text: str
    hidden: str
    signature: str
    quotes: bool


def is_html(text: str) -> bool:
    """Whether the text is written in HTML, and not about it."""
    if "<" not in text:
        return False
    if _DOCUMENT.match(text) or _WRAPPED.match(text):
        return True
    return bool(_GLUED_BREAK.search(text) and _GLUED_BREAK.search(_CODE.sub(" ", text)))


def read_html(markup: str) -> Page:
    """Read a mail's HTML; never fails, however broken it is."""
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    return reader.page()


@dataclass(frozen=True)
class _Element:
    tag: str
    sink: str
    quote_depth: int
    preformatted: bool = False


class _Reader(HTMLParser):
    """Collects words by where they stand: "text", "hidden", "signature" or "unseen"."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open = [_Element("", "text", 0)]
        self._numbers: list[int] = []
        self._lines: list[tuple[int, str]] = [(0, "")]
        self._others: dict[str, list[str]] = {"hidden": [], "signature": [], "unseen": []}
        self._quotes = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        for name in ("alt", "title"):
            self._others["hidden"].append(given.get(name, ""))
        if tag == "br":
            self._break()
        elif tag not in _VOID:
            self._open.append(self._element(tag, given))
            self._begin(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self._break()

    def handle_endtag(self, tag: str) -> None:
        if not any(element.tag == tag for element in self._open):
            return
        while (closed := self._open.pop()).tag != tag:
            pass
        if tag in ("ol", "ul") and self._numbers:
            self._numbers.pop()
        if closed.sink == "text":
            self._end_block(tag)

    def handle_data(self, data: str) -> None:
        place = self._open[-1]
        if place.sink != "text":
            self._others[place.sink].append(data)
        elif place.preformatted:
            for number, line in enumerate(data.split("\n")):
                if number:
                    self._break()
                self._write(line)
        else:
            self._write(_SPACE.sub(" ", data))

    def handle_comment(self, data: str) -> None:
        self._others["hidden"].append(data)

    def page(self) -> Page:
        """What was read."""
        lines = [(">" * depth + " " if depth else "") + line.strip() for depth, line in self._lines]
        text = re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines)).strip()
        hidden, signature = (_SPACE.sub(" ", " ".join(self._others[name])).strip() for name in ("hidden", "signature"))
        return Page(text, hidden, signature, self._quotes)

    def _element(self, tag: str, given: dict[str, str]) -> _Element:
        around = self._open[-1]
        sink = around.sink
        if tag in _UNSEEN:
            sink = "unseen"
        elif "hidden" in given or _HIDDEN_STYLE.search(given.get("style", "")):
            sink = "hidden"
        elif sink == "text" and _SIGNATURE.search(f"{given.get('class', '')} {given.get('id', '')}"):
            sink = "signature"
        quoted = tag == "blockquote"
        named = f"{given.get('class', '')} {given.get('type', '')}"
        self._quotes = self._quotes or (quoted and bool(_QUOTE_CLASS.search(named)))
        return _Element(tag, sink, around.quote_depth + quoted, around.preformatted or tag == "pre")

    def _begin(self, tag: str) -> None:
        if tag in ("ol", "ul"):
            self._numbers.append(0 if tag == "ol" else -1)
        if self._open[-1].sink != "text":
            return
        if tag in _BLOCKS:
            self._end_line()
        if tag == "li":
            self._write(self._mark())
        elif tag in ("td", "th"):
            self._write(" ")

    def _mark(self) -> str:
        """What stands before the next item of the innermost list."""
        if not self._numbers or self._numbers[-1] < 0:
            return "- "
        self._numbers[-1] += 1
        return f"{self._numbers[-1]}. "

    def _end_block(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._end_line()
        if tag in _PARAGRAPHS and self._lines[-1][1].strip() == "" and len(self._lines) > 1:
            self._break()

    def _end_line(self) -> None:
        depth, line = self._lines[-1]
        if line.strip():
            self._break()
        elif depth != self._open[-1].quote_depth:
            self._lines[-1] = (self._open[-1].quote_depth, line)

    def _break(self) -> None:
        if self._open[-1].sink == "text":
            self._lines.append((self._open[-1].quote_depth, ""))

    def _write(self, words: str) -> None:
        depth, line = self._lines[-1]
        if not line.strip() and words.strip():
            depth = self._open[-1].quote_depth
        joined = words.lstrip() if line.endswith(" ") and not self._open[-1].preformatted else words
        self._lines[-1] = (depth, line + joined)
