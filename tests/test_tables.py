from pathlib import Path

import pytest

from support_agent.errors import BatchError
from support_agent.tables import read_layout, read_rows

TABLE = [("1", "hello"), ("007", "NA")]
LONG = "x" * 100_000

READABLE = {
    "comma": b"id,text\n1,hello\n007,NA\n",
    "semicolon": b"id;text\n1;hello\n007;NA\n",
    "tab": b"id\ttext\n1\thello\n007\tNA\n",
    "pipe": b"id|text\n1|hello\n007|NA\n",
    "carriage_returns": b"id,text\r1,hello\r007,NA\r",
    "windows_lines": b"id,text\r\n1,hello\r\n007,NA\r\n",
    "no_last_newline": b"id,text\n1,hello\n007,NA",
    "empty_lines": b"\nid,text\n\n1,hello\n007,NA\n\n\n",
    "byte_order_mark": b"\xef\xbb\xbfid,text\n1,hello\n007,NA\n",
    "two_byte_order_marks": b'\xef\xbb\xbf\xef\xbb\xbf"id",text\n1,hello\n007,NA\n',
    "utf16": "id,text\n1,hello\n007,NA\n".encode("utf-16"),
    "utf16_big": b"\xfe\xff" + "id,text\n1,hello\n007,NA\n".encode("utf-16-be"),
    "utf32": "id,text\n1,hello\n007,NA\n".encode("utf-32"),
}

CELLS = {
    "newline_in_quotes": ('id,text\n1,"a\r\nb\nc"\n', "a\r\nb\nc"),
    "doubled_quotes": ('id,text\n1,"say ""hi"" now"\n', 'say "hi" now'),
    "quote_inside_bare_cell": ('id,text\n1,5" screen\n', '5" screen'),
    "delimiter_in_quotes": ('id,text\n1,"a, b; c"\n', "a, b; c"),
    "long_cell": (f"id,text\n1,{LONG}\n", LONG),
    "line_separator": ("id,text\n1,a\u2028b\x85c\n", "a\u2028b\x85c"),
    "blanks_kept": ("id,text\n1,  a  \n", "  a  "),
}

REFUSED = {
    "empty": (b"", ["is empty"]),
    "only_blank_lines": (b"\n \n", ["is empty"]),
    "nul": (b"id,text\n1,a\x00b\n", ["line 2, column 4", "NUL"]),
    "utf16_without_mark": ("id,text\n1,hello\n".encode("utf-16-le"), ["line 1, column 2", "UTF-16", "iconv"]),
    "latin_1": ("id,text\n1,ok\n2,café\n".encode("latin-1"), ["line 3, column 6", "not valid UTF-8", "iconv"]),
    "cut_utf8": ("id,text\n1,é".encode()[:-1], ["line 2, column 3", "not valid UTF-8"]),
    "cut_utf16": ("id,text\n1,a".encode("utf-16")[:-1], ["line 2, column 3", "not valid UTF-16"]),
    "open_quote_at_end": (b'id,text\n1,fine\n2,"open\n3,swallowed\n', ["line 3, column 3", "never closed"]),
    "open_quote_then_quoted": (
        b'id,text\n1,"open\n2,"next"\n3,fine\n',
        ["line 2, column 3", "line 3, column 3", "in the middle of a cell"],
    ),
    "open_quote_in_header": (b'id,"text\n1,hello\n', ["line 1, column 4", "never closed"]),
    "text_after_quote": (b'id,text\n1,"say "hi" now"\n', ["line 2, column 3", "line 2, column 8"]),
    "other_delimiter_below": (b"id,text\n1;hello\n2;there\n", ["line 1", "has 2 columns", "one delimiter"]),
}


def write(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "in.csv"
    path.write_bytes(content)
    return path


def rows_of(path: Path) -> list[tuple[str, ...]]:
    return [row.cells for row in read_rows(read_layout(path, BatchError))]


@pytest.mark.parametrize("content", READABLE.values(), ids=READABLE.keys())
def test_reads_the_right_rows_however_they_are_written(tmp_path: Path, content: bytes) -> None:
    path = write(tmp_path, content)
    assert read_layout(path, BatchError).header == ("id", "text")
    assert rows_of(path) == TABLE


@pytest.mark.parametrize(("content", "cell"), CELLS.values(), ids=CELLS.keys())
def test_keeps_a_cell_as_it_is_written(tmp_path: Path, content: str, cell: str) -> None:
    assert rows_of(write(tmp_path, content.encode())) == [("1", cell)]


@pytest.mark.parametrize(("content", "parts"), REFUSED.values(), ids=REFUSED.keys())
def test_refuses_a_file_that_is_no_sound_table(tmp_path: Path, content: bytes, parts: list[str]) -> None:
    path = write(tmp_path, content)
    with pytest.raises(BatchError) as caught:
        rows_of(path)
    assert [part for part in [str(path), *parts] if part not in str(caught.value)] == []


def test_refuses_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BatchError, match="is not there"):
        read_layout(tmp_path / "absent.csv", BatchError)


def test_keeps_a_ragged_row_in_its_place_with_its_fault(tmp_path: Path) -> None:
    path = write(tmp_path, b'id,text\n1,fine\n2\n3,a,b,"c, d"\n4,fine\n')
    rows = list(read_rows(read_layout(path, BatchError)))
    assert [row.cells for row in rows] == [("1", "fine"), ("2", ""), ("3", "a"), ("4", "fine")]
    assert [row.fault for row in rows] == [
        "",
        "Line 3 has 1 cell where the header has 2.",
        'Line 4 has 4 cells where the header has 2. Not shown in a column: ["b", "c, d"]',
        "",
    ]


def test_a_ragged_row_that_swallowed_lines_says_so(tmp_path: Path) -> None:
    path = write(tmp_path, b'id,text,x\n0,fine,x\n1,"open,a\n2,",hello",b\n')
    faults = [row.fault for row in read_rows(read_layout(path, BatchError))]
    assert "Line 3 has 4 cells where the header has 3. The row runs to line 4: perhaps a quote" in faults[1]


def test_names_the_line_on_which_a_row_starts(tmp_path: Path) -> None:
    path = write(tmp_path, b'id,text\n1,"a\nb"\n\n2,c\n')
    assert [(row.number, row.line) for row in read_rows(read_layout(path, BatchError))] == [(1, 2), (2, 5)]


def test_reads_a_file_of_one_column_whatever_its_cells_hold(tmp_path: Path) -> None:
    path = write(tmp_path, b"question\nHow, as a user, do I log in?\nA; B | C?\n")
    assert rows_of(path) == [("How, as a user, do I log in?",), ("A; B | C?",)]


def test_names_a_wrong_byte_far_into_a_file(tmp_path: Path) -> None:
    path = write(tmp_path, b"id,text\n" + "1,naïve\n".encode() * 50_000 + b"2,caf\xe9\n")
    with pytest.raises(BatchError, match="line 50002, column 6"):
        rows_of(path)


def test_an_open_quote_in_a_large_file_is_found_without_reading_it_all(tmp_path: Path) -> None:
    path = write(tmp_path, b'id,text\n1,"open\n' + b"2,swallowed\n" * 2_000_000)
    with pytest.raises(BatchError, match=r"line 2, column 3: .* never closed within 16,777,216 characters"):
        rows_of(path)
