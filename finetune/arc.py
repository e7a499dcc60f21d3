"""ARC questions and a model → how many it answers right, zero-shot, with a 95 % interval.

A file of questions is JSONL with ``query``, ``choices`` and ``gold``, the number of the right choice, from 0.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from support_agent.artefacts import sha256_file, write_bytes
from support_agent.errors import ConfigError
from support_agent.intervals import wilson

LETTERS = "ABCDEFGH"


class Question(BaseModel):
    """One multiple-choice question; ``gold`` counts from 0."""

    model_config = ConfigDict(frozen=True, coerce_numbers_to_str=True)

    query: str
    choices: tuple[Annotated[str, Field(pattern=r"\S")], ...] = Field(min_length=2, max_length=len(LETTERS))
    gold: int = Field(ge=0)

    @model_validator(mode="after")
    def _check_gold(self) -> Self:
        if self.gold >= len(self.choices):
            raise ValueError(f"gold is {self.gold}, but choices count from 0")
        return self


class ArcScore(BaseModel):
    """What was measured, on what, and how. Accuracies are shares in 0–1, each with its Wilson 95 % interval.

    ``accuracy_norm`` divides a choice's log-likelihood by its length in characters, as lm-eval's ``acc_norm``; None
    where a model only names a letter.
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
    accuracy_norm: float | None
    interval_norm: tuple[float, float] | None
    data_sha256: str


class KeptScores(BaseModel):
    """The file of ``finetune arc --save``."""

    model_config = ConfigDict(extra="forbid")

    scores: list[ArcScore] = []


class Scorer(Protocol):
    """Scores the choices of a question; the highest is the model's answer. Shipped ones stand in scorers.py."""

    method: str
    normalises: bool
    """Whether a score is a log-likelihood, which dividing by the choice's length makes fairer."""
    precision: str

    def score(self, question: Question) -> list[float]:
        """One number for each choice, or none at all where the model named no choice."""
        ...


def read_questions(file: Path) -> list[Question]:
    """Read a JSONL file of questions.

    Raises:
        ConfigError: the file cannot be read, holds nothing, or a line is not a question.
    """
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigError(f"{file} cannot be read ({problem}). Give an ARC file with --data.") from problem
    questions = []
    for at, line in enumerate(lines, 1):
        if line.strip():
            try:
                questions.append(Question.model_validate_json(line))
            except ValidationError as problem:
                first = problem.errors()[0]
                place = ".".join(map(str, first["loc"]))
                raise ConfigError(
                    f"{file}, line {at} is not a question ({place}{': ' if place else ''}{first['msg']}): it needs "
                    f"query, 2 to {len(LETTERS)} choices that are not empty, and gold as JSON. Mend the line."
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
        model: the name under which the score is kept.
        on_question: called after each question with how many are done, of how many.
    """
    everything = read_questions(file)
    asked = everything if not limit or limit >= len(everything) else random.Random(seed).sample(everything, limit)
    right = right_norm = 0
    for at, question in enumerate(asked, 1):
        scores = scorer.score(question)
        by_length = [score / len(choice) for score, choice in zip(scores, question.choices, strict=False)]
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
        accuracy_norm=right_norm / len(asked) if scorer.normalises else None,
        interval_norm=wilson(right_norm, len(asked)) if scorer.normalises else None,
        data_sha256=sha256_file(file),
    )


def _best(scores: Sequence[float]) -> int | None:
    return max(range(len(scores)), key=lambda at: scores[at]) if scores else None


def measured_file() -> Path:
    """Where ``finetune arc --save`` keeps its scores and ``finetune select`` finds them."""
    from platformdirs import user_data_path

    return user_data_path("support-agent") / "arc.json"


def saved_scores(file: Path) -> list[ArcScore]:
    """The scores kept in a file, none where it is not there.

    Raises:
        ConfigError: it is not such a file.
    """
    if not file.is_file():
        return []
    try:
        return KeptScores.model_validate_json(file.read_bytes()).scores
    except (OSError, ValueError) as problem:
        raise ConfigError(
            f"{file} is not a file of measured scores ({problem}). Remove it and measure again."
        ) from problem


def save_score(score: ArcScore, file: Path) -> None:
    """Keep a score, in place of an older one of the same model, task and method."""
    same = (score.model, score.task, score.method)
    kept = [old for old in saved_scores(file) if (old.model, old.task, old.method) != same]
    write_bytes(file, KeptScores(scores=[*kept, score]).model_dump_json(indent=1).encode())
