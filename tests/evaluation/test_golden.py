import json
from pathlib import Path

import pytest

from support_agent.errors import EvaluationError
from support_agent.evaluation.golden import check_relevant, find_golden, read_golden
from support_agent.records import Route, Turn

GOOD = {"id": "a", "question": "Where?", "answerable": True, "reference": "Here."}


def test_reads_a_ticket_with_everything(tmp_path: Path) -> None:
    row = {**GOOD, "relevant_ids": ["p:1"], "tags": ["x", "y"], "history": [{"ticket": "Hi", "reply": "Hello"}]}
    (tmp_path / "set.jsonl").write_text(json.dumps(row))
    ticket = read_golden(tmp_path / "set.jsonl").tickets[0]
    assert (ticket.tags, ticket.expected, ticket.history) == (
        ("x", "y"),
        "answer",
        (Turn("Hi", "Hello", Route.ANSWER),),
    )
    assert ticket.ticket().ticket_id == "a"


def test_a_byte_order_mark_and_blank_lines_are_read_over(tmp_path: Path) -> None:
    (tmp_path / "set.jsonl").write_text("\ufeff\n" + json.dumps(GOOD) + "\n\n", "utf-8")
    assert len(read_golden(tmp_path / "set.jsonl").tickets) == 1


def test_a_line_separator_inside_a_text_does_not_end_the_line(tmp_path: Path) -> None:
    (tmp_path / "set.jsonl").write_text(json.dumps({**GOOD, "question": "a\u2028b"}, ensure_ascii=False), "utf-8")
    assert read_golden(tmp_path / "set.jsonl").tickets[0].question == "a\u2028b"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        pytest.param("{", "line 2: not JSON", id="not JSON"),
        pytest.param("[]", "line 2: not a JSON object", id="a list"),
        pytest.param({"id": "b", "answerable": False}, "line 2: question: Field required", id="missing key"),
        pytest.param({**GOOD, "id": 7}, "line 2: id: Input should be a valid string", id="number as id"),
        pytest.param({**GOOD, "id": ""}, "line 2: the id is empty", id="empty id"),
        pytest.param(GOOD, "line 2: the id 'a' stands there twice", id="duplicate id"),
        pytest.param({**GOOD, "answerable": "yes"}, "answerable: Input should be a valid boolean", id="string as flag"),
        pytest.param({**GOOD, "tags": "x"}, "tags: Input should be a valid list", id="string as tags"),
        pytest.param(
            {**GOOD, "id": "s\ud800"}, r"line 2: 's\ud800' holds half a surrogate pair", id="half a surrogate in the id"
        ),
        pytest.param(
            {**GOOD, "id": "b", "tags": ["\udc00"]}, r"'\udc00' holds half a surrogate pair", id="half one in a tag"
        ),
        pytest.param(
            {"id": "b", "question": "?", "answerable": False, "reference": "x", "route": "answer"},
            "line 2: 'answerable' is false and the route is 'answer'",
            id="not answerable, to be answered",
        ),
        pytest.param({**GOOD, "id": "b", "tgas": []}, "tgas: unknown key", id="misspelt key"),
        pytest.param(
            {**GOOD, "id": "b", "route": "bot"}, "route: Input should be '', 'answer', 'clarify' or 'human'", id="route"
        ),
        pytest.param(
            {**GOOD, "id": "b", "reference": ""}, "needs a reference or relevant_ids", id="nothing to hold it against"
        ),
        pytest.param(
            {**GOOD, "id": "b", "translation_of": "z"},
            "'b' is a translation of 'z', which is missing",
            id="translation",
        ),
        pytest.param(
            {**GOOD, "id": "b", "history": [{"ticket": "x"}]}, "line 2: history.0.reply: Field required", id="history"
        ),
    ],
)
def test_says_file_line_and_what_is_wrong(tmp_path: Path, line: object, message: str) -> None:
    text = line if isinstance(line, str) else json.dumps(line)
    (tmp_path / "set.jsonl").write_text(json.dumps(GOOD) + "\n" + text + "\n")
    with pytest.raises(EvaluationError, match="set.jsonl") as raised:
        read_golden(tmp_path / "set.jsonl")
    assert message in str(raised.value)


@pytest.mark.parametrize("content", ["", "\n\n"], ids=["empty", "blank"])
def test_refuses_an_empty_file(tmp_path: Path, content: str) -> None:
    (tmp_path / "set.jsonl").write_text(content)
    with pytest.raises(EvaluationError, match="holds no ticket"):
        read_golden(tmp_path / "set.jsonl")


def test_refuses_what_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "set.jsonl").write_bytes(b'{"id": "\xff"}')
    with pytest.raises(EvaluationError, match="not UTF-8"):
        read_golden(tmp_path / "set.jsonl")


def test_the_shipped_set_is_found_by_its_index_and_read(tmp_path: Path) -> None:
    golden = read_golden(find_golden("lamini_docs"))
    assert len(golden.tickets) == 490
    assert {"answerable", "refusal", "oos-far", "oos-near", "oos-named", "nameless", "near-match"} <= set(golden.slices)
    assert {"frustrated", "danger", "injection", "language", "typos"} <= set(golden.slices)


def test_an_own_copy_of_a_shipped_index_is_measured_with_the_shipped_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = find_golden("lamini_docs")
    monkeypatch.setenv("SUPPORT_AGENT_INDEXES", str(tmp_path))
    (tmp_path / "lamini_docs").mkdir()
    (tmp_path / "lamini_docs" / "manifest.json").write_text("{}")
    assert find_golden("lamini_docs") == find_golden(str(tmp_path / "lamini_docs")) == shipped
    (tmp_path / "lamini_docs" / "golden.jsonl").write_text(json.dumps(GOOD))
    assert find_golden("lamini_docs") == tmp_path / "lamini_docs" / "golden.jsonl"


def test_relevant_passages_must_be_in_the_index(tmp_path: Path) -> None:
    (tmp_path / "set.jsonl").write_text(json.dumps({**GOOD, "relevant_ids": ["p:1", "p:9"]}))
    golden = read_golden(tmp_path / "set.jsonl")
    check_relevant(golden, ("p:1", "p:9"))
    with pytest.raises(EvaluationError, match="set: ticket 'a' has 'p:9' in relevant_ids, which is none of the 1"):
        check_relevant(golden, ("p:1",))


def test_an_unknown_set_is_named() -> None:
    with pytest.raises(EvaluationError, match="no golden set 'nowhere'"):
        find_golden("nowhere")
