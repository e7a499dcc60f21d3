"""A small shop: an index of 60 answers, 60 past tickets, and people who read. No model is loaded for it.

For the loose promise of these tests (at most half of the answers wrong) a dozen readings are enough.
"""

import csv
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest

from support_agent import Agent
from support_agent.batch import plan_batch, run_batch
from support_agent.config import Config
from support_agent.jobs import build_index
from support_agent.retrieval.fit_subject import shipped_outliers

THINGS = "webhook invoice password dashboard backup export role token report alias widget schedule".split()
FORMS = [
    ("How do I create a {}?", "Open the {} page and press Create. The new {} is listed there."),
    ("Where do I delete the {}?", "Open the {} page, choose it and press Delete."),
    ("What does a {} cost monthly?", "Each {} costs $3 a month."),
    ("Why did my {} fail yesterday?", "A {} fails when its owner has left the team."),
    ("Who may share the {} with partners?", "Owners and admins may share a {} with partners."),
]
ROWS = [
    {"question": question.format(thing), "answer": answer.format(thing, thing)}
    for thing in THINGS
    for question, answer in FORMS
]
QUESTIONS = [row["question"] for row in ROWS]
# Other questions about the same things, of which no two count as near-duplicates.
MORE_FORMS = (
    "Removing an old {} now?",
    "Is the {} priced yearly?",
    "Broken {} on Monday",
    "Can guests use the {} too?",
    "May I rename a {} myself?",
)
MORE_QUESTIONS = [form.format(thing) for thing in THINGS for form in MORE_FORMS]
LOOSE = 0.5
"""Share of wrong answers that the promise of these tests allows."""

Row = dict[str, str]


def build_shop(indexes: Path, rows: Sequence[Row] = ROWS) -> None:
    """Build the index "shop" in this folder, told from a tenth of the texts about anything else: all take seconds."""
    few = shipped_outliers()[::10]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("support_agent.retrieval.fit_subject.shipped_outliers", lambda: few)
        patch.setenv("SUPPORT_AGENT_INDEXES", str(indexes))
        build_index("shop", [write_rows(indexes / "rows.jsonl", rows)], embedder="hashing")


def write_rows(path: Path, rows: Iterable[Row]) -> Path:
    """Question/answer pairs for an index."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def write_tickets(path: Path, questions: Iterable[str] = QUESTIONS) -> Path:
    """Past tickets as a helpdesk exports them."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("id", "question"), *enumerate(questions, start=1)])
    return path


def read_csv(path: Path) -> list[Row]:
    """The rows of a file that was written to be read."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def write_csv(path: Path, rows: Sequence[Row], **form: str) -> Path:
    """The rows again, in the form that a spreadsheet may give them."""
    with path.open("w", encoding=form.pop("encoding", "utf-8"), newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), **form)  # type: ignore[arg-type]
        writer.writeheader()
        writer.writerows(rows)
    return path


def without(column: str, row: Row) -> Row:
    """The row without a column."""
    return {name: cell for name, cell in row.items() if name != column}


def fill_in(path: Path, verdict: Callable[[Row], str] = lambda row: "right") -> Path:
    """Read every row, as a person does in a spreadsheet."""
    return write_csv(path, [{**row, "verdict": verdict(row)} for row in read_csv(path)])


def answer_batch(settings: Config, output: Path, questions: Iterable[str] = QUESTIONS) -> Path:
    """What `support-agent batch` makes of these tickets, with an empty column for verdicts."""
    tickets = write_tickets(output.with_name(f"in-{output.name}"), questions)
    run_batch(plan_batch(tickets, output, {}), lambda: Agent.load(settings))
    return write_csv(output, [{**row, "verdict": ""} for row in read_csv(output)])
