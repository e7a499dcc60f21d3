"""Tables of patterns by language (``tables/*.toml``) → one signal. Every word that is looked for stands in a table."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from support_agent.records import Signal
from support_agent.triage.disguises import readings

# So many characters before a seed are read, and twice as many behind it.
_AROUND_SEED, _MOST_AROUND_SEEDS = 200, 6_000
TABLES = Path(__file__).parent / "tables"
_NAME = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True)
class Entry:
    """One pattern of a table: ``written`` as it stands there, ``pattern`` with the word lists put in."""

    signal: str
    written: str
    pattern: str
    matches: tuple[str, ...]
    near_misses: tuple[str, ...]


def read_table(file: Path) -> tuple[Entry, ...]:
    """The entries of one file; how it is written stands at its top.

    Raises:
        ValueError: it is not TOML, an entry lacks a part or has one too many, or a pattern names an unknown word list.
    """
    try:
        table = _read(file)
        words: dict[str, str] = {}
        for name, listed in table.pop("words", {}).items():
            written = listed if isinstance(listed, str) else f"(?:{'|'.join(listed)})"
            words[name] = _filled(written, words)
        return tuple(_entry(signal, words, **row) for signal, rows in table.items() for row in rows)
    except (ValueError, TypeError) as problem:
        raise ValueError(
            f"{file} is no table of patterns: {problem}. Compare with the entries of en.toml."
        ) from problem


def _read(file: Path) -> dict[str, Any]:
    """A table without its seeds."""
    table = tomllib.loads(file.read_text("utf-8"))
    table.pop("seeds", None)
    return table


def _entry(signal: str, words: Mapping[str, str], /, **row: Any) -> Entry:
    if set(row) != {"pattern", "matches", "not"}:
        raise ValueError(f"an entry of {signal} has {sorted(row)} and not pattern, matches and not")
    written = row["pattern"]
    return Entry(signal, written, _filled(written, words), tuple(row["matches"]), tuple(row["not"]))


def _filled(written: str, words: Mapping[str, str]) -> str:
    unknown = set(_NAME.findall(written)) - set(words)
    if unknown:
        raise ValueError(f"{written} names {sorted(unknown)}, and no word list before it is called so")
    return _NAME.sub(lambda found: words[found.group(1)], written)


def compile_patterns(patterns: Sequence[str]) -> re.Pattern[str]:
    """One case-blind expression of many; apostrophes match straight and curly ones, a space any white space.

    " ?" stands for white space that may be missing. ``^`` and ``$`` are those of a line.
    """
    # The many that begin at a word's edge stand behind one test of it, so that they cost nothing inside a word.
    at_edge = "|".join(pattern for pattern in patterns if _begins_at_word_edge(pattern))
    others = [pattern for pattern in patterns if not _begins_at_word_edge(pattern)]
    # An edge is the beginning of a word here, not its end.
    joined = "|".join(f"(?:{pattern})" for pattern in ([rf"\b(?=\w)(?:{at_edge})", *others] if at_edge else others))
    spaced = joined.replace(" ?", r"\s*").replace(" ", r"\s+")
    return re.compile(spaced.replace("'", "['’ʼ]?"), re.IGNORECASE | re.MULTILINE)


def _begins_at_word_edge(pattern: str) -> bool:
    """Whether each of its alternatives begins with ``\\b``; a "|" inside a group or class separates nothing."""
    bare = re.sub(r"\\[^b]|\[[^]]*\]", "x", pattern)
    while "(" in bare:
        bare = re.sub(r"\([^()]*\)", "x", bare)
    return all(part.startswith(r"\b") for part in bare.split("|"))


def table_files() -> list[Path]:
    """The tables of signals: how a ticket says it, and below ``requests`` what only a person may do or should read."""
    return sorted([*TABLES.glob("*.toml"), *TABLES.glob("requests/*.toml")])


@cache
def compiled(signal: str) -> re.Pattern[str]:
    """All patterns of a signal in every language; read and compiled with the first ticket and not at import."""
    return compile_patterns(_patterns()[signal])


def near_seeds(signal: str, text: str) -> str:
    """What of a text its patterns are held against: all of it, or where the signal has seeds, what stands around them.

    Costly patterns are seeded. Of a text full of seeds the first 6,000 characters around them are read. What stands
    apart is told apart by a line's end, so that no pattern matches across the gap.
    """
    seeds = _seeds().get(signal)
    if seeds is None:
        return text
    pieces: list[str] = []
    end = 0
    for found in seeds.finditer(text):
        if found.start() < end - _AROUND_SEED:
            continue
        start = max(end, found.start() - _AROUND_SEED)
        gap = "\n" if start > end else ""
        end = found.end() + 2 * _AROUND_SEED
        pieces.append(gap + text[start:end])
        if sum(map(len, pieces)) > _MOST_AROUND_SEEDS:
            break
    return "".join(pieces)


@cache
def _seeds() -> dict[str, re.Pattern[str]]:
    """Beginnings of words, by signal: ``[seeds]`` of the tables, of all languages together."""
    found: dict[str, list[str]] = {}
    for file in table_files():
        for signal, listed in tomllib.loads(file.read_text("utf-8")).get("seeds", {}).items():
            found.setdefault(signal, []).extend(listed)
    return {signal: re.compile("|".join(listed), re.IGNORECASE) for signal, listed in found.items()}


@cache
def _patterns() -> dict[str, list[str]]:
    return patterns_of(table_files())


def patterns_of(files: Iterable[Path]) -> dict[str, list[str]]:
    """Signal → its patterns, in the order of the tables."""
    found: dict[str, list[str]] = {}
    for file in files:
        for entry in read_table(file):
            found.setdefault(entry.signal, []).append(entry.pattern)
    return found


def pattern_signal(name: str, text: str) -> Signal:
    """Fires on the first match in any reading of the text; ``value`` is the number of matches in the richest."""
    pattern = compiled(name)
    count = max(sum(1 for _ in pattern.finditer(reading)) for reading in readings(text))
    return Signal(name, float(count), 1.0, count >= 1)
