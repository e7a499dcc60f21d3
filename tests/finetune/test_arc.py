import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from finetune.arc import ArcScore, Question, measure, read_questions
from finetune.cli.arc import arc
from support_agent.errors import ConfigError

ROWS = [
    {"query": "Question: What is wet?", "choices": ["Stone", "Water", "Air"], "gold": 1},
    {"query": "Question: What is hot?", "choices": ["Ice", "Fire"], "gold": 1},
    {"query": "Question: What is high?", "choices": ["A hill that is high", "Mud"], "gold": 0},
]


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    file = tmp_path / "arc_challenge.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in ROWS) + "\n\n")
    return file


class TableScorer:
    """Scores what a table says for a question."""

    method = "table"
    precision = "exact"

    def __init__(self, table: dict[str, list[float]]) -> None:
        self._table = table
        self.asked: list[str] = []

    def score(self, question: Question) -> list[float]:
        self.asked.append(question.query)
        return self._table.get(question.query, [1.0] + [0.0] * (len(question.choices) - 1))


def _measure(scorer: Any, file: Path, **settings: Any) -> ArcScore:
    return measure(scorer, file, model="m", **settings)


def test_reads_questions(questions: Path) -> None:
    assert read_questions(questions)[1] == Question(query="Question: What is hot?", choices=("Ice", "Fire"), gold=1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no question"),
        ("{", "line 1: not JSON"),
        ('{"query": "q", "choices": ["a", "b"]}', "line 1: not a question"),
        ("[]", "line 1: not a JSON object"),
        ('{"query": "q", "choices": ["a"], "gold": 0}', "line 1: not a question .choices: .* two or more choices"),
        ('{"query": "q", "choices": ["a", " "], "gold": 0}', "line 1: not a question .choices.1: .* not empty"),
        ('{"query": "q", "choices": ["a", "b"], "gold": 2}', "line 1: not a question .Value error, gold is 2"),
    ],
    ids=["empty", "no JSON", "no gold", "no object", "one choice", "empty choice", "gold too high"],
)
def test_says_which_line_is_no_question(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "arc.jsonl"
    file.write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_questions(file)


def test_says_that_the_file_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="none.jsonl cannot be read"):
        read_questions(tmp_path / "none.jsonl")


def test_counts_with_and_without_the_choices_lengths(questions: Path) -> None:
    table = {"Question: What is wet?": [-9.0, -5.0, -6.0], "Question: What is high?": [-4.0, -3.0]}
    score = _measure(TableScorer(table), questions)
    assert (score.n, score.accuracy, score.accuracy_norm) == (3, 1 / 3, 2 / 3)


def test_a_sample_is_the_same_for_the_same_seed(questions: Path) -> None:
    first, second, other = TableScorer({}), TableScorer({}), TableScorer({})
    scores = [_measure(scorer, questions, limit=2, seed=seed) for scorer, seed in ((first, 1), (second, 1), (other, 5))]
    assert first.asked == second.asked != other.asked
    assert (scores[0].n, scores[0].of) == (2, 3)


def test_tells_how_far_it_is(questions: Path) -> None:
    told: list[tuple[int, int]] = []
    _measure(TableScorer({}), questions, on_question=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]


# --- the command -----------------------------------------------------------------------------------------------------

app = typer.Typer()
app.command()(arc)


@pytest.fixture
def table_scorer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("finetune.scorers.open_scorer", lambda *_, **__: TableScorer({}))


@pytest.mark.usefixtures("table_scorer")
def test_the_command_prints_a_sentence(questions: Path) -> None:
    result = CliRunner().invoke(app, ["some-model", "--data", str(questions)])
    assert result.stdout.startswith("some-model on arc_challenge: accuracy 33.3% (95 % interval 6.1% to 79.2%)")


@pytest.mark.usefixtures("table_scorer")
def test_the_command_prints_json(questions: Path) -> None:
    result = CliRunner().invoke(app, ["some-model", "-d", str(questions), "--json"])
    assert ArcScore.model_validate_json(result.stdout).n == 3
