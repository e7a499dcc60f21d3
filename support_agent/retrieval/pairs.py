"""Files of question/answer pairs, row by row.

Comes in: the decoded text of a JSONL or CSV file. Goes out: passages (title the question, text the answer), in the
file's order, empty ones too: which rows are worth indexing is decided elsewhere. Knows no other format.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

from support_agent.errors import DocumentError
from support_agent.records import Passage

SUFFIXES = (".jsonl", ".csv", ".tsv")
QUESTION = ("question", "prompt", "instruction", "title")
ANSWER = ("answer", "response", "completion", "text", "body")


def read_jsonl(text: str, prefix: str, source: str) -> Iterator[Passage]:
    """One passage for each line; ``passage_id`` and ``source`` are taken from the row where it has them."""
    for line, content in enumerate(text.split("\n"), start=1):
        if content.strip():
            row = _parsed(content, source, line)
            question, answer = _columns(list(row), source, line)
            yield Passage(
                passage_id=_text(row, "passage_id", source, line) or f"{prefix}:{line}",
                title=_text(row, question, source, line),
                text=_text(row, answer, source, line),
                source=_text(row, "source", source, line) or source,
            )


def read_csv(text: str, prefix: str, source: str) -> Iterator[Passage]:
    """One passage for each row after the header; comma, semicolon or tab between the columns."""
    rows = _csv_rows(text, _delimiter(text), source)
    _, header = next(rows, (1, []))
    names = [name.strip() for name in header]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise DocumentError(f"{source}, line 1: the column {doubled[0]!r} stands twice. Rename one of them.")
    question, answer = (names.index(name) for name in _columns(names, source, 1))
    for number, (line, row) in enumerate(rows, start=1):
        if len(row) != len(names):
            raise DocumentError(
                f"{source}, line {line}: {len(row)} columns instead of {len(names)}. "
                "Put quotes around a field that holds a comma or a line break."
            )
        yield Passage(f"{prefix}:{number}", row[question].strip(), row[answer].strip(), source)


def _parsed(content: str, source: str, line: int) -> dict[str, Any]:
    try:
        row = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DocumentError(
            f"{source}, line {line} is not JSON ({error}). One JSON object belongs on each line."
        ) from error
    if not isinstance(row, dict):
        raise DocumentError(f"{source}, line {line} is a JSON {type(row).__name__}, not an object with columns.")
    return row


def _text(row: dict[str, Any], column: str, source: str, line: int) -> str:
    value = row.get(column)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise DocumentError(f"{source}, line {line}: {column!r} is {value!r:.40}, not text. Put it in quotes.")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise DocumentError(
            f"{source}, line {line}: {column!r} holds half a character (a lone surrogate at {error.start}). "
            "Export the file again as UTF-8."
        ) from error
    return value.strip()


def _columns(names: Sequence[str], source: str, line: int) -> tuple[str, str]:
    """The columns that hold question and answer: the first known name wins, whatever its case."""
    by_name = {name.strip().casefold(): name for name in reversed(names)}
    question = next((by_name[known] for known in QUESTION if known in by_name), None)
    answer = next((by_name[known] for known in ANSWER if known in by_name), None)
    if question is None or answer is None:
        raise DocumentError(
            f"{source}, line {line}: no column for the {'question' if question is None else 'answer'} among "
            f"{', '.join(map(repr, names)) or 'none'}. "
            f"Name one of the columns {' / '.join(QUESTION)} and one {' / '.join(ANSWER)}."
        )
    return question, answer


def _delimiter(text: str) -> str:
    """The one of comma, semicolon and tab that cuts the header into the most columns."""
    header = text.split("\n", 1)[0]
    return max(",;\t", key=header.count)


def _csv_rows(text: str, delimiter: str, source: str) -> Iterator[tuple[int, list[str]]]:
    """Each row with the line on which it starts. Strict: an unclosed quote would swallow the rows after it."""
    # The limit belongs to the process; the text is in memory already, so a long field costs nothing more.
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise DocumentError(
                f"{source}, the row that starts on line {line} cannot be read ({error}). "
                "Look for a quote that is not closed or not doubled."
            ) from error
        if row is None:
            return
        if row:
            yield line, row
