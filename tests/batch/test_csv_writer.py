import csv
import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_agent.batch import ADDED_COLUMNS, defuse
from support_agent.batch.csv_writer import CsvWriter
from support_agent.errors import BatchError
from support_agent.tables import Layout

FORMULAS = {
    "equals": "=1+1",
    "plus": "+A1",
    "minus": "-A1",
    "at": "@SUM(A1)",
    "tab": "\tx",
    "carriage_return": "\rx",
    "after_blanks": "  =1+1",
    "after_newline": "\n=1+1",
    "after_byte_order_mark": "\ufeff=1+1",
    "after_zero_width_space": "\u200b=1+1",
    "full_width_equals": "＝1+1",
    "full_width_plus": "＋A1",
    "full_width_minus": "－A1",
    "full_width_at": "＠SUM(A1)",
    "small_equals": "﹦1+1",
    "computed_number": "-2+3",
    "dashed_phone": "+49-170-123",
    "number_then_newline": "-1\n=2",
}
HARMLESS = ["", "NA", "007", "-5", "+5", "-1.234,50", "-3%", "+49 170 1234567", "-", "---", "a=b", "'=1", "1-2", " -5 "]

cells = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)


@pytest.mark.parametrize("cell", FORMULAS.values(), ids=FORMULAS.keys())
def test_a_cell_that_would_run_as_a_formula_gets_an_apostrophe(cell: str) -> None:
    assert defuse(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", HARMLESS)
def test_plain_numbers_and_texts_stay_as_they_are(cell: str) -> None:
    assert defuse(cell) == cell


@given(cells)
def test_no_cell_comes_out_with_a_sign_first_unless_it_is_a_number(cell: str) -> None:
    first = defuse(cell).lstrip()[:1]
    assert first not in tuple("=+-@") or re.fullmatch(r"\s*([+-][0-9 .,]*[0-9]%?|[+-]+)\s*", cell)


@given(
    st.lists(st.tuples(cells, cells), max_size=5),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_what_is_written_is_read_back(rows: list[tuple[str, str]], delimiter: str, newline: str) -> None:
    file = io.BytesIO()
    writer = CsvWriter(file, Layout(Path("in.csv"), "utf-8", delimiter, newline, ("a", "b"), BatchError))
    for row in rows:
        writer.write(row, [""] * len(ADDED_COLUMNS))
    read = list(csv.reader(io.StringIO(file.getvalue().decode(), newline=""), delimiter=delimiter, strict=True))
    assert [row[:2] for row in read[1:]] == [[defuse(cell) for cell in row] for row in rows]


def test_half_a_surrogate_pair_from_a_generator_does_not_stop_the_file() -> None:
    file = io.BytesIO()
    CsvWriter(file, Layout(Path("in.csv"), "utf-8", ",", "\n", ("a",), BatchError)).write(["x"], ["\ud83d"])
    assert file.getvalue().endswith(b"x,?\n")
