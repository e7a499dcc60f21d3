"""Every pattern of the table with its own examples, so that a native speaker can review the file alone."""

import re

import pytest

from support_agent.generation.commitments import TABLE, commits
from support_agent.triage.patterns import Entry, read_table

ENTRIES = read_table(TABLE)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.matches[0])
def test_a_pattern_matches_its_examples(entry: Entry) -> None:
    assert [text for text in entry.matches if not re.search(entry.pattern, text, re.IGNORECASE)] == []
    assert all(commits(text) for text in entry.matches)


@pytest.mark.parametrize("text", [text for entry in ENTRIES for text in entry.near_misses])
def test_instructions_and_facts_stand(text: str) -> None:
    assert not commits(text)
