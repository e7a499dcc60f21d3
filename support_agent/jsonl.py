"""A JSONL file of objects → its rows with their line numbers, and the checks of a row's keys.

Errors are of the class that the room that reads gives, and name file and line. What the keys mean is decided there.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support_agent.errors import SupportAgentError


@dataclass(frozen=True)
class Row:
    """One line of a JSONL file, where it stands, and what is raised over it."""

    values: Mapping[str, Any]
    where: str
    kind: type[SupportAgentError]
    line: int = 0

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

    def flag_if_said(self, key: str) -> bool | None:
        """True or false; None where the key is missing or null."""
        return None if self.values.get(key) is None else self.flag(key)

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

    def error(self, problem: str) -> SupportAgentError:
        """An error that says where."""
        return self.kind(f"{self.where}: {problem}.")

    def _get(self, key: str, default: str | None) -> Any:
        if key not in self.values and default is None:
            raise self.error(f"the key {key!r} is missing")
        return self.values.get(key, default)


def read_rows(path: Path, error: type[SupportAgentError]) -> Iterator[Row]:
    """The objects of a JSONL file; blank lines are skipped.

    Raises:
        error: the file cannot be read, is not UTF-8, or a line is not a JSON object.
    """
    yield from _rows(path, _read(path, error), error)


def read_finished_rows(path: Path, error: type[SupportAgentError]) -> Iterator[Row]:
    """The objects of a JSONL file that grows; what stands after its last line end was cut off while it was written.

    Raises:
        error: as ``read_rows``.
    """
    data = _read(path, error)
    yield from _rows(path, data[: data.rfind(b"\n") + 1], error)


def _read(path: Path, error: type[SupportAgentError]) -> bytes:
    try:
        return path.read_bytes()
    except OSError as problem:
        raise error(f"{path} cannot be read: {problem.strerror}. Give a JSONL file.") from problem


def _rows(path: Path, data: bytes, error: type[SupportAgentError]) -> Iterator[Row]:
    try:
        content = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        raise error(f"{path}, line {line}: not UTF-8 (byte {problem.start:,}). Save it as UTF-8.") from problem
    # Not splitlines(): that also splits at U+2028 and U+0085, which may stand inside a JSON string.
    for number, text in enumerate(content.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1):
        if text.strip():
            where = f"{path}, line {number}"
            yield Row(_parse(text, where, error), where, error, number)


def _parse(line: str, where: str, error: type[SupportAgentError]) -> dict[str, Any]:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError) as problem:
        raise error(f"{where}: not JSON ({problem}). Each line is one object.") from problem
    if not isinstance(values, dict):
        raise error(f"{where}: {_kind(values)} instead of an object. Each line is one object.")
    return values


def _kind(value: object) -> str:
    names = {str: "a string", bool: "true or false", list: "a list", dict: "an object", type(None): "null"}
    return names.get(type(value), "a number")
