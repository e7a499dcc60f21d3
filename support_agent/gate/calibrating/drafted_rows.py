"""The index's own question/answer rows → a draft for each, written as if the row were not in the index.

Comes in: rows, an index, generators. Goes out: a JSONL file that grows by batches, so that a stopped run goes on. Knows
no label and no gate.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from support_agent.errors import CalibrationError
from support_agent.generation.generator import Generator
from support_agent.generation.prompt import write_prompt
from support_agent.records import Draft, Passage
from support_agent.triage.readable import clean

OnDrafted = Callable[[int, int], None]


class Searchable(Protocol):
    """An index that can leave passages out for a text."""

    def search_without(self, texts: Sequence[str], k: int, hidden: Sequence[Collection[str]]) -> list[list[Passage]]:
        """See ``support_agent.retrieval.Index.search_without``."""
        ...


@dataclass(frozen=True)
class DraftedRow:
    """A question whose answer is known, what was found for it without its own passage, and what was written."""

    row_id: str
    question: str
    reference: str
    passages: tuple[Passage, ...]
    draft: Draft
    generator: str
    """Version of what wrote the draft."""


def draft_rows(
    rows: Sequence[Passage],
    index: Searchable,
    generator: Generator,
    *,
    passages: int,
    batch_size: int,
    file: Path,
    on_drafted: OnDrafted | None = None,
) -> list[DraftedRow]:
    """Write a draft for each row that ``file`` does not hold yet, and return them all, in the order of the rows.

    Args:
        rows: title the question, text the reference.
        file: JSONL; a row in it counts when this very generator wrote it from the same passages.

    Raises:
        GenerationError: the generator failed; what was written until then is kept.
        CalibrationError: the file is none of these.
    """
    questions = [clean(row.title) for row in rows]
    hidden = _same_rows(rows)
    found = index.search_without(questions, passages, hidden) if rows else []
    known = {(one.row_id, one.generator, _ids(one.passages)): one for one in read_drafted(file)}
    done: dict[str, DraftedRow] = {}
    waiting = []
    for row, question, near in zip(rows, questions, found, strict=True):
        before = known.get((row.passage_id, generator.version, _ids(near)))
        if before and (before.question, before.reference) == (question, row.text):
            done[row.passage_id] = before
        else:
            waiting.append((row, question, near))
    for start in range(0, len(waiting), batch_size):
        batch = waiting[start : start + batch_size]
        drafts = generator.generate([write_prompt(question, near) for _, question, near in batch])
        made = [
            DraftedRow(row.passage_id, question, row.text, tuple(near), draft, generator.version)
            for (row, question, near), draft in zip(batch, drafts, strict=True)
        ]
        _append(file, made)
        done.update((one.row_id, one) for one in made)
        if on_drafted:
            on_drafted(len(done), len(rows))
    return [done[row.passage_id] for row in rows]


def read_drafted(file: Path) -> list[DraftedRow]:
    """Every row of a file; none where it is not there. A last line that was cut off is passed over.

    Raises:
        CalibrationError: a line is no drafted row.
    """
    if not file.exists():
        return []
    lines = file.read_text("utf-8").splitlines(keepends=True)
    rows = []
    for number, line in enumerate(lines, start=1):
        try:
            rows.append(_row(json.loads(line)))
        except (ValueError, TypeError, KeyError) as problem:
            if number == len(lines) and not line.endswith("\n"):
                break
            raise CalibrationError(
                f"{file}, line {number}, is no drafted row ({problem!r}). Delete the file to draft anew."
            ) from problem
    return rows


def _row(plain: dict[str, Any]) -> DraftedRow:
    passages = tuple(Passage(**passage) for passage in plain.pop("passages"))
    return DraftedRow(passages=passages, draft=Draft(**plain.pop("draft")), **plain)


def _append(file: Path, rows: Iterable[DraftedRow]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    text = file.read_bytes() if file.exists() else b""
    with file.open("ab") as lines:
        if text and not text.endswith(b"\n"):
            lines.truncate(text.rfind(b"\n") + 1)
        lines.write("".join(json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in rows).encode())


def _same_rows(rows: Sequence[Passage]) -> list[list[str]]:
    """For each row the ids of itself and of any that is word for word the same: a new question has none of them."""
    ids: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        ids.setdefault((row.title, row.text), []).append(row.passage_id)
    return [ids[row.title, row.text] for row in rows]


def _ids(passages: Iterable[Passage]) -> tuple[str, ...]:
    return tuple(passage.passage_id for passage in passages)
