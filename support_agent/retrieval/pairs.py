"""Files of question/answer pairs, row by row.

A passage's title is the question, its text the answer. They come in the file's order, empty ones too: which rows are
worth indexing is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from support_agent import jsonl
from support_agent.errors import DocumentError
from support_agent.records import Passage
from support_agent.tables import read_layout, read_rows

SUFFIXES = (".jsonl", ".csv", ".tsv")
QUESTION = ("question", "prompt", "instruction", "title")
ANSWER = ("answer", "response", "completion", "text", "body")


def read_jsonl(path: Path, prefix: str) -> Iterator[Passage]:
    """One passage for each line; ``passage_id`` and ``source`` are taken from the row where it has them."""
    for row in jsonl.read_rows(path, DocumentError):
        question, answer = _columns(list(row.values), row.where)
        yield Passage(
            passage_id=_text(row, "passage_id") or f"{prefix}:{row.line}",
            title=_text(row, question),
            text=_text(row, answer),
            source=_text(row, "source") or path.name,
        )


def read_csv(path: Path, prefix: str) -> Iterator[Passage]:
    """One passage for each row after the header; comma, semicolon, tab or pipe between the columns."""
    layout = read_layout(path, DocumentError)
    names = [name.strip() for name in layout.header]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise DocumentError(f"{path}, line 1: the column {doubled[0]!r} stands twice. Rename one of them.")
    question, answer = (names.index(name) for name in _columns(names, f"{path}, line 1"))
    for row in read_rows(layout):
        if row.fault:
            raise DocumentError(f"{path}: {row.fault} Put quotes around a field that holds a comma or a line break.")
        yield Passage(f"{prefix}:{row.number}", row.cells[question].strip(), row.cells[answer].strip(), path.name)


def _text(row: jsonl.Row, column: str) -> str:
    value = row.values.get(column)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise row.error(f"{column!r} must be a string, not {value!r}")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise row.error(
            f"{column!r} holds half a character (a lone surrogate at {error.start}); export the file again as UTF-8"
        ) from error
    return value.strip()


def _columns(names: Sequence[str], where: str) -> tuple[str, str]:
    """The columns that hold question and answer: the first known name wins, whatever its case."""
    by_name = {name.strip().casefold(): name for name in reversed(names)}
    question = next((by_name[known] for known in QUESTION if known in by_name), None)
    answer = next((by_name[known] for known in ANSWER if known in by_name), None)
    if question is None or answer is None:
        raise DocumentError(
            f"{where}: no column for the {'question' if question is None else 'answer'} among "
            f"{', '.join(map(repr, names)) or 'none'}. "
            f"Name one of the columns {' / '.join(QUESTION)} and one {' / '.join(ANSWER)}."
        )
    return question, answer
