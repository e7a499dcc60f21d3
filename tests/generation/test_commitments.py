"""Every pattern of the table with its own examples, so that a native speaker can review the file alone."""

import tomllib
from typing import Any

import pytest

from support_agent.generation.commitments import TABLE, commits, patterns

TABLE_READ = tomllib.loads(TABLE.read_text("utf-8"))
ROWS: list[dict[str, Any]] = TABLE_READ["commitment"]


@pytest.mark.parametrize("at", range(len(ROWS)), ids=lambda at: ROWS[at]["matches"][0])
def test_a_pattern_matches_its_examples(at: int) -> None:
    assert [text for text in ROWS[at]["matches"] if not patterns()[at].search(text)] == []


@pytest.mark.parametrize("text", [text for row in ROWS for text in row.get("not", [])])
def test_instructions_and_facts_stand(text: str) -> None:
    assert not commits(text)


@pytest.mark.parametrize("name", TABLE_READ["words"])
def test_every_word_list_is_used(name: str) -> None:
    assert f"{{{name}}}" in TABLE.read_text("utf-8")
