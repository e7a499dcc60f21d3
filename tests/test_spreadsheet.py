"""Cells that a spreadsheet may run, cut or write its own way, and what is read back of them."""

import csv
import io
import json
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from support_agent import Agent, Passage
from support_agent.spreadsheet import (
    EvidenceCell,
    as_it_was,
    defuse,
    evidence_of_reply,
    read_evidence,
    read_number,
    text_hash,
    write_evidence,
)

from .conftest import PASSAGES

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
# What a formula begins with, so that many cells are defused.
formulas = st.builds(
    "{}{}{}".format, st.sampled_from(["", " ", "\t", "\u200b", "\r"]), st.sampled_from("=+-@＝'"), cells
)


@pytest.mark.parametrize("cell", FORMULAS.values(), ids=FORMULAS.keys())
def test_a_cell_that_would_run_as_a_formula_gets_an_apostrophe(cell: str) -> None:
    assert defuse(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", HARMLESS)
def test_plain_numbers_and_texts_stay_as_they_are(cell: str) -> None:
    assert defuse(cell) == cell


@given(cells | formulas)
def test_no_cell_comes_out_with_a_sign_first_unless_it_is_a_number(cell: str) -> None:
    first = defuse(cell).lstrip()[:1]
    assert first not in tuple("=+-@") or re.fullmatch(r"\s*([+-][0-9 .,]*[0-9]%?|[+-]+)\s*", cell)


@given(cells | formulas)
def test_a_cell_that_was_written_is_read_as_it_was(cell: str) -> None:
    assume(not cell.startswith("'"))  # an apostrophe of the customer's own before a formula cannot be told from ours
    assert as_it_was(defuse(cell)) == cell


@pytest.mark.parametrize("cell", ["'Tis late", "'", "''", "'5", "'-5"])
def test_an_apostrophe_that_defuses_nothing_stays(cell: str) -> None:
    assert as_it_was(defuse(cell)) == cell


def test_what_is_written_for_evidence_is_read_back() -> None:
    cell = write_evidence("k" * 64, "shop:1", "abc", PASSAGES)
    hashes = {passage.passage_id: text_hash(passage) for passage in PASSAGES}
    assert read_evidence(cell) == EvidenceCell("k" * 64, "shop:1", "abc", hashes)


def test_a_cell_of_evidence_shows_the_passages_to_whoever_reads() -> None:
    [shown] = json.loads(write_evidence("k", "shop:1", "abc", PASSAGES[:1]))["passages"]
    assert (shown["id"], shown["title"], shown["text"]) == ("docs:1", PASSAGES[0].title, PASSAGES[0].text)


@given(st.integers(min_value=0))
def test_nothing_is_read_of_a_cell_that_was_cut(length: int) -> None:
    cell = write_evidence("k" * 64, "shop:1", "abc", PASSAGES)
    assert read_evidence(cell[: length % len(cell)]) == EvidenceCell()


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "seen",
        "[]",
        "7",
        '"text"',
        "{}",
        '{"ticket": "k", "index": "i", "parts": "p"}',
        '{"ticket": "k", "index": "i", "parts": "p", "passages": 3}',
        '{"ticket": "k", "index": "i", "parts": "p", "passages": [{"id": "docs:1"}]}',
        "[" * 100_000,
    ],
    ids=["emptied", "written over", "list", "number", "text", "no keys", "no passages", "count", "no hash", "too deep"],
)
def test_nothing_is_read_of_a_cell_that_says_something_else(cell: str) -> None:
    assert read_evidence(cell) == EvidenceCell()


def test_three_long_passages_fit_into_a_cell_that_excel_keeps_whole() -> None:
    long = [Passage(f"docs:{number}", "Title", "word " * 20_000, "docs") for number in range(3)]
    assert len(write_evidence("k" * 64, "shop:1", "abc", long)) < 32_767


def test_the_hash_of_a_long_passage_is_that_of_all_its_text() -> None:
    first, second = (Passage("docs:1", "Title", "word " * 20_000 + end, "docs") for end in ("one", "two"))
    assert read_evidence(write_evidence("k", "i", "p", [first])) != read_evidence(
        write_evidence("k", "i", "p", [second])
    )


@pytest.mark.parametrize(
    ("title", "text", "same"),
    [("T", "x", True), ("U", "x", False), ("T", "y", False), ("T\nx", "", False)],
    ids=["the same", "another title", "another text", "cut elsewhere"],
)
def test_the_hash_of_a_passage_is_of_what_it_says(title: str, text: str, same: bool) -> None:
    told = text_hash(Passage("docs:1", "T", "x", "docs", score=0.9))
    assert (text_hash(Passage("docs:2", title, text, "other")) == told) is same


def test_the_evidence_of_a_reply_is_that_of_its_passages_index_and_parts(agent: Agent) -> None:
    reply = agent.ask("How do I get an API key?").to_dict()
    found = read_evidence(evidence_of_reply("k", reply, ("run", 7)))
    assert (found.ticket, found.index, found.parts) == ("k", "lamini_docs:words", reply["versions"]["parts"])
    assert found.batch == ("run", 7)
    assert found.passages == {passage.passage_id: text_hash(passage) for passage in PASSAGES}


@given(cells, cells)
def test_evidence_comes_back_through_a_csv(title: str, text: str) -> None:
    passage = Passage("docs:1", title, text, "docs")
    file = io.StringIO()
    csv.writer(file).writerow([defuse(write_evidence("k", "i", "p", [passage]))])
    [[cell]] = csv.reader(io.StringIO(file.getvalue(), newline=""))
    assert read_evidence(cell).passages == {"docs:1": text_hash(passage)}


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("0.481226", 0.481226),
        ("0,481226", 0.481226),
        ("'0.481226", 0.481226),
        (" 0,5 ", 0.5),
        ("4,8E-05", 4.8e-05),
        ("1", 1.0),
        ("", None),
        ("  ", None),
        ("half", None),
        ("50%", None),
        ("1.234,5", None),
    ],
    ids=str,
)
def test_a_number_is_read_as_a_spreadsheet_may_have_written_it(cell: str, number: float | None) -> None:
    assert read_number(cell) == number


@given(st.floats(0, 1))
def test_a_score_is_read_as_it_was_written_with_a_decimal_comma_or_point(score: float) -> None:
    written = f"{score:.6f}"
    assert read_number(written) == read_number(written.replace(".", ",")) == float(written)
