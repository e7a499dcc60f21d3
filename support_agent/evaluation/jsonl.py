"""A JSONL file of objects → its rows with their line numbers, and the checks of a row's keys.

Comes in: a path, or a row. Goes out: dictionaries and typed values, or an EvaluationError that names file and line.
Does not know what the keys mean.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support_agent.errors import EvaluationError


@dataclass(frozen=True)
class Row:
    """One line of a JSONL file, and where it stands."""

    values: Mapping[str, Any]
    where: str

    def text(self, key: str, default: str | None = None) -> str:
        """A string; the key may only be missing where there is a default."""
        value = self._get(key, default)
        if not isinstance(value, str):
            raise self.error(f"{key!r} must be a string, not {_kind(value)}")
        return value

    def flag(self, key: str) -> bool:
        """True or false."""
        value = self._get(key, None)
        if not isinstance(value, bool):
            raise self.error(f"{key!r} must be true or false, not {_kind(value)}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings, empty where the key is missing."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.error(f"{key!r} must be a list of strings, not {_kind(value)}")
        return tuple(value)

    def check_keys(self, known: Collection[str]) -> None:
        """Refuse a key that nobody would read: it is a misspelt one."""
        if unknown := sorted(set(self.values) - set(known)):
            raise self.error(f"unknown key {unknown[0]!r}; known are {', '.join(known)}")

    def error(self, problem: str) -> EvaluationError:
        """An error that says where."""
        return EvaluationError(f"{self.where}: {problem}.")

    def _get(self, key: str, default: str | None) -> Any:
        if key not in self.values and default is None:
            raise self.error(f"the key {key!r} is missing")
        return self.values.get(key, default)


def read_rows(path: Path) -> Iterator[Row]:
    """The objects of a JSONL file; blank lines are skipped.

    Raises:
        EvaluationError: the file cannot be read, is not UTF-8, or a line is not a JSON object.
    """
    try:
        content = path.read_text("utf-8-sig")
    except OSError as problem:
        raise EvaluationError(f"{path} cannot be read: {problem.strerror}. Give a JSONL file.") from problem
    except UnicodeDecodeError as problem:
        raise EvaluationError(f"{path} is not UTF-8 (byte {problem.start:,}). Save it as UTF-8.") from problem
    # Not splitlines(): that also splits at U+2028 and U+0085, which may stand inside a JSON string.
    for number, line in enumerate(content.split("\n"), start=1):
        if line.strip():
            where = f"{path}, line {number}"
            yield Row(_parse(line, where), where)


def _parse(line: str, where: str) -> dict[str, Any]:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError) as problem:
        raise EvaluationError(f"{where}: not JSON ({problem}). Each line is one object.") from problem
    if not isinstance(values, dict):
        raise EvaluationError(f"{where}: {_kind(values)} instead of an object. Each line is one object.")
    return values


def _kind(value: object) -> str:
    names = {str: "a string", bool: "true or false", list: "a list", dict: "an object", type(None): "null"}
    return names.get(type(value), "a number")
