"""Source files into passages, whatever they say.

Markdown, text, HTML and PDF need the extra ``documents``; question/answer files (pairs.py) need nothing.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support_agent.artefacts import sha256_file
from support_agent.errors import DocumentError
from support_agent.records import Passage
from support_agent.retrieval import pairs

logger = logging.getLogger(__name__)

# The default embedder reads 256 tokens, about 1,000 characters of English; title and text have to fit.
PIECE_CHARS = 800
OVERLAP_CHARS = 80
HEADINGS = [(f"h{level}", f"h{level}") for level in range(1, 5)]
# The packages of the extra "documents", by the module that is imported.
EXTRA = {"langchain_text_splitters": "langchain-text-splitters", "bs4": "beautifulsoup4", "pypdf": "pypdf"}
NOT_CONTENT = ("script", "style", "template", "noscript", "nav", "header", "footer", "aside", "form")


@dataclass(frozen=True)
class Source:
    """One file that was read: its name as the manifest gives it, its hash, and its passages in their order."""

    file: str
    sha256: str
    passages: tuple[Passage, ...]

    def facts(self) -> dict[str, Any]:
        """What a manifest keeps."""
        return {"file": self.file, "sha256": self.sha256, "rows": len(self.passages)}


def read_sources(paths: Sequence[Path]) -> list[Source]:
    """Read files of any known kind, told by their suffix.

    A passage's id is ``<file's stem>:<line, row or piece>``; of two files with one stem, the path is taken.

    Raises:
        DocumentError: a file is missing, of an unknown kind, wrongly encoded or malformed, or needs an extra.
    """
    stems = [path.stem for path in paths]
    return [_read(path, path.stem if stems.count(path.stem) == 1 else path.as_posix()) for path in paths]


def _read(path: Path, prefix: str) -> Source:
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise DocumentError(
            f"{path} is of no kind that can be read. Give files that end in {', '.join(sorted(READERS))}."
        )
    try:
        return Source(path.name, sha256_file(path), tuple(reader(path, prefix)))
    except OSError as error:
        raise DocumentError(f"{path} cannot be read ({error.strerror or error}). Check the path.") from error
    except ImportError as error:
        package = EXTRA.get(error.name or "")
        if package is None:
            raise
        raise DocumentError(
            f"{path.name} needs the package {package}. "
            'Run `pip install ".[documents]"` in the folder you installed support_agent from.'
        ) from error


def _decoded(path: Path) -> str:
    """UTF-8 with or without its mark; anything else is refused, since a guess would garble what customers read."""
    data, source = path.read_bytes(), path.name
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DocumentError(
            f"{source} is not UTF-8: byte 0x{data[error.start]:02x} at position {error.start:,} (line {line}). "
            "Save it as UTF-8."
        ) from error
    if "\0" in text:
        raise DocumentError(
            f"{source} holds a NUL character on line {text[: text.index(chr(0))].count(chr(10)) + 1}: it is a binary "
            "file, or damaged. Export it again as text."
        )
    return text


def _read_text(path: Path, prefix: str) -> Iterator[Passage]:
    return _numbered([("", _decoded(path))], prefix, path.name)


def _read_markdown(path: Path, prefix: str) -> Iterator[Passage]:
    from langchain_text_splitters import MarkdownHeaderTextSplitter

    marks = [("#" * int(name[1]), name) for _, name in HEADINGS]
    sections = MarkdownHeaderTextSplitter(marks).split_text(_decoded(path))
    return _numbered([(_heading_path(one.metadata), one.page_content) for one in sections], prefix, path.name)


def _read_html(path: Path, prefix: str) -> Iterator[Passage]:
    from bs4 import BeautifulSoup

    page = BeautifulSoup(_decoded(path), "html.parser")
    for element in page(NOT_CONTENT):
        element.decompose()
    return _numbered(_html_sections(page), prefix, path.name)


def _html_sections(page: Any) -> list[tuple[str, str]]:
    """Heading path and text of each section, in the page's order; a block element ends a line."""
    path: dict[str, str] = {}
    sections: list[tuple[str, list[str]]] = [("", [])]
    levels = [tag for tag, _ in HEADINGS]
    for text in (page.body or page).find_all(string=True):
        heading = text.find_parent(levels)
        if heading is None:
            block = text.find_parent(["p", "li", "td", "th", "dt", "dd", "pre", "div", "section", "article", "body"])
            sections[-1][1].append(_html_piece(text, block))
        elif heading.find(string=True) is text:
            path = {tag: title for tag, title in path.items() if tag < heading.name}
            path[heading.name] = " ".join(heading.get_text(" ").split())
            sections.append((_heading_path(path), []))
    return [(title, re.sub(r"[ \t]*\n\s*", "\n", "".join(pieces)).strip()) for title, pieces in sections]


def _html_piece(text: Any, block: Any) -> str:
    words = str(text) if text.find_parent("pre") else re.sub(r"\s+", " ", str(text))
    last = block is None or list(block.find_all(string=True))[-1:] == [text]
    return words + ("\n" if last else "")


def _read_pdf(path: Path, prefix: str) -> Iterator[Passage]:
    source = path.name
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, PyPdfError

    try:
        pages = [page.extract_text().strip() for page in PdfReader(path).pages]
    except (PyPdfError, DependencyError, ValueError, KeyError, TypeError, NotImplementedError, RecursionError) as error:
        raise DocumentError(
            f"{source} cannot be read as a PDF ({error}). If it is protected, save a copy without a password."
        ) from error
    if not any(pages):
        raise DocumentError(
            f"{source} holds no text on its {len(pages)} pages: it seems to be scanned. Run it through OCR first "
            "(ocrmypdf does that) and give the result."
        )
    empty = [number for number, text in enumerate(pages, start=1) if not text]
    if empty:
        logger.warning("%s: no text on page %s", source, ", ".join(map(str, empty)))
    return _numbered([(f"{path.stem} > page {n}", text) for n, text in enumerate(pages, start=1)], prefix, source)


def _numbered(sections: Sequence[tuple[str, str]], prefix: str, source: str) -> Iterator[Passage]:
    """Sections cut to size and counted through the file; one without a heading is named for the file."""
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(chunk_size=PIECE_CHARS, chunk_overlap=OVERLAP_CHARS)
    pieces = [(title, piece) for title, text in sections for piece in splitter.split_text(text)]
    if not pieces:
        raise DocumentError(f"{source} holds no text. Leave it out.")
    stem = Path(source).stem.replace("_", " ").replace("-", " ")
    for number, (title, piece) in enumerate(pieces, start=1):
        yield Passage(f"{prefix}:{number}", title or stem, piece, source)


def _heading_path(headings: dict[str, str]) -> str:
    return " > ".join(headings[name] for _, name in HEADINGS if headings.get(name))


READERS: dict[str, Callable[[Path, str], Iterator[Passage]]] = {
    ".jsonl": pairs.read_jsonl,
    ".csv": pairs.read_csv,
    ".tsv": pairs.read_csv,
    ".md": _read_markdown,
    ".markdown": _read_markdown,
    ".txt": _read_text,
    ".html": _read_html,
    ".htm": _read_html,
    ".pdf": _read_pdf,
}
