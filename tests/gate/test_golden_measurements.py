"""The table of golden measurements is what the code measures, and notices an edit to what it measures with."""

import importlib
import json
import re
from typing import Any

import pytest

from support_agent.gate.measure import EARLY, GOLDEN, LATE, signals_version
from support_agent.triage import DECISIVE

from .golden_measurements import make_anew

MEANT = (
    "the signals measure something else than the table says. If the change is meant, run `python -m "
    "tests.gate.golden_measurements`: promises made before then no longer hold"
)
NUMBERS = ("signals", "quote")
TOLERANCE = 2e-4


def table() -> list[dict[str, Any]]:
    return [json.loads(line) for line in GOLDEN.read_text("utf-8").rstrip("\n").split("\n")]


def differences(stated: list[dict[str, Any]], found: list[dict[str, Any]]) -> list[str]:
    """The tickets that are measured otherwise: a signal's value by more than rounding, all else at all."""
    return [one["ticket"] for one, other in zip(stated, found, strict=True) if not _same(one, other)]


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    exact, others_exact = ({key: row[key] for key in row.keys() - {*NUMBERS, "found"}} for row in (one, other))
    if [found[0] for found in one["found"]] != [found[0] for found in other["found"]]:
        return False
    values, others = (
        [row[key].get(name) for key in NUMBERS for name in sorted(one[key])]
        + [number for found in row["found"] for number in found[1:]]
        for row in (one, other)
    )
    names, others_names = ([sorted(row[key]) for key in NUMBERS] for row in (one, other))
    return exact == others_exact and names == others_names and values == pytest.approx(others, abs=TOLERANCE)


def test_what_is_measured_now_is_what_the_table_says() -> None:
    assert differences(table(), make_anew()) == [], MEANT


def test_every_signal_stands_in_the_table() -> None:
    stated = {name for row in table() for name in row["signals"]}
    assert {one.of.__name__ for one in (*EARLY, *LATE)} | {*DECISIVE} <= stated


def test_every_signal_that_may_fire_fires_in_some_row() -> None:
    fired = {name for row in table() for name in row["fired"]}
    deciding = {one.of.__name__ for one in (*EARLY, *LATE) if one.holds} | {*DECISIVE}
    assert all(name.startswith("learned_") for name in deciding - fired)


def test_the_version_of_the_signals_is_the_tables_hash(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    before = signals_version()
    (tmp_path / "golden.jsonl").write_bytes(GOLDEN.read_bytes() + b"\n")
    monkeypatch.setattr("support_agent.gate.measure.GOLDEN", tmp_path / "golden.jsonl")
    assert signals_version() != before


EDITS: dict[str, object] = {
    "gate.support:MIN_SUPPORT": 0.6,
    "gate.support:_STRANGE_RUN": 4,
    "gate.support:_SHORT_REPLIES": frozenset(),
    "gate.support_signals:_MIN_KEPT_SHARE": 0.4,
    "gate.generation_signals:MAX_LOOP_SHARE": 0.5,
    "gate.generation_signals:_IMPOSSIBLE": -50.0,
    "gate.support:_FURNITURE": re.compile(r"(?!)"),
    "gate.polarity:_SAME_MATTER": 0.9,
    "gate.entities:_CODE": re.compile(r"(?!)(?P<code>x)(?P<before>y)"),
    "gate.entities:_NUMBERED": re.compile(r"(?!)(x)(y)"),
    "gate.clarity:_REST_ASKED": 0.6,
    "gate.clarity:_CLOSE_SHARE": 0.0,
    "gate.clarity:SHORT_WORDS": 1,
    "retrieval.subject:_LEAST_STEP": 1.0,
    "gate.retrieval_signals:LOWEST": 0.0,
    "gate.retrieval_signals:HIGHEST": 0.5,
    "retrieval.index:SAME_ANSWER_F1": 0.0,
    "retrieval.index:DEPTH": 1,
    "retrieval.subject:_OTHER_NAME": re.compile(r"(?!)"),
    "wording:_STOP_WORDS": frozenset({"the", "a"}),
    "wording:_NUMBER_WORDS": frozenset(),
    "wording:_MONEY_WORDS": frozenset(),
    "wording:_SPOKEN": (),
    "wording:_SPECIAL": frozenset(),
    "wording:_INSTALLED": re.compile(r"(?!)(x)"),
    "wording:_LIST_MARKER": re.compile(r"(?!)"),
    "gate.moved:_COUNTED": re.compile(r"(?!)()()()()"),
    "gate.moved:_LISTED": re.compile(r"(?!)"),
    "gate.moved:_CLAUSE_ENDS": re.compile(r"(?!)"),
    "wording:_ABBREVIATIONS": frozenset(),
    "wording:_ONE_OF": re.compile(r"(?!)"),
    "wording:_INNER_DOT": re.compile(r"(?!)"),
    "sentences:_ABBREVIATIONS": frozenset(),
    "sentences:_BEFORE_A_NUMBER": frozenset(),
    "sentences:_MAY_END_A_SENTENCE": frozenset(),
    "sentences:_UNBREAKABLE": re.compile(r"(?!)"),
    "sentences:_INITIALS": re.compile(r"(?!)"),
    "generation.extractive:_WHOLE_CHARS": 1_000,
    "generation.extractive:_LIST_ITEM": re.compile(r"(?!)"),
    "generation.endings:_REPEATED_RUN": 3,
    "generation.endings:_SAME_LINES": 1,
    "generation.endings:STOP_STRINGS": (),
    "generation.endings:_NEXT_TURN": re.compile(r"(?!)"),
    "generation.endings:_OPENING_MARK": re.compile(r"(?!)"),
    "triage.courtesies:_GREETING": re.compile(r"(?!)"),
    "triage.courtesies:_OPENINGS": (),
    "triage.courtesies:_FAREWELL": re.compile(r"(?!)(?P<rest>)"),
    "triage.courtesies:_MOST_AFTER": 3,
    "triage.follow_up:_OPENING": re.compile(r"(?!)"),
    "triage.follow_up:_POINTER": re.compile(r"(?!)"),
    "triage.follow_up:_SHORT_WORDS": 3,
    "triage.frustration:DECAY": 0.6,
    "triage.meaning:_TURNS_READ": 1,
    "triage.scope:_LEAST_TRUST": 0.5,
    "triage.scope:_ENOUGH_WORDS": 3,
    "triage.scope:SHARPNESS": (5.0, 20.0, 40.0),
    "triage.scope:_NEAR_SCALE": 4.0,
    "triage.scope:_AUXILIARY": "might",
    "triage.scope:_PREPOSITION": "under",
    "triage.language:_MIN_PROBABILITY": 0.999,
    "triage.language:_MIN_LATIN_WORDS": 9,
    "triage.readable:_CONSONANT_RUN": re.compile(r"(?!)"),
    "triage.readable:_KEPT_FORMAT": {"\u200b"},
}


@pytest.mark.parametrize("name", EDITS)
def test_the_table_notices_an_edit(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, constant = name.split(":")
    edited = importlib.import_module(f"support_agent.{module}")
    with monkeypatch.context() as patch:
        patch.setattr(edited, constant, EDITS[name])
        _forget(edited)
        found = make_anew()
    _forget(edited)
    assert differences(table(), found), f"no golden ticket notices {name}: add one to {GOLDEN.name} that does"


def _forget(module: Any) -> None:
    """Functions of a module that keep what they once found."""
    for kept in vars(module).values():
        if hasattr(kept, "cache_clear"):
            kept.cache_clear()
