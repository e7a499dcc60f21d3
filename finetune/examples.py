"""Question/answer rows → chat examples, searched and written as the agent serves; and rows that are held back.

A row is a Passage: its title the question, its text the answer.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from support_agent.artefacts import sha256_bytes
from support_agent.clusters import clusters
from support_agent.errors import TrainingError
from support_agent.generation.prompt import Message, Prompt, write_prompt
from support_agent.jsonl import read_rows
from support_agent.records import Passage
from support_agent.triage.follow_up import search_text
from support_agent.triage.readable import clean

Search = Callable[[Sequence[str], int], list[list[Passage]]]


@dataclass(frozen=True)
class Example:
    """One training example: what the model is shown, and the answer whose tokens carry the loss."""

    row_id: str
    prompt: Prompt
    answer: str


@dataclass(frozen=True)
class _Shown:
    title: str
    text: str


@dataclass(frozen=True)
class _Written:
    """One line of a file of examples; other keys, such as a source and its licence, are for people."""

    question: str
    answer: str
    passages: tuple[_Shown, ...]


def read_written(data: str) -> tuple[list[Passage], dict[str, tuple[Passage, ...]]]:
    """Rows of question and answer, and by row the passages that its prompt shows, best first.

    Args:
        data: the name of a set in ``finetune/data``, or a JSONL file: each line ``question``, ``answer`` and
            ``passages``, a list of objects with ``title`` and ``text``.

    Raises:
        TrainingError: there is no such set or file, or a line lacks something.
    """
    shipped = Path(str(files("finetune"))) / "data" / f"{data}.jsonl"
    path = shipped if shipped.is_file() else Path(data)
    rows, shown = [], {}
    for number, line in enumerate(read_rows(path, TrainingError)):
        one = line.read(_Written)
        row = Passage(f"{path.stem}:{number}", one.question, one.answer, path.name)
        rows.append(row)
        shown[row.passage_id] = tuple(
            Passage(f"{row.passage_id}:{at}", each.title, each.text, path.name) for at, each in enumerate(one.passages)
        )
    return rows, shown


def written_examples(rows: Sequence[Passage], shown: Mapping[str, Sequence[Passage]]) -> list[Example]:
    """Examples whose passages were chosen beforehand: what ``read_written`` gives."""
    return [Example(row.passage_id, write_prompt(clean(row.title), shown[row.passage_id]), row.text) for row in rows]


def plain_examples(rows: Sequence[Passage]) -> list[Example]:
    """Question → answer without any passage: how adapters are usually trained on such rows; kept to compare."""
    return [Example(row.passage_id, plain_prompt(row.title), row.text) for row in rows]


def plain_prompt(question: str) -> Prompt:
    """The question alone, no instruction and no passage."""
    return Prompt((Message("user", question),), (), question)


def retrieval_examples(
    rows: Sequence[Passage],
    search: Search,
    *,
    passages: int,
    own_share: float,
    hidden: Collection[str] = (),
    seed: int = 0,
) -> list[Example]:
    """Examples with retrieved passages in the prompt.

    With probability ``own_share`` the row's own passage stands among them, at a random place, so that the model learns
    to write what it is given; in the rest it is missing, as it is for every new question, and only near ones are there.

    Args:
        search: questions and a number → that many passages for each, best first (``Index.search``).
        passages: how many passages a prompt shows.
        own_share: 0–1.
        hidden: ids of passages that are never shown (the rows held back for development).
        seed: another seed draws other rows for the own passage, and other places for it.
    """
    draw = random.Random(seed)
    questions = [clean(row.title) for row in rows]
    # Deep enough that the row's own passage and some hidden ones can be taken out.
    found = search([search_text(question, ()) for question in questions], 4 * passages + 4)
    examples = []
    for row, question, candidates in zip(rows, questions, found, strict=True):
        near = [one for one in candidates if one.passage_id not in hidden and not _same(one, row)][:passages]
        if draw.random() < own_share:
            near = near[: passages - 1]
            near.insert(draw.randint(0, len(near)), row)
        examples.append(Example(row.passage_id, write_prompt(question, near), row.text))
    return examples


def split_rows(rows: Sequence[Passage], dev_share: float, seed: int) -> tuple[list[Passage], list[Passage]]:
    """Part rows into training and development; rows that ask nearly the same never stand on both sides.

    Args:
        dev_share: 0–1, the part of the rows to hold back; met to within one cluster.
        seed: decides which clusters are held back.
    """
    held: set[int] = set()
    for group in _shuffled_clusters(rows, seed) if dev_share else []:
        if len(held) + len(group) <= dev_share * len(rows):
            held.update(group)
    parts: tuple[list[Passage], list[Passage]] = ([], [])
    for number, row in enumerate(rows):
        parts[number in held].append(row)
    return parts


def _shuffled_clusters(rows: Sequence[Passage], seed: int) -> list[list[int]]:
    groups = clusters([row.title for row in rows])
    random.Random(seed).shuffle(groups)
    return groups


def data_hash(rows: Sequence[Passage]) -> str:
    """Hex sha256 over ids, questions and answers, in their order: what an adapter was trained on."""
    return sha256_bytes("\0".join(part for row in rows for part in (row.passage_id, row.title, row.text)).encode())


def _same(passage: Passage, row: Passage) -> bool:
    return (passage.title, passage.text) == (row.title, row.text)
