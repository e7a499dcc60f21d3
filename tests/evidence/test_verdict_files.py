"""The spreadsheet that goes out to be read, and what comes back of it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support_agent.errors import CalibrationError
from support_agent.evidence.records import KnownTicket, Offer
from support_agent.evidence.standing import Sampled
from support_agent.evidence.verdict_files import ReadRow, VerdictFile, read_verdicts, verdict_of, write_to_read
from support_agent.records import Passage, Ticket
from support_agent.spreadsheet import text_hash, write_evidence

from .shop import Row, read_csv, without, write_csv

PASSAGE = Passage("docs:1", "Keys", "Open the API tab; keys are there.", "docs")
TICKET = Ticket("Where are my keys?", "Keys", "t7")
SENT = "Open the API tab, keys are there."
EVIDENCE = write_evidence(TICKET.words_key, "shop:abc", "p1", [PASSAGE])
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
# A row as batch writes it, with the two columns that a reader adds.
ROW: Row = {
    "id": "t7",
    "subject": "Keys",
    "description": "Where are my keys?",
    "sa_route": "human",
    "sa_answer": "Your message goes to a person.",
    "sa_language": "en",
    "sa_suggestion": SENT,
    "sa_evidence": EVIDENCE,
    "sa_score": "0.912345",
    "sa_sample": "0.123456789",
    "verdict": "right",
    "correct_answer": "",
    "why": "",
    "reader": "Ann",
}
READ = ReadRow(
    where="",
    key=TICKET.words_key,
    ticket=TICKET,
    language="en",
    index="shop:abc",
    parts="p1",
    sent=SENT,
    score=0.912345,
    answered=False,
    passages={"docs:1": text_hash(PASSAGE)},
    drawn=True,
    verdict="right",
    reader="Ann",
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "read.csv"


def comes_back(file: Path, *rows: Row, **form: str) -> VerdictFile:
    return read_verdicts(write_csv(file, rows or [ROW], **form))


def row_of(found: VerdictFile) -> ReadRow:
    """The only row, wherever it stood."""
    assert found.problems == ()
    (row,) = found.rows
    return replace(row, where="")


def problem(file: Path, **change: str) -> str:
    """What is said of a row with this change, without its place."""
    found = comes_back(file, {**ROW, **change})
    assert found.rows == ()
    (sentence,) = found.problems
    assert sentence.startswith(f"{file}, line 2: ")
    return sentence.removeprefix(f"{file}, line 2: ")


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ("right", "right Right RIGHT r R  right. 'right TRUE true ok OK yes y 1 ✓ ja sí vrai"),
        ("partly", "partly p PARTIAL ~ teilweise"),
        ("wrong", "wrong Wrong w W FALSE false no n 0 - ✗ nein faux"),
    ],
)
def test_a_reader_may_write_a_verdict_in_many_ways(verdict: str, words: str) -> None:
    assert [verdict_of(word) for word in words.split(" ") if word] == [verdict for word in words.split(" ") if word]


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("WAHR", "FALSCH"), ("VRAI", "FAUX"), ("VERDADERO", "FALSO")],
    ids=["German", "French", "Spanish"],
)
def test_a_ticked_box_is_a_verdict_in_any_edition_of_the_spreadsheet(right: str, wrong: str) -> None:
    assert (verdict_of(right), verdict_of(wrong)) == ("right", "wrong")


@pytest.mark.parametrize(
    ("cell", "verdict"), [("", ""), ("  \n", ""), ("maybe", None), ("2", None), ("right or wrong", None)]
)
def test_an_empty_cell_is_no_verdict_yet_and_any_other_word_none(cell: str, verdict: str | None) -> None:
    assert verdict_of(cell) == verdict


class TestWhatComesBack:
    def test_all_of_a_row_is_read(self, file: Path) -> None:
        assert row_of(comes_back(file)) == READ

    def test_where_it_stood_is_told(self, file: Path) -> None:
        found = comes_back(file, ROW, {**ROW, "verdict": "wrong"})
        assert [row.where for row in found.rows] == [f"{file}, line 2", f"{file}, line 3"]

    def test_of_an_answer_that_was_sent_the_answer_is_read(self, file: Path) -> None:
        sent = {**ROW, "sa_route": "answer", "sa_answer": SENT, "sa_suggestion": ""}
        assert row_of(comes_back(file, sent)) == replace(READ, answered=True)

    def test_a_row_that_nobody_has_read_keeps_its_offer(self, file: Path) -> None:
        assert row_of(comes_back(file, {**ROW, "verdict": " "})) == replace(READ, verdict="")

    def test_a_row_with_nothing_to_read_is_passed_over(self, file: Path) -> None:
        assert comes_back(file, {**ROW, "verdict": "", "sa_suggestion": ""}) == VerdictFile((), ())

    def test_what_the_reader_adds_is_kept(self, file: Path) -> None:
        row = row_of(comes_back(file, {**ROW, "correct_answer": " Under Keys. ", "why": "'-moved"}))
        assert (row.correct_answer, row.why) == ("Under Keys.", "-moved")

    @pytest.mark.parametrize("column", ["sa_sample", "sa_score", "sa_language", "reader", "why", "correct_answer"])
    def test_a_column_that_was_removed_is_missed_by_nobody(self, file: Path, column: str) -> None:
        change = {"sa_sample": {"drawn": False}, "sa_score": {"score": None}, "sa_language": {"language": "und"}}
        expected = replace(READ, **{**change, "reader": {"reader": ""}}.get(column, {}))  # type: ignore[arg-type]
        assert row_of(comes_back(file, without(column, ROW))) == expected

    def test_without_the_tickets_words_the_evidence_says_which_it_is(self, file: Path) -> None:
        assert row_of(comes_back(file, without("description", without("subject", ROW)))) == replace(READ, ticket=None)

    def test_words_that_are_no_longer_the_tickets_are_not_taken_for_it(self, file: Path) -> None:
        assert row_of(comes_back(file, {**ROW, "description": "Something else?"})) == replace(READ, ticket=None)

    def test_another_column_of_texts_may_be_named(self, file: Path) -> None:
        renamed = {**without("description", ROW), "Anliegen": ROW["description"]}
        mapping = {"text": "Anliegen", "subject": "subject", "id": "id"}
        assert row_of(read_verdicts(write_csv(file, [renamed]), mapping)) == READ


def sorted_by_verdict(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: row["verdict"])


def with_decimal_commas(rows: list[Row]) -> list[Row]:
    return [{**row, "sa_score": "0,912345", "sa_sample": "0,123456789"} for row in rows]


def with_apostrophes(rows: list[Row]) -> list[Row]:
    return [{**row, "verdict": f"'{row['verdict']}", "sa_score": "'0.912345", "sa_sample": "'0.1"} for row in rows]


def with_short_numbers(rows: list[Row]) -> list[Row]:
    return [{**row, "sa_score": "9.12345E-01", "sa_sample": "1.23E-01"} for row in rows]


def with_booleans(rows: list[Row]) -> list[Row]:
    return [{**row, "verdict": {"right": "TRUE", "wrong": "FALSE"}[row["verdict"]]} for row in rows]


def in_upper_case(rows: list[Row]) -> list[Row]:
    return [{key.upper(): value for key, value in {**row, "verdict": row["verdict"].upper()}.items()} for row in rows]


def with_cut_evidence(rows: list[Row]) -> list[Row]:
    return [{**row, "sa_evidence": row["sa_evidence"][:100]} for row in rows]


def as_it_was(rows: list[Row]) -> list[Row]:
    return rows


EXCEL = [
    pytest.param(sorted_by_verdict, {}, {}, id="sorted rows"),
    pytest.param(with_decimal_commas, {}, {}, id="decimal commas"),
    pytest.param(with_decimal_commas, {"delimiter": ";"}, {}, id="semicolons and decimal commas"),
    pytest.param(with_apostrophes, {}, {}, id="apostrophes"),
    pytest.param(with_short_numbers, {}, {}, id="scientific numbers"),
    pytest.param(with_booleans, {}, {}, id="TRUE and FALSE"),
    pytest.param(in_upper_case, {}, {}, id="upper case"),
    pytest.param(as_it_was, {"encoding": "utf-8-sig"}, {}, id="a byte order mark"),
    pytest.param(as_it_was, {"encoding": "utf-16"}, {}, id="UTF-16"),
    pytest.param(as_it_was, {"delimiter": "\t"}, {}, id="tabs"),
    pytest.param(as_it_was, {"lineterminator": "\n"}, {}, id="Unix line ends"),
    pytest.param(with_cut_evidence, {}, {"index": "", "parts": "", "passages": {}}, id="cut evidence"),
]


@pytest.mark.parametrize(("change", "form", "lost"), EXCEL)
def test_what_excel_does_to_a_file_changes_no_verdict(
    file: Path, change: Callable[[list[Row]], list[Row]], form: dict[str, str], lost: dict[str, object]
) -> None:
    other = Ticket("Who pays?", "Money", "t8")
    second = {
        **ROW,
        "id": other.ticket_id,
        "subject": other.subject,
        "description": other.text,
        "verdict": "wrong",
        "sa_evidence": write_evidence(other.words_key, "shop:abc", "p1", [PASSAGE]),
    }
    found = read_verdicts(write_csv(file, change([second, ROW]), **form))
    expected = replace(READ, **lost)  # type: ignore[arg-type]
    assert found.problems == ()
    assert sorted((replace(row, where="") for row in found.rows), key=lambda row: row.verdict) == [
        expected,
        replace(expected, key=other.words_key, ticket=other, verdict="wrong"),
    ]


def test_line_ends_inside_a_ticket_that_excel_rewrites_lose_no_verdict(file: Path) -> None:
    ticket = Ticket("Where are my keys?\r\nI need them.", "Keys", "t7")
    evidence = write_evidence(ticket.words_key, "shop:abc", "p1", [PASSAGE])
    saved = {**ROW, "description": "Where are my keys?\nI need them.", "sa_evidence": evidence}
    row = row_of(comes_back(file, saved))
    assert row.key == ticket.words_key
    assert row.ticket is not None


class TestRowThatCannotBeUsed:
    def test_a_verdict_that_is_none(self, file: Path) -> None:
        found = comes_back(file, {**ROW, "verdict": " Maybe "})
        assert found.problems == (
            f"{file}, line 2: 'Maybe' is no verdict, so that the answer counts as not read. Write right, wrong or "
            "partly, or r, w or p.",
        )
        assert [row.verdict for row in found.rows] == [""]

    def test_a_verdict_on_nothing(self, file: Path) -> None:
        assert problem(file, sa_suggestion="") == "a verdict, and no answer or suggestion that it could be about."

    def test_a_ticket_that_nothing_names(self, file: Path) -> None:
        cut = {**without("description", ROW), "sa_evidence": EVIDENCE[:50]}
        assert comes_back(file, cut).problems == (
            f"{file}, line 2: neither sa_evidence nor a column of texts says which ticket this is. Name it: --map "
            "text=COLUMN",
        )

    @pytest.mark.parametrize("score", ["912.345", "-1", "nan"])
    def test_a_score_that_cannot_be(self, file: Path, score: str) -> None:
        found = comes_back(file, {**ROW, "sa_score": score})
        assert found.problems == (
            f"{file}, line 2: sa_score is '{score}', and lies between 0 and 1 where it is as written.",
        )
        assert [(row.score, row.verdict) for row in found.rows] == [(None, "right")]

    def test_a_row_of_another_width(self, file: Path) -> None:
        write_csv(file, [ROW])
        file.write_text(f"{file.read_text('utf-8')}t8,Keys,Where?\n", "utf-8")
        found = read_verdicts(file)
        assert len(found.rows) == 1
        assert found.problems == (f"{file}, line 3: Line 3 has 3 cells where the header has {len(ROW)}.",)

    def test_one_bad_row_keeps_no_other_from_being_used(self, file: Path) -> None:
        found = comes_back(file, {**ROW, "verdict": "?"}, ROW)
        assert ([row.verdict for row in found.rows], len(found.problems)) == (["", "right"], 1)


class TestFileThatCannotBeUsed:
    @pytest.mark.parametrize(
        ("rows", "words"),
        [
            ([without("verdict", ROW)], "has no column 'verdict'. Add one, and write right, wrong or partly into it"),
            (
                [without("sa_suggestion", without("sa_answer", ROW))],
                "has no column 'sa_suggestion' or 'sa_answer': it is not a file that `support-agent batch` or "
                "`support-agent certify` wrote",
            ),
        ],
        ids=["no column for verdicts", "a file that batch did not write"],
    )
    def test_a_column_that_is_wanting_is_named(self, file: Path, rows: list[Row], words: str) -> None:
        with pytest.raises(CalibrationError, match=words):
            comes_back(file, *rows)

    def test_two_columns_for_verdicts_are_one_too_many(self, file: Path) -> None:
        with pytest.raises(CalibrationError, match=r"read\.csv, line 1: the column 'verdict' stands twice"):
            comes_back(file, {**ROW, "Verdict ": "wrong"})

    def test_a_file_that_is_not_there_is_named(self, file: Path) -> None:
        with pytest.raises(CalibrationError, match=r"read\.csv is not there"):
            read_verdicts(file)

    def test_an_excel_workbook_is_named(self, file: Path) -> None:
        file.write_bytes(b"PK\x03\x04\x14\x00\x06\x00" + b"\0" * 100)
        with pytest.raises(CalibrationError, match=r"read\.csv"):
            read_verdicts(file)

    def test_a_named_column_that_is_not_there_is_an_error(self, file: Path) -> None:
        with pytest.raises(CalibrationError, match="has no column 'Anliegen'"):
            read_verdicts(write_csv(file, [ROW]), {"text": "Anliegen"})


def to_read(ticket: Ticket, sent: str) -> Sampled:
    offer = Offer(ticket.words_key, sent, 0.7, {}, {"docs:1": text_hash(PASSAGE)})
    return Sampled(KnownTicket(ticket, 1, "en"), offer, 0.7123456, None)


class TestWriting:
    def write(self, file: Path, *rows: Sampled) -> list[Row]:
        write_to_read(file, rows, {"docs:1": PASSAGE}, "shop:abc", "p1")
        return read_csv(file)

    def test_rows_stand_in_the_order_given_with_room_for_verdicts(self, file: Path) -> None:
        written = self.write(file, to_read(TICKET, SENT), to_read(Ticket("Who pays?"), "You."))
        assert [row["description"] for row in written] == ["Where are my keys?", "Who pays?"]
        assert written[0] == {
            "id": "t7",
            "subject": "Keys",
            "description": "Where are my keys?",
            "verdict": "",
            "correct_answer": "",
            "why": "",
            "sa_suggestion": SENT,
            "sa_evidence": EVIDENCE,
            "sa_score": "0.712346",
            "sa_sample": f"{TICKET.sample:.9f}",
        }

    def test_passages_stand_in_it_the_best_first(self, file: Path) -> None:
        passages = {name: Passage(name, "", name, "docs") for name in ("b", "a", "c")}
        one = to_read(TICKET, SENT)
        offer = replace(one.offer, passages={name: text_hash(passages[name]) for name in ("b", "a", "c")})
        write_to_read(file, [replace(one, offer=offer)], passages, "shop:abc", "p1")
        (row,) = read_verdicts(write_csv(file, [{**read_csv(file)[0], "verdict": "r"}])).rows
        assert list(row.passages) == ["b", "a", "c"]

    def test_a_formula_is_defused(self, file: Path) -> None:
        (row,) = self.write(file, to_read(Ticket("=HYPERLINK(1)", "@here"), "+evil()"))
        assert (row["description"], row["subject"], row["sa_suggestion"]) == ("'=HYPERLINK(1)", "'@here", "'+evil()")

    def test_a_file_that_may_hold_verdicts_is_not_written_over(self, file: Path) -> None:
        file.write_text("mine")
        with pytest.raises(CalibrationError, match=r"read\.csv is there already, and may hold verdicts"):
            self.write(file, to_read(TICKET, SENT))
        assert file.read_text() == "mine"

    def test_a_place_that_cannot_be_written_is_named(self, file: Path) -> None:
        file.touch()
        with pytest.raises(CalibrationError, match=r"read\.csv cannot be written: "):
            self.write(file / "read.csv", to_read(TICKET, SENT))

    def test_half_a_character_of_a_generator_stops_nothing(self, file: Path) -> None:
        (row,) = self.write(file, to_read(TICKET, "half \ud83d"))
        assert row["sa_suggestion"] == "half ?"

    @pytest.mark.parametrize("evidence", [EVIDENCE, EVIDENCE[:50]], ids=["whole", "cut"])
    def test_a_ticket_with_a_subject_comes_back_though_its_evidence_was_cut(self, file: Path, evidence: str) -> None:
        (row,) = self.write(file, to_read(TICKET, SENT))
        back = row_of(comes_back(file, {**row, "verdict": "right", "sa_evidence": evidence}))
        assert (back.key, back.ticket) == (TICKET.words_key, TICKET)

    @settings(deadline=None)
    @given(TEXT, TEXT, TEXT)
    def test_any_ticket_comes_back_as_it_went_out(
        self, tmp_path_factory: pytest.TempPathFactory, subject: str, text: str, sent: str
    ) -> None:
        ticket = Ticket(f"{text}.", subject, "t7")
        file = tmp_path_factory.mktemp("any") / "read.csv"
        (row,) = self.write(file, to_read(ticket, f"{sent}."))
        (back,) = read_verdicts(write_csv(file, [{**row, "verdict": "right"}])).rows
        assert (back.key, back.sent.split(), back.verdict) == (ticket.words_key, f"{sent}.".split(), "right")
        assert (back.index, back.parts, back.drawn) == ("shop:abc", "p1", True)
