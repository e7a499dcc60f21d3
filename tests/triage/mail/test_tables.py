"""Every pattern of every table of mails with its own examples."""

import pytest

from support_agent.triage.mail.patterns import TABLES, WRAPPINGS, compile_kind, expression
from support_agent.triage.patterns import Entry, read_table

SHIPPED_LANGUAGES = "ar de en es fr hi it ja nl pt ru zh".split()
NEEDED = {
    "attribution",
    "sender line",
    "date line",
    "header line",
    "device line",
    "automatic subject",
    "automatic text",
}

ENTRIES: dict[str, Entry] = {
    f"{file.stem}:{entry.signal}:{number}": entry
    for file in sorted(TABLES.glob("*.toml"))
    for number, entry in enumerate(read_table(file))
}


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_a_pattern_matches_its_examples(entry: Entry) -> None:
    pattern = compile_kind(entry.signal, [entry.pattern])

    assert entry.matches
    assert [text for text in entry.matches if not pattern.search(text)] == []


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_no_pattern_of_the_kind_takes_a_near_miss(entry: Entry) -> None:
    assert entry.near_misses
    assert [text for text in entry.near_misses if expression(entry.signal).search(text)] == []


def test_every_kind_is_in_a_table_and_no_other() -> None:
    assert {entry.signal for entry in ENTRIES.values()} == set(WRAPPINGS)


@pytest.mark.parametrize("language", SHIPPED_LANGUAGES)
def test_each_language_of_the_texts_knows_its_mail_programs(language: str) -> None:
    kinds = {entry.signal for entry in read_table(TABLES / f"{language}.toml")}

    assert NEEDED - kinds == set()
