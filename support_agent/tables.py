"""A CSV file as a helpdesk or spreadsheet wrote it → its layout and rows, or one error with file, line and column.

The standard library splits the cells; what it lets pass is checked here: quotes that swallow rows, NULs, ragged rows,
other encodings, other delimiters. Lines of nothing at all are not rows. What a column means is decided elsewhere.
"""

from __future__ import annotations

import codecs
import csv
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

from support_agent.errors import SupportAgentError
from support_agent.wording import counted

# Far above any ticket, and low enough that a quote left open at the top of a large file cannot fill the memory.
MAX_CELL_CHARS = 16 * 1024 * 1024
DELIMITERS = (",", ";", "\t", "|")
SAMPLE_ROWS = 50
# A file of one column has no delimiter, and its cells may hold any of the usual ones without quotes.
_NO_DELIMITER = "\x1f"
# The mark of UTF-32 begins with that of UTF-16, so it is looked for first.
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class Layout:
    """How a file is written, and the class of error that is raised over it.

    ``encoding`` is a codec that also eats the byte order mark, where there is one.
    """

    path: Path
    encoding: str
    delimiter: str
    newline: str
    header: tuple[str, ...]
    error: type[SupportAgentError]

    @property
    def has_byte_order_mark(self) -> bool:
        """Whether the file began with one; Excel needs it to read UTF-8."""
        return self.encoding != "utf-8"

    @property
    def output_delimiter(self) -> str:
        """What separates the columns once there are several."""
        return "," if self.delimiter == _NO_DELIMITER else self.delimiter


@dataclass(frozen=True)
class TableRow:
    """One row, its cells as many as the header's.

    ``number`` counts rows from 1; ``line`` is where it starts in the file. ``fault`` says why the row cannot be
    trusted, and is empty for a sound one.
    """

    number: int
    line: int
    cells: tuple[str, ...]
    fault: str = ""


def read_layout(path: Path, error: type[SupportAgentError]) -> Layout:
    """Find out encoding, delimiter and header.

    Raises:
        error: the file is missing, empty, or not one table.
    """
    if not path.is_file():
        raise error(f"{path} is not there, or not a file. Check the name.")
    file = _File(path, _encoding(path, error), error)
    first = next((line for line in _lines(file) if line.strip()), None)
    if first is None:
        raise error(f"{path} is empty. It needs a header line and rows below it.")
    delimiter = _sniff_delimiter(file, first)
    header = next(_sound_records(file, delimiter)).cells
    newline = "\r\n" if first.endswith("\r\n") else "\n"
    return Layout(path, file.encoding, delimiter, newline, tuple(header), error)


def read_rows(layout: Layout) -> Iterator[TableRow]:
    """Read row after row; a row of the wrong width is kept, with its fault.

    Raises:
        SupportAgentError: from here on the file's structure cannot be trusted; of the layout's class.
    """
    width = len(layout.header)
    records = _sound_records(_File(layout.path, layout.encoding, layout.error), layout.delimiter)
    for number, record in enumerate(islice(records, 1, None), 1):
        if len(record.cells) == width:
            yield TableRow(number, record.line, tuple(record.cells))
        else:
            yield _ragged(number, record, width)


class _File(NamedTuple):
    path: Path
    encoding: str
    error: type[SupportAgentError]


def _ragged(number: int, record: _Record, width: int) -> TableRow:
    cells = record.cells
    fault = f"Line {record.line} has {counted(len(cells), 'cell')} where the header has {width}."
    if record.last_line > record.line:
        fault += f" The row runs to line {record.last_line}: perhaps a quote is missing in it."
    if len(cells) > width:
        # They have no column to stand in; said here, nothing of the row is lost.
        fault += f" Not shown in a column: {json.dumps(cells[width:], ensure_ascii=False)}"
    padded = (*cells[:width], *[""] * (width - len(cells)))
    return TableRow(number, record.line, padded, fault)


def _encoding(path: Path, error: type[SupportAgentError]) -> str:
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as problem:
        raise error(f"{path} cannot be read: {problem.strerror}.") from problem
    return next((encoding for mark, encoding in _BYTE_ORDER_MARKS if start.startswith(mark)), "utf-8")


def _sniff_delimiter(file: _File, first_line: str) -> str:
    """The delimiter with which most of the first rows are as wide as the header, the widest header first."""
    samples = {delimiter: _sample(file, delimiter) for delimiter in DELIMITERS}
    tables = {delimiter: records for delimiter, records in samples.items() if records and len(records[0]) > 1}
    if not tables:
        # A header that a delimiter breaks is read with it once more, for the error; else there is one column.
        broken = (delimiter for delimiter in DELIMITERS if delimiter in first_line and not samples[delimiter])
        return next(broken, _NO_DELIMITER)
    best = max(tables, key=lambda delimiter: (_fitting(tables[delimiter]), len(tables[delimiter][0])))
    rows = tables[best][1:]
    if rows and not any(len(row) == len(tables[best][0]) for row in rows):
        raise file.error(
            f"{file.path}, line 1: the header has {len(tables[best][0])} columns and not one of the first rows has as "
            "many (tried comma, semicolon, tab and pipe). Check the header, and that one delimiter is used throughout."
        )
    return best


def _sample(file: _File, delimiter: str) -> list[list[str]]:
    """The first records; those before the first broken one, because a wrong delimiter breaks quotes too."""
    records: list[list[str]] = []
    with suppress(_BrokenQuotesError):
        for record in islice(_records(file, delimiter), SAMPLE_ROWS + 1):
            records.append(record.cells)
    return records


def _fitting(records: list[list[str]]) -> float:
    return sum(len(row) == len(records[0]) for row in records[1:]) / max(1, len(records) - 1)


class _BrokenQuotesError(Exception):
    """Quotes that do not add up with this delimiter."""


class _Record(NamedTuple):
    line: int
    last_line: int
    cells: list[str]


def _sound_records(file: _File, delimiter: str) -> Iterator[_Record]:
    try:
        yield from _records(file, delimiter)
    except _BrokenQuotesError as problem:
        raise file.error(str(problem)) from problem


def _records(file: _File, delimiter: str) -> Iterator[_Record]:
    """Each record that is not an empty line, with the lines it takes."""
    pending: list[str] = []

    def lines() -> Iterator[str]:
        for line in _lines(file):
            pending.append(line)
            yield line

    # The limit belongs to the process, not to a reader; the library's own is 131,072.
    csv.field_size_limit(max(csv.field_size_limit(), MAX_CELL_CHARS))
    reader = csv.reader(lines(), delimiter=delimiter, strict=True)
    while True:
        start = reader.line_num + 1
        pending.clear()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            raise _broken_quotes(file.path, start, "".join(pending), delimiter) from problem
        if cells:
            yield _Record(start, reader.line_num, cells)


def _lines(file: _File) -> Iterator[str]:
    """Physical lines with their ends. Only a quoted cell may run over several of them."""
    path, number = file.path, 0
    try:
        with path.open(encoding=file.encoding, newline="") as lines:
            while line := lines.readline(MAX_CELL_CHARS):
                number += 1
                if "\0" in line:
                    raise file.error(
                        f"{path}, line {number}, column {line.index(chr(0)) + 1}: a NUL character. The file is "
                        "damaged, or UTF-16 without a byte order mark; then mend it with "
                        f"`iconv -f UTF-16LE -t UTF-8 {path} > {path.stem}.utf8.csv`."
                    )
                if len(line) == MAX_CELL_CHARS:
                    raise file.error(
                        f"{path}, line {number}, column 1: the line is over {MAX_CELL_CHARS:,} characters."
                    )
                # The codec eats one byte order mark; a tool that put its own before another's leaves the second.
                yield line.lstrip("\ufeff") if number == 1 else line
    except UnicodeDecodeError as problem:
        raise _wrong_encoding(file) from problem
    except OSError as problem:
        raise file.error(f"{path} cannot be read after line {number}: {problem.strerror}.") from problem


def _wrong_encoding(file: _File) -> SupportAgentError:
    """Find the place: the text layer decodes in blocks and does not say in which line it failed."""
    path, encoding, error = file
    decoder = codecs.getincrementaldecoder(encoding)()
    line, column = 1, 1
    with path.open("rb") as content:
        for block in chain(iter(lambda: content.read(1 << 16), b""), [b""]):
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError as problem:
                text = problem.object[: problem.start].decode(problem.encoding)
                line, column = _advance(line, column, text)
                break
            line, column = _advance(line, column, text)
    return error(
        f"{path}, line {line}, column {column}: not valid {encoding.upper().removesuffix('-SIG')}. Save the file as "
        f"“CSV UTF-8”, or mend it with `iconv -f WINDOWS-1252 -t UTF-8 {path} > {path.stem}.utf8.csv`."
    )


def _advance(line: int, column: int, text: str) -> tuple[int, int]:
    """Where one stands after ``text``; lines end as for ``_lines``."""
    ends = text.replace("\r\n", "\n").replace("\r", "\n")
    last = ends.rfind("\n")
    return (line, column + len(ends)) if last < 0 else (line + ends.count("\n"), len(ends) - last)


def _broken_quotes(path: Path, start: int, text: str, delimiter: str) -> _BrokenQuotesError:
    """Say where the cell opened whose quotes do not add up; ``text`` is the record so far, from line ``start`` on."""
    opened, trouble = _walk_quotes(text, delimiter)
    line, column = _advance(start, 1, text[:opened])
    place = f"{path}, line {line}, column {column}"
    if trouble is None:
        limit = f" within {MAX_CELL_CHARS:,} characters" if len(text) > MAX_CELL_CHARS else ""
        return _BrokenQuotesError(
            f"{place}: the quote that opens here is never closed{limit}, so the rows after it cannot be told apart. "
            "Close it, or double it if it belongs to the text."
        )
    other_line, other_column = _advance(start, 1, text[:trouble])
    return _BrokenQuotesError(
        f"{place}: the quote that opens here is closed on line {other_line}, column {other_column} in the middle of a "
        "cell, so the rows cannot be told apart. Close the cell's quote where it ends, and double quotes inside it."
    )


def _walk_quotes(text: str, delimiter: str) -> tuple[int, int | None]:
    """Offsets of the last cell's opening quote and of the quote that closes it too early, if one does."""
    ends = (delimiter, "\r", "\n")
    at = opened = 0
    while at < len(text):
        if text[at] != '"':
            at = min((found for end in ends if (found := text.find(end, at)) >= 0), default=len(text)) + 1
            continue
        opened = at
        close = text.find('"', at + 1)
        while close >= 0 and text[close + 1 : close + 2] == '"':
            close = text.find('"', close + 2)
        if close < 0:
            return opened, None
        if text[close + 1 : close + 2] not in ("", *ends):
            return opened, close
        at = close + 2
    return opened, None
