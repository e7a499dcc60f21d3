"""Question/answer files, row by row."""

from pathlib import Path

import pytest

from support_agent.errors import DocumentError
from support_agent.records import Passage
from support_agent.retrieval import read_sources


def rows(tmp_path: Path, name: str, content: str | bytes) -> list[tuple[str, str]]:
    return [(passage.title, passage.text) for passage in passages(tmp_path, name, content)]


def passages(tmp_path: Path, name: str, content: str | bytes) -> tuple[Passage, ...]:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_sources([path])[0].passages


@pytest.mark.parametrize(
    "content",
    [
        "question,answer\nWhy?,Because.\n",
        "Question , ANSWER\nWhy?,Because.\n",
        "id,prompt,response\n1,Why?,Because.\n",
        "title;body\nWhy?;Because.\n",
        "title\ttext\nWhy?\tBecause.\n",
        "\ufeffquestion,answer\r\nWhy?,Because.\r\n",
        'question,answer\n"Why?","Because."',
        "question,answer\n\nWhy?,Because.\n\n",
        "question|answer\nWhy?|Because.\n",
        "question,answer\nWhy?,Because.\n".encode("utf-16"),
        "question,answer\nWhy?,Because.\n".encode("utf-32"),
    ],
    ids=[
        "plain",
        "case and spaces",
        "other names",
        "semicolon",
        "tab",
        "BOM and CRLF",
        "quoted",
        "blank lines",
        "pipe",
        "UTF-16",
        "UTF-32",
    ],
)
def test_reads_csv(tmp_path: Path, content: str | bytes) -> None:
    assert rows(tmp_path, "faq.csv", content) == [("Why?", "Because.")]


def test_a_quoted_csv_field_may_hold_line_breaks_and_commas(tmp_path: Path) -> None:
    assert rows(tmp_path, "faq.csv", 'question,answer\n"Why,\nso?","He said ""so""."\n') == [
        ("Why,\nso?", 'He said "so".')
    ]


@pytest.mark.parametrize(
    "content",
    [
        '{"question": "Why?", "answer": "Because."}\n',
        '{"Prompt": "Why?", "Response": "Because."}',
        '\n{"question": " Why? ", "answer": "Because.\\n", "id": 7}\n\n',
        '\ufeff{"title": "Why?", "text": "Because."}\r\n',
    ],
    ids=["plain", "other names", "spaces, blank lines, more columns", "BOM and CRLF"],
)
def test_reads_jsonl(tmp_path: Path, content: str) -> None:
    assert rows(tmp_path, "faq.jsonl", content) == [("Why?", "Because.")]


def test_a_line_separator_inside_a_json_text_ends_no_line(tmp_path: Path) -> None:
    assert rows(tmp_path, "faq.jsonl", '{"question": "a\u2028b", "answer": "c\x85d"}') == [("a\u2028b", "c\x85d")]


def test_jsonl_ids_are_lines_and_csv_ids_are_rows(tmp_path: Path) -> None:
    lines = passages(tmp_path, "a.jsonl", '\n{"question": "q", "answer": "a"}\n')
    records = passages(tmp_path, "b.csv", "question,answer\nq,a\nq,b\n")

    assert [one.passage_id for one in (*lines, *records)] == ["a:2", "b:1", "b:2"]


def test_a_row_may_bring_its_own_id_and_source(tmp_path: Path) -> None:
    content = '{"passage_id": "kb-7", "source": "kb", "question": "q", "answer": "a"}'

    assert passages(tmp_path, "a.jsonl", content) == (Passage("kb-7", "q", "a", "kb"),)


def test_an_empty_value_is_kept_for_the_sifting(tmp_path: Path) -> None:
    assert rows(tmp_path, "a.jsonl", '{"question": null, "answer": "a"}') == [("", "a")]


def test_a_long_answer_is_one_field(tmp_path: Path) -> None:
    answer = "a" * 140_000
    assert rows(tmp_path, "a.csv", f"question,answer\nq,{answer}\n") == [("q", answer)]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", '{"question": "q", "answer": "a"}\n{"question"', r"a\.jsonl, line 2: not JSON"),
        ("a.jsonl", "[1, 2]", r"line 1: not a JSON object"),
        ("a.jsonl", '{"question": 3, "answer": "a"}', r"line 1: 'question' must be a string, not 3"),
        ("a.jsonl", '{"q": "x", "answer": "a"}', r"line 1: no column for the question among 'q', 'answer'"),
        ("a.jsonl", '{"question": "\\ud800", "answer": "a"}', r"line 1: 'question' holds half a character"),
        ("a.jsonl", "[" * 100_000, r"line 1: not JSON"),
        ("a.csv", "question,reply\nq,a\n", r"line 1: no column for the answer among 'question', 'reply'"),
        ("a.csv", "", r"a\.csv is empty"),
        ("a.csv", "question,answer,answer\n", r"line 1: the column 'answer' stands twice"),
        ("a.csv", "question,answer\nq,a\nq,a,b\n", r"Line 3 has 3 cells where the header has 2\..*Put quotes around"),
        ("a.csv", "question,answer\nq,a\nq\n", r"Line 3 has 1 cell where the header has 2"),
        (
            "a.csv",
            'question,answer\nq,a\nq,"a\nq,a\n',
            r"line 3, column 3: .*never closed",
        ),
        (
            "a.csv",
            'question,answer\n"q\nr",a\nq,"a" b\n',
            r"line 4, column 3: .*closed on line 4, column 5",
        ),
        ("a.csv", b"question,answer\nq,caf\xe9\n", r"line 2, column 6: not valid UTF-8"),
        ("a.jsonl", b'{"question": "q", "answer": "a"}\n\xe9', r"a\.jsonl, line 2: not UTF-8 \(byte 33\)"),
        ("a.csv", "question,answer\nq,a\0b\n", r"line 2, column 4: a NUL character"),
    ],
    ids=[
        "cut off",
        "not an object",
        "number",
        "unknown column",
        "lone surrogate",
        "too deep",
        "no answer column",
        "empty file",
        "column twice",
        "too many fields",
        "too few fields",
        "unclosed quote",
        "text after a quote",
        "latin-1",
        "latin-1 in JSONL",
        "nul",
    ],
)
def test_a_bad_row_is_named_by_file_and_line(tmp_path: Path, name: str, content: str | bytes, message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        rows(tmp_path, name, content)
