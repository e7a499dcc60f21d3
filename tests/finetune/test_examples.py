import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import pytest

from finetune.examples import (
    data_hash,
    plain_examples,
    read_written,
    retrieval_examples,
    split_rows,
    written_examples,
)
from support_agent.errors import TrainingError
from support_agent.generation.prompt import write_prompt
from support_agent.records import Passage
from support_agent.triage.follow_up import search_text

DATA = Path(str(files("finetune"))) / "data"
ROWS = [Passage(f"docs:{n}", f"How do I do task {n}?", f"Press key {n}.", "docs") for n in range(20)]


def search(questions: Sequence[str], k: int) -> list[list[Passage]]:
    """Every row for every question, the one that asks it first."""
    return [sorted(ROWS, key=lambda row: row.title != question)[:k] for question in questions]


def test_an_example_is_the_prompt_that_the_agent_serves_with() -> None:
    example = retrieval_examples(ROWS[:1], search, passages=2, own_share=0)[0]
    assert example.prompt == write_prompt(ROWS[0].title, ROWS[1:3])
    assert example.answer == "Press key 0."


@pytest.mark.parametrize(("own_share", "expected"), [(0.0, 0), (1.0, 20)], ids=["never", "always"])
def test_own_passage_is_shown_in_the_stated_share(own_share: float, expected: int) -> None:
    examples = retrieval_examples(ROWS, search, passages=3, own_share=own_share)
    assert sum(row in example.prompt.passages for row, example in zip(ROWS, examples, strict=True)) == expected
    assert {len(example.prompt.passages) for example in examples} == {3}


def test_own_passage_stands_at_every_place() -> None:
    examples = retrieval_examples(ROWS, search, passages=3, own_share=1.0)
    places = {example.prompt.passages.index(row) for row, example in zip(ROWS, examples, strict=True)}
    assert places == {0, 1, 2}


def test_hidden_passages_are_never_shown() -> None:
    examples = retrieval_examples(ROWS, search, passages=3, own_share=0, hidden={"docs:0", "docs:1"})
    shown = {passage.passage_id for example in examples for passage in example.prompt.passages}
    assert not shown & {"docs:0", "docs:1"}


def test_rows_are_searched_and_shown_as_a_ticket_would_be() -> None:
    asked: list[str] = []

    def remember(texts: Sequence[str], k: int) -> list[list[Passage]]:
        asked.extend(texts)
        return search(texts, k)

    polite = Passage("docs:99", "Hello, where is\u200b the key? Thank you!", "There.", "docs")
    example = retrieval_examples([polite], remember, passages=1, own_share=0)[0]
    assert asked == [search_text("Hello, where is the key? Thank you!", ())]
    assert "\u200b" not in asked[0]
    assert "Thank" not in asked[0]
    assert example.prompt == write_prompt("Hello, where is the key? Thank you!", ROWS[:1])


def test_another_seed_draws_other_rows() -> None:
    first, same, other = (retrieval_examples(ROWS, search, passages=3, own_share=0.5, seed=s) for s in (1, 1, 2))
    assert first == same
    assert first != other


def test_plain_examples_show_the_question_alone() -> None:
    example = plain_examples(ROWS[:1])[0]
    assert [(m.role, m.content) for m in example.prompt.messages] == [("user", "How do I do task 0?")]


def test_a_cluster_is_never_on_both_sides_of_the_split() -> None:
    rows = [Passage(str(n), f"What is the price of product {'abcdefghij'[n // 2] * 3}?", "x", "") for n in range(20)]
    train, dev = split_rows(rows, 0.3, seed=1)
    assert len(dev) == 6
    assert not {row.title for row in train} & {row.title for row in dev}


def test_no_row_is_held_back_when_none_is_asked_for() -> None:
    assert split_rows(ROWS, 0.0, seed=0) == (ROWS, [])


def test_data_hash_sees_a_changed_answer() -> None:
    changed = [*ROWS[:-1], Passage("docs:19", ROWS[19].title, "Press another key.", "docs")]
    assert data_hash(ROWS) != data_hash(changed)


def test_written_examples_show_the_passages_that_stand_beside_them(tmp_path: Path) -> None:
    line = {"question": "Hi, which key?", "answer": "Key 1.", "passages": [{"title": "Keys", "text": "Press key 1."}]}
    file = tmp_path / "mine.jsonl"
    file.write_text(json.dumps({**line, "licence": "MIT"}), "utf-8")
    rows, shown = read_written(str(file))
    [example] = written_examples(rows, shown)
    assert example.prompt == write_prompt("Hi, which key?", [Passage("mine:0:0", "Keys", "Press key 1.", "mine.jsonl")])
    assert example.answer == "Key 1."


def test_a_line_without_an_answer_is_named(tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_text(json.dumps({"question": "Which key?", "passages": []}), "utf-8")
    with pytest.raises(TrainingError, match=r"mine.jsonl, line 1: answer"):
        read_written(str(file))


def test_every_shipped_example_names_its_source_and_its_licence() -> None:
    lines = [json.loads(line) for line in (DATA / "support_answers.jsonl").read_text("utf-8").splitlines()]
    assert len(read_written("support_answers")[0]) == len(lines) > 300
    assert [line for line in lines if not line["source"] or not line["licence"]] == []
