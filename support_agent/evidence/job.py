"""What `support-agent calibrate` does: settings → measured rows → the calibration. One draft for each question."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from support_agent.agent import Agent
from support_agent.clusters import group_numbers
from support_agent.errors import CalibrationError
from support_agent.evidence import fit
from support_agent.evidence.calibration import Calibration, write_calibration
from support_agent.evidence.fit import MeasuredRows
from support_agent.evidence.kept_drafts import KeepingGenerator
from support_agent.evidence.labels import read_labels
from support_agent.evidence.left_out import left_out_tickets
from support_agent.evidence.opening import NONE, calibrated_parts, own_calibration
from support_agent.generation import open_generator
from support_agent.generation.cross_fitted import drafting_facts, who_drafts
from support_agent.records import About
from support_agent.retrieval import Index, find_index
from support_agent.retrieval.fit_subject import is_pair
from support_agent.retrieval.topics import topics

if TYPE_CHECKING:
    from support_agent.config import Config
    from support_agent.gate.measure import Measured
    from support_agent.models import OnProgress
    from support_agent.records import Passage

OnMeasured = Callable[[int, int], None]


def calibrate(
    labels: str | Path,
    *,
    config: Config | None = None,
    max_error: float = 0.10,
    delta: float = 0.05,
    about: About = "supported",
    output: str | Path | None = None,
    drafts: Path | None = None,
    cross_fitted: Path | None = None,
    on_progress: OnProgress | None = None,
    on_measured: OnMeasured | None = None,
) -> Calibration:
    """Measure the index's own questions, and write the calibration that the labels of their answers give.

    >>> calibrate("answers.jsonl", max_error=0.10).in_words()

    Args:
        labels: JSONL that readers filled in (``evidence/labels.py``); ``measure_index`` and ``write_to_read`` make it.
        config: the settings; those of ``Agent.load()`` if left out.
        max_error: largest share (0–1) of the answers that may be wrong.
        delta: largest chance (0–1) that the promise is broken all the same.
        about: what right means: carried by the passages, or agreeing with the known answer.
        output: the file to write; among the user's own calibrations without one.
        drafts, cross_fitted, on_progress, on_measured: see ``measure_index``.

    Raises:
        CalibrationError: the labels cannot be used, or see ``measure_index``.
    """
    from support_agent.config import load_config

    config = config or load_config().config
    promise, read = fit.Promise(about, max_error, delta), read_labels(Path(labels))
    # Asked before anything is drafted, which takes about a second a question.
    if not read.said(about):
        raise CalibrationError(
            f"{labels} holds no label that says {about!r}. `support-agent calibrate --to-read` writes what to label."
        )
    rows = measure_index(
        config, drafts=drafts, cross_fitted=cross_fitted, on_progress=on_progress, on_measured=on_measured
    )
    made = fit.calibrate(rows, read, promise)
    write_calibration(Path(output) if output else own_calibration(config), made)
    return made


def measure_index(
    config: Config,
    *,
    drafts: Path | None = None,
    cross_fitted: Path | None = None,
    on_progress: OnProgress | None = None,
    on_measured: OnMeasured | None = None,
) -> MeasuredRows:
    """Answer every question of the index without its own passage, and measure it to the end.

    Args:
        drafts: JSONL that keeps the drafts, so that a stopped run goes on; among the own calibrations without one.
        cross_fitted: folder that `finetune cross-fit` made; each row is then drafted by the adapter that has not
            learned it. The calibration is for the adapter of the settings all the same.
        on_measured: told how many rows are measured, and of how many.

    Raises:
        CalibrationError: the index has no questions, or the folder does not cover them or fit the settings.
        ConfigError, ModelFileError, IndexFolderError: as for ``Agent.load``.
    """
    file = drafts or own_calibration(config).with_suffix(".drafts.jsonl")
    index = Index.open(
        find_index(config.index), offline=config.offline, threads=config.threads, on_progress=on_progress
    )
    rows = _questions(index, config)
    drafters = who_drafts(config, rows, cross_fitted)
    generator = open_generator(config, on_progress=on_progress)
    measured: dict[str, Measured] = {}
    writers = []
    for drafter in drafters:
        writer = generator if cross_fitted is None else open_generator(drafter.config, on_progress=on_progress)
        writers.append(writer.version)
        keeping = KeepingGenerator(writer, file, config.max_new_tokens)
        # No gate has a say while rows are measured: the settings' own calibration need not be read.
        agent = Agent(index, keeping, drafter.config.model_copy(update={"calibration": NONE}))
        for one in agent.measure(left_out_tickets(rows, index.subject.left_out, of=drafter.rows)):
            measured[one.ticket.ticket_id] = one
            if on_measured:
                on_measured(len(measured), len(rows))
    ordered = [measured[row.passage_id] for row in rows]
    topic_of = topics(index.passages, index.vectors())
    return MeasuredRows(
        rows=ordered,
        groups=group_numbers([one.triage.text for one in ordered]),
        topics=[topic_of[row.passage_id] for row in rows],
        parts=calibrated_parts(index.version, generator, config),
        drafting=drafting_facts(config, cross_fitted, writers),
        references={row.passage_id: row.text for row in rows},
    )


def _questions(index: Index, config: Config) -> list[Passage]:
    """The index's own questions with their answers."""
    rows = [passage for passage in index.passages if is_pair(passage) and passage.title]
    if not rows:
        raise CalibrationError(
            f"The index {config.index} holds documents and no questions with answers. Give labelled questions of your "
            "own: `support-agent index add` takes them as CSV."
        )
    return rows
