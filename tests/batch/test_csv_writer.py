import csv
import io
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from support_agent.batch import ADDED_COLUMNS
from support_agent.batch.csv_writer import CsvWriter
from support_agent.errors import BatchError
from support_agent.spreadsheet import defuse
from support_agent.tables import Layout

cells = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)


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
