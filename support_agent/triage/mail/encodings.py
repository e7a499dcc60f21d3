"""What exports and gateways wrapped a mail in, undone: its source, encoded words, escaped line breaks, entities.

Only what is plainly an accident of transport: a customer who asks about "\\n" or "&amp;" keeps it.
"""

from __future__ import annotations

import email
import email.policy
import html
import re
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import EmailMessage
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit, urlunsplit

_HEADER_LINE = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,60}:[ \t]?[^\n]*(?:\n[ \t]+[^\n]+)*\n")
_SOURCE_HEADER = re.compile(
    r"^(?:received|return-path|message-id|mime-version|content-type|auto-submitted|delivered-to|x-failed-recipients|"
    r"x-auto[\w-]*|precedence|list-id):",
    re.IGNORECASE | re.MULTILINE,
)
_MOST_HEADERS = 200
_ENCODED_WORD = re.compile(
    r"=\?[\w-]{2,40}\?[bBqQ]\?[^?\n]{0,2000}\?=(?:\s+=\?[\w-]{2,40}\?[bBqQ]\?[^?\n]{0,2000}\?=)*"
)
# Excel writes characters that XML cannot hold as _xHHHH_; of them only line breaks and tabs come in tickets.
_EXCEL_ESCAPE = re.compile(r"_x000[dD]_(?:\n|\\n)?|_x000[aA]_|_x0009_")
_ESCAPED_BREAKS = re.compile(r"\\{1,2}r\\{1,2}n|\\{1,2}n|\\{1,2}r")
# Two breaks in a row, or one between a sentence's end and what begins a line.
_ESCAPED_PARAGRAPH = re.compile(r"\\{1,2}r\\{1,2}n|\\n\\n(?![\x22\x27])|[.,!?]\\n(?=[A-Z>\-*]|\Z)")
_CODE = re.compile(r"```.*?```|`[^`\n]*`|\x22[^\x22\n]*\x22", re.DOTALL)
_GLUED_ENTITY = re.compile(
    r"\w[,.!?]?&(?:#39|#x27|#160|#8217|rsquo|lsquo|nbsp|amp|quot|apos|[aeiouAEIOU](?:uml|acute|grave|circ)|szlig|ntilde|ccedil);(?=\w|&|\s|\Z)"
)
_LINK = re.compile(r"https?://[^\s<>\x22\x27)\]]+")
_TRACKING_FIELD = re.compile(r"(?:utm_\w+|gclid|fbclid|mc_[ce]id|_hs\w+|mkt_tok|msclkid|vero_id)\Z", re.IGNORECASE)
_PIXEL = re.compile(
    r"/(?:[\w/-]*\b)?(?:open|pixel|beacon|track(?:ing)?|o)\b[\w/.-]*\.(?:gif|png)|/(?:wf|track)/open\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Source:
    """A mail taken out of its source: headers in lower case, subject and text."""

    headers: tuple[tuple[str, str], ...]
    subject: str
    text: str


def read_source(text: str) -> Source | None:
    """The parts of a mail given with its headers; None for any other text."""
    end = position = 0
    for _ in range(_MOST_HEADERS):
        found = _HEADER_LINE.match(text, position)
        if not found:
            break
        end = position = found.end()
    if not end or text[end : end + 1] not in ("\n", "") or not _SOURCE_HEADER.search(text[:end]):
        return None
    message = email.message_from_string(text, _class=EmailMessage, policy=email.policy.default)
    headers = tuple((name.lower(), str(value)) for name, value in message.items())
    try:
        part = message.get_body(("plain", "html"))
        words = part.get_content() if part else text[end:]
    except (LookupError, ValueError, AttributeError):
        words = text[end:]
    return Source(headers, str(message.get("subject", "")), str(words).strip() or text[end:].strip())


def decode(text: str) -> str:
    """Encoded words, escaped line breaks and entities as the characters they stand for; links without tracking."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "=?" in text:
        text = _ENCODED_WORD.sub(_decoded_word, text)
    if "_x00" in text:
        text = _EXCEL_ESCAPE.sub(lambda found: "\t" if "9" in found[0] else "\n", text)
    if "\\" in text:
        text = _with_breaks(text)
    if "://" in text:
        text = _LINK.sub(lambda found: without_tracking(found[0]), text)
    return text


def unescape_entities(text: str) -> str:
    """Entities of a text that is no HTML, where they stand inside words."""
    return html.unescape(text).replace("\xa0", " ") if "&" in text and _GLUED_ENTITY.search(text) else text


def without_tracking(link: str) -> str:
    """The link without what only counts who clicked; nothing for a pixel; a rewritten link as it was written."""
    try:
        parts = urlsplit(link)
        if _PIXEL.search(parts.path):
            return ""
        if parts.netloc.endswith("safelinks.protection.outlook.com"):
            return parse_qs(parts.query).get("url", [link])[0]
        fields = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return link
    kept = [(name, value) for name, value in fields if not _TRACKING_FIELD.match(name)]
    return link if len(kept) == len(fields) else urlunsplit(parts._replace(query=urlencode(kept)))


def _decoded_word(found: re.Match[str]) -> str:
    try:
        return str(make_header(decode_header(found[0])))
    except (LookupError, ValueError, HeaderParseError):
        return found[0]


def _with_breaks(text: str) -> str:
    r"""Break lines where an export wrote "\r\n" or "\n" out; not in code, paths and quotes."""
    bare = _CODE.sub(" ", text)
    found = _ESCAPED_PARAGRAPH.search(bare)
    if not found or ("\n" in text and "r" not in found[0]):
        return text
    return _ESCAPED_BREAKS.sub("\n", text)
