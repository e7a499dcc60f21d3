"""ARC questions and a model → how many it answers right, zero-shot, with a 95 % interval.

A file of questions is JSONL with ``query``, ``choices`` and ``gold``, the number of the right choice, from 0.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from support_agent import jsonl
from support_agent.artefacts import sha256_file
from support_agent.errors import ConfigError
from support_agent.intervals import wilson


class Question(BaseModel):
    """One multiple-choice question; ``gold`` counts from 0."""

    model_config = ConfigDict(frozen=True, coerce_numbers_to_str=True)

    query: str
    choices: tuple[Annotated[str, Field(pattern=r"\S")], ...] = Field(min_length=2)
    gold: int = Field(ge=0)

    @model_validator(mode="after")
    def _check_gold(self) -> Self:
        if self.gold >= len(self.choices):
            raise ValueError(f"gold is {self.gold}, but choices count from 0")
        return self


class ArcScore(BaseModel):
    """What was measured, on what, and how. Accuracies are shares in 0–1, each with its Wilson 95 % interval.

    ``accuracy_norm`` divides a choice's log-likelihood by its length in characters, as lm-eval's ``acc_norm``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    task: str
    n: int
    of: int
    seed: int
    method: str
    precision: str
    accuracy: float
    interval: tuple[float, float]
    accuracy_norm: float
    interval_norm: tuple[float, float]
    data_sha256: str


@dataclass(frozen=True)
class Scorer:
    """Scores the choices of a question, one log-likelihood for each; the highest is the model's answer."""

    score: Callable[[Question], list[float]]
    method: str
    precision: str


def read_questions(file: Path) -> list[Question]:
    """Read a JSONL file of questions.

    Raises:
        ConfigError: the file cannot be read, holds nothing, or a line is not a question.
    """
    questions = []
    for row in jsonl.read_rows(file, ConfigError):
        try:
            questions.append(Question.model_validate(row.values))
        except ValidationError as problem:
            first = problem.errors()[0]
            told = ": ".join(filter(None, (".".join(map(str, first["loc"])), first["msg"])))
            raise row.error(
                f"not a question ({told}). It needs query, two or more choices that are not empty, and gold"
            ) from problem
    if not questions:
        raise ConfigError(f"{file} holds no question. Give an ARC file with --data.")
    return questions


def measure(
    scorer: Scorer,
    file: Path,
    *,
    model: str,
    limit: int | None = None,
    seed: int = 0,
    on_question: Callable[[int, int], None] = lambda done, total: None,
) -> ArcScore:
    """Ask every question of a file, or a seeded sample of ``limit`` of them, and count.

    Args:
        model: the name that the score bears.
        on_question: called after each question with how many are done, of how many.
    """
    everything = read_questions(file)
    asked = everything if not limit or limit >= len(everything) else random.Random(seed).sample(everything, limit)
    right = right_norm = 0
    for at, question in enumerate(asked, 1):
        scores = scorer.score(question)
        by_length = [score / len(choice) for score, choice in zip(scores, question.choices, strict=True)]
        right += _best(scores) == question.gold
        right_norm += _best(by_length) == question.gold
        on_question(at, len(asked))
    return ArcScore(
        model=model,
        task=file.stem,
        n=len(asked),
        of=len(everything),
        seed=seed,
        method=scorer.method,
        precision=scorer.precision,
        accuracy=right / len(asked),
        interval=wilson(right, len(asked)),
        accuracy_norm=right_norm / len(asked),
        interval_norm=wilson(right_norm, len(asked)),
        data_sha256=sha256_file(file),
    )


def _best(scores: Sequence[float]) -> int:
    return max(range(len(scores)), key=lambda at: scores[at])
