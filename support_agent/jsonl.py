"""A JSONL file of objects → its rows with their line numbers.

Errors are of the class that the room that reads gives, and name file and line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from support_agent.errors import SupportAgentError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Form = TypeVar("Form")


@dataclass(frozen=True)
class Row:
    """One line of a JSONL file, where it stands, and what is raised over it."""

    values: Mapping[str, Any]
    where: str
    kind: type[SupportAgentError]
    line: int = 0

    def read(self, form: type[Form]) -> Form:
        """The row as a dataclass whose fields are its keys; null counts as a missing key.

        Raises:
            SupportAgentError: a key is missing or holds another type, or the class forbids keys that it does not have;
                of the row's class.
        """
        from pydantic import ValidationError

        try:
            given = {key: value for key, value in self.values.items() if value is not None}
            read: Form = _reader(form).validate_python(given)  # type: ignore[arg-type]  # a class is hashable
        except ValidationError as problem:
            first = problem.errors()[0]
            is_unknown = first["type"] == "unexpected_keyword_argument"
            what = "unknown key" if is_unknown else first["msg"].replace("tuple", "list")
            raise self.error(f"{'.'.join(map(str, first['loc']))}: {what}") from problem
        return read

    def error(self, problem: str) -> SupportAgentError:
        """An error that says where."""
        return self.kind(f"{self.where}: {problem}.")


@cache
def _reader(form: Any) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(form)


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
        raise error(f"{where}: not a JSON object. Each line is one object.")
    return values
