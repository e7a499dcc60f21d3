"""Every pattern of every table with its own examples, so that whoever knows the language can review the file alone."""

import subprocess
import sys
import tomllib
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

from support_agent.triage.patterns import Entry, compile_patterns, near_seeds, pattern_signal, read_table, table_files
from support_agent.triage.requests import REQUESTS

SIGNALS = {"danger_self_harm", "danger_violence", "danger_legal", "asks_for_human", "abuse", "injection", *REQUESTS}
CUES = set("asks again|not yet|not heard|own feeling|verdict on us|threat to leave|reproach|sarcasm".split("|"))
ENTRY = '[[abuse]]\npattern = "{insult}"\nmatches = ["oaf"]\nnot = ["loaf"]\n'


def numbered() -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for file in table_files():
        count: Counter[str] = Counter()
        for entry in read_table(file):
            count[entry.signal] += 1
            found[f"{file.stem}:{entry.signal}:{count[entry.signal]}"] = entry
    return found


ENTRIES = numbered()


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_a_pattern_matches_its_examples(entry: Entry) -> None:
    pattern = compile_patterns([entry.pattern])

    assert entry.matches
    plain = [unicodedata.normalize("NFKC", text) for text in entry.matches]
    assert [text for text in plain if not pattern.search(near_seeds(entry.signal, text))] == []


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_no_signal_fires_on_a_near_miss(entry: Entry) -> None:
    watched = SIGNALS | {entry.signal}

    assert entry.near_misses
    assert [(text, name) for text in entry.near_misses for name in watched if pattern_signal(name, text).fired] == []


def test_every_pattern_is_short_enough_to_be_read() -> None:
    longest = {name: 620 if entry.signal in REQUESTS else 200 for name, entry in ENTRIES.items()}
    assert [name for name, entry in ENTRIES.items() if len(entry.written) > longest[name]] == []


@pytest.mark.parametrize("file", table_files(), ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_every_word_list_is_used(file: Path) -> None:
    written = file.read_text("utf-8")

    assert [name for name in tomllib.loads(written).get("words", {}) if f"{{{name}}}" not in written] == []


def test_tables_hold_the_signals_and_cues_that_are_asked_for_and_no_others() -> None:
    assert {entry.signal for entry in ENTRIES.values()} == SIGNALS | CUES


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        (ENTRY, "insult"),
        (f'[words]\nrude = "{{insult}}"\ninsult = ["oaf"]\n{ENTRY}', "insult"),
        ('[[abuse]]\npattern = "oaf"\nmatches = ["oaf"]\n', "has .*'matches', 'pattern'"),
        (ENTRY.replace("not =", "matches ="), "overwrite"),
        ('abuse = "oaf"\n', "no table of patterns"),
        ("[[abuse\n", "no table of patterns"),
    ],
    ids=["unknown word list", "word list below its use", "no near miss", "matches twice", "no entries", "not TOML"],
)
def test_a_malformed_table_is_refused_with_its_file(table: str, problem: str, tmp_path: Path) -> None:
    file = tmp_path / "xx.toml"
    file.write_text(table, "utf-8")

    with pytest.raises(ValueError, match=rf"xx\.toml.*{problem}"):
        read_table(file)


def test_a_word_list_is_put_in_where_a_pattern_names_it(tmp_path: Path) -> None:
    file = tmp_path / "xx.toml"
    file.write_text(f'[words]\ninsult = ["oaf", "lout"]\n{ENTRY}', "utf-8")

    assert [entry.pattern for entry in read_table(file)] == ["(?:oaf|lout)"]


@pytest.mark.parametrize(
    ("pattern", "inside_a_word"),
    [
        (r"\b(?:ab|cd)", False),
        (r"\bab|\bcd", False),
        (r"\bab|cd", True),
        (r"\b[(|]+x|cd", True),
        (r"(?:x)\bab|cd", True),
    ],
    ids=["group", "two edges", "one edge", "class", "group before the edge"],
)
def test_only_what_begins_at_a_words_edge_is_bound_to_it(pattern: str, inside_a_word: bool) -> None:
    assert bool(compile_patterns([pattern]).search("xcd")) is inside_a_word


def test_nothing_is_read_or_compiled_at_import() -> None:
    code = "from support_agent.triage import patterns, triage_ticket; print(patterns.compiled.cache_info().currsize)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert run.stdout == "0\n"
