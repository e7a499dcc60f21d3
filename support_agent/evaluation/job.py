"""The jobs of this room from start to end: evaluate an agent, score a result again, audit an agent."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from support_agent.artefacts import write_bytes
from support_agent.errors import EvaluationError
from support_agent.evaluation.audit import audit
from support_agent.evaluation.audit_report import audit_page
from support_agent.evaluation.defaults import PROMISE, RIGHT_F1
from support_agent.evaluation.effects import Audit
from support_agent.evaluation.golden import GOLDEN_FILE, GoldenSet, check_relevant, find_golden, read_golden
from support_agent.evaluation.judging import AnswerJudge
from support_agent.evaluation.report import result_page
from support_agent.evaluation.results import Result, check_free, check_page, default_folder, read_result, write_result
from support_agent.evaluation.run import ask_golden
from support_agent.evaluation.scores import score
from support_agent.evidence.labels import Labels, read_labels
from support_agent.records import About
from support_agent.wording import in_one_line

if TYPE_CHECKING:
    from support_agent.agent import Agent

logger = logging.getLogger(__name__)

# What a result says of itself: its tickets were no traffic.
UNWATCHED = {"drift_watch": "off"}


def evaluate(
    golden: str | Path,
    agent: Agent | Callable[[], Agent],
    *,
    output: str | Path | None = None,
    report: str | Path | None = None,
    labels: str | Path | None = None,
    about: About = "supported",
    right_f1: float = RIGHT_F1,
    promise: float = PROMISE,
    on_done: Callable[[int, int], None] = lambda done, all_of: None,
) -> Result:
    """Ask an agent every ticket of a golden set, score the replies, and write a result folder.

    >>> result = evaluate("lamini_docs", Agent.load, report=Path("today.html"))
    >>> risk = result.scores["overall"]["scores"]["risk"]  # its value, low and high (95 % interval), and n

    Args:
        golden: a JSONL file, or the name or folder of an index that holds one.
        agent: an agent, or what opens one, called once all else has been checked. Its gate watches no
            drift meanwhile: golden tickets are no traffic, and would withdraw the promise half-way.
        output: the result folder, ``runs/`` and the set's name without one; an earlier result there is replaced.
        report: an HTML page to write as well.
        labels: what readers said of answers; about: which of their words counts, where the file has both.
        right_f1: token-F1 with the reference, 0–1, from which an answer that nobody read counts as right.
        promise: the largest share of wrong answers that is allowed, 0–1; drawn on the page, used nowhere else.
        on_done: told after each ticket how many are done, and of how many.

    Raises:
        EvaluationError: the set or the labels cannot be used, or the folder or page cannot be written where it is asked
            for; nothing has been asked then.
    """
    path = find_golden(str(golden))
    tickets = read_golden(path)
    judge = _open_judge(tickets, Path(labels) if labels else None, about, right_f1)
    folder = Path(output) if output else default_folder(Path(golden).stem, tickets)
    page = Path(report) if report else None
    check_free(folder)
    check_page(page)
    with _unwatched(agent) as opened:
        passages = {passage.passage_id: passage.text for passage in opened.index.passages}
        check_relevant(tickets, passages)
        outcomes = ask_golden(opened, tickets, passages, on_done)
    scores = score(tickets, outcomes, judge, promise=promise)
    facts = {
        "set": Path(golden).stem,
        "set_sha256": tickets.sha256,
        "versions": dict(opened.versions),
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        **UNWATCHED,
    }
    write_result(folder, path.read_bytes(), outcomes, scores, facts)
    return _with_page(folder, page)


def rescore(
    folder: Path,
    *,
    report: Path | None = None,
    labels: Path | None = None,
    about: About = "supported",
    right_f1: float = RIGHT_F1,
    promise: float = PROMISE,
) -> Result:
    """Score a result anew, with other labels or another threshold; no ticket is asked again.

    The arguments are those of ``evaluate``.

    Raises:
        EvaluationError: the folder holds no result, or no label is of a text of it; it is then left as it was.
    """
    check_page(report)
    result = read_result(folder)
    judge = _open_judge(result.golden, labels, about, right_f1)
    scores = score(result.golden, result.outcomes, judge, promise=promise)
    if labels and not scores["labelled"]:
        raise EvaluationError(
            f"None of the labels of {labels} is of a text that this run sent or would have sent. Read the run's own "
            "texts, or score it without --labels."
        )
    facts = {key: value for key, value in result.manifest.items() if key not in ("files", "kind")}
    write_result(folder, (folder / GOLDEN_FILE).read_bytes(), result.outcomes, scores, facts)
    return _with_page(folder, report)


def audit_agent(
    golden: str | Path,
    agent: Agent | Callable[[], Agent],
    *,
    slice_name: str = "",
    limit: int | None = None,
    report: Path | None = None,
    on_done: Callable[[int, int], None] = lambda done, all_of: None,
) -> Audit:
    """Ask the tickets of a golden set as other people would write them; the arguments are those of ``audit``.

    ``golden``, ``agent`` and ``report`` are as for ``evaluate``.

    Raises:
        EvaluationError: the set cannot be used, or the page cannot be written where it is asked for.
    """
    check_page(report)
    tickets = read_golden(find_golden(str(golden)))
    with _unwatched(agent) as opened:
        found = audit(opened, tickets, slice_name=slice_name, limit=limit, on_done=on_done)
    if report:
        write_bytes(report, audit_page(found))
    return found


def _open_judge(golden: GoldenSet, labels: Path | None, about: About, right_f1: float) -> AnswerJudge:
    if labels is None:
        return AnswerJudge(right_f1)
    read = read_labels(labels, EvaluationError)
    _check_labels(labels, read, about, golden)
    return AnswerJudge(right_f1, read, about)


def _check_labels(path: Path, labels: Labels, about: About, golden: GoldenSet) -> None:
    """Refuse labels of which none is of a ticket of the set: of its question or, naming none, of its id."""
    if not (said := labels.said(about)):
        raise EvaluationError(f"{path} holds no label about {about!r}. Leave --labels out, or fill them in.")
    ids = {ticket.id for ticket in golden.tickets}
    questions = {in_one_line(ticket.question) for ticket in golden.tickets}
    known = sum(
        one.question in questions if one.question else one.id in ids
        for one in labels.every
        if one.on(about) is not None
    )
    if not known:
        raise EvaluationError(
            f"None of the {said:,} labels of {path} is of a ticket of {golden.name}: no id or question of theirs "
            "stands in the set. Give the labels of this set."
        )
    if 2 * known < said:
        logger.warning("Only %s of the %s labels of %s are of a ticket of %s.", known, said, path, golden.name)


@contextmanager
def _unwatched(agent: Agent | Callable[[], Agent]) -> Iterator[Agent]:
    """The agent; its watch for drift is set aside meanwhile, since golden tickets are no traffic."""
    opened = agent() if callable(agent) else agent
    watch, opened.gate.watch = opened.gate.watch, None
    try:
        yield opened
    finally:
        opened.gate.watch = watch


def _with_page(folder: Path, report: Path | None) -> Result:
    result = read_result(folder)
    if report:
        write_bytes(report, result_page(result))
    return result
