"""The index's own question/answer rows → a draft for each, written as if the row were not in the index.

Comes in: rows, an index, a generator. Goes out: a JSONL file that grows by batches, so that a stopped run goes on.
Knows no label and no gate.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from support_agent.artefacts import sha256_bytes
from support_agent.errors import CalibrationError
from support_agent.generation.generator import Generator
from support_agent.generation.prompt import Prompt, prompt_version, write_prompt
from support_agent.jsonl import read_finished_rows
from support_agent.records import Draft, Passage
from support_agent.triage.follow_up import search_text
from support_agent.triage.readable import clean
from support_agent.triage.scope import with_product

if TYPE_CHECKING:
    from support_agent.config import Config

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
    asked: str = ""
    """``asked_with`` of what was given to the generator; empty where nobody knows."""


@dataclass(frozen=True)
class _Asked:
    """A row, what was found for it, and what the generator is given."""

    row: Passage
    question: str
    near: tuple[Passage, ...]
    prompt: Prompt
    key: str

    def with_draft(self, draft: Draft, generator: str) -> DraftedRow:
        return DraftedRow(self.row.passage_id, self.question, self.row.text, self.near, draft, generator, self.key)


def draft_rows(
    rows: Sequence[Passage],
    index: Searchable,
    generator: Generator,
    config: Config,
    file: Path,
    *,
    product: str = "",
    on_drafted: OnDrafted | None = None,
) -> list[DraftedRow]:
    """Write a draft for each row that ``file`` does not hold yet, and return them all, in the order of the rows.

    Args:
        rows: title the question, text the reference.
        file: JSONL; a draft in it counts when this very generator was given the very same prompt.
        product: name that a question is searched with where it holds none, as a ticket is.

    Raises:
        GenerationError: the generator failed; what was written until then is kept.
        CalibrationError: the file is none of these.
    """
    known = {(one.row_id, one.generator, one.asked): one.draft for one in read_drafted(file) if one.asked}
    done: dict[str, DraftedRow] = {}
    waiting = []
    for one in _asked(rows, index, config, product):
        draft = known.get((one.row.passage_id, generator.version, one.key))
        if draft is None:
            waiting.append(one)
        else:
            done[one.row.passage_id] = one.with_draft(draft, generator.version)
    for made in _written(waiting, generator, config.batch_size):
        _append(file, made)
        done.update((one.row_id, one) for one in made)
        if on_drafted:
            on_drafted(len(done), len(rows))
    return [done[row.passage_id] for row in rows]


def asked_with(prompt: Prompt, max_new_tokens: int) -> str:
    """Hex sha256 of all that a generator is given: with the same, it writes the same."""
    said = [[message.role, message.content] for message in prompt.messages]
    return sha256_bytes(json.dumps([prompt_version(), max_new_tokens, said]).encode())


def read_drafted(file: Path) -> list[DraftedRow]:
    """Every row of a file; none where it is not there. A last line that was cut off is passed over.

    Raises:
        CalibrationError: a line is no drafted row.
    """
    if not file.exists():
        return []
    rows = []
    for row in read_finished_rows(file, CalibrationError):
        try:
            rows.append(_row(dict(row.values)))
        except (ValueError, TypeError, KeyError) as problem:
            raise row.error(f"no drafted row ({problem!r}). Delete the file to draft anew") from problem
    return rows


def _asked(rows: Sequence[Passage], index: Searchable, config: Config, product: str) -> list[_Asked]:
    questions = [clean(row.title) for row in rows]
    searched = [with_product(search_text(question, ()), product) for question in questions]
    found = index.search_without(searched, config.passages, _same_rows(rows)) if rows else []
    prompts = [write_prompt(question, near) for question, near in zip(questions, found, strict=True)]
    return [
        _Asked(row, question, tuple(near), prompt, asked_with(prompt, config.max_new_tokens))
        for row, question, near, prompt in zip(rows, questions, found, prompts, strict=True)
    ]


def _written(waiting: Sequence[_Asked], generator: Generator, batch_size: int) -> Iterator[list[DraftedRow]]:
    for start in range(0, len(waiting), batch_size):
        batch = waiting[start : start + batch_size]
        drafts = generator.generate([one.prompt for one in batch])
        yield [one.with_draft(draft, generator.version) for one, draft in zip(batch, drafts, strict=True)]


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
