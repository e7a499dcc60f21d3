"""Settings → everything a calibration is made of: rows, drafts, signals, topics, the index's scope model.

What `support-agent calibrate` does before there are labels. Long: one draft for each question of the index.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support_agent.clusters import group_numbers
from support_agent.errors import CalibrationError
from support_agent.gate.calibrating.drafted_rows import DraftedRow, OnDrafted, draft_rows
from support_agent.gate.calibrating.drafters import drafting_facts, who_drafts
from support_agent.gate.calibrating.fit_scope import (
    ScopeFit,
    find_names,
    find_product,
    fit_scope,
    shipped_outliers,
)
from support_agent.gate.calibrating.labels import Labels
from support_agent.gate.calibrating.measured_rows import MeasuredRow, measure_rows
from support_agent.gate.calibrating.run import Labelled
from support_agent.gate.calibrating.topics import topics
from support_agent.gate.opening import calibrated_parts
from support_agent.generation import open_generator
from support_agent.records import Passage
from support_agent.retrieval import Index, find_index
from support_agent.retrieval.index import read_left_out
from support_agent.triage.meaning import Meaning

if TYPE_CHECKING:
    from support_agent.config import Config
    from support_agent.models import OnProgress
    from support_agent.retrieval.embedders import Embedder

_PAIR_FILES = (".csv", ".tsv", ".jsonl")


@dataclass(frozen=True)
class Prepared:
    """All that labels are waited for.

    ``groups`` numbers near-duplicate questions alike, ``topics`` are names, ``drafting`` says who wrote the drafts.
    """

    rows: Sequence[MeasuredRow]
    groups: Sequence[int]
    topics: Sequence[str]
    parts: Mapping[str, str]
    scope: Mapping[str, Any]
    embedder: Embedder
    drafting: Mapping[str, Any]

    def with_labels(self, labels: Labels) -> Labelled:
        """The rows that are held back and those that have a label; a row that nobody labelled counts for nothing."""
        places = [at for at, row in enumerate(self.rows) if row.held or row.drafted.row_id in labels.right]
        return Labelled(
            rows=[self.rows[at] for at in places],
            right=labels.right,
            groups=[self.groups[at] for at in places],
            topics=[self.topics[at] for at in places],
            parts=self.parts,
            scope=self.scope,
            facts={**labels.facts, **self.drafting},
            questions=len(self.rows),
            set_aside=labels.set_aside,
        )


def prepare(
    config: Config,
    drafts: Path,
    *,
    cross_fitted: Path | None = None,
    on_progress: OnProgress | None = None,
    on_drafted: OnDrafted | None = None,
) -> Prepared:
    """Draft every question of the index without its own passage, and measure it.

    Args:
        drafts: JSONL that keeps the drafts; a stopped run goes on from it.
        cross_fitted: folder that `finetune cross-fit` made; each row is then drafted by the adapter that has not
            learned it. The calibration is for the adapter of the settings all the same.

    Raises:
        CalibrationError: the index has no questions, or the folder does not cover them or fit the settings.
        ConfigError, ModelFileError, IndexFolderError, GenerationError: as for ``Agent.load``.
    """
    index = Index.open(
        find_index(config.index), offline=config.offline, threads=config.threads, on_progress=on_progress
    )
    rows = _questions(index, config)
    drafters = who_drafts(config, rows, cross_fitted)
    generator = open_generator(config, on_progress=on_progress)
    # Refused questions often hold the product's name, so that it is looked for without them.
    asked = [row.title for row in rows]
    names = find_names(asked, shipped_outliers())
    product = find_product(asked, names)
    drafted: dict[str, DraftedRow] = {}
    for drafter in drafters:
        writer = generator if cross_fitted is None else open_generator(drafter.config, on_progress=on_progress)
        counted = _counting_on(on_drafted, len(drafted), len(rows))
        made = draft_rows(drafter.rows, index, writer, drafter.config, drafts, product=product, on_drafted=counted)
        drafted |= {one.row_id: one for one in made}
    ordered = [drafted[row.passage_id] for row in rows]
    parts = calibrated_parts(index, generator, config)
    facts = drafting_facts(config, cross_fitted, (row.generator for row in ordered))
    scope = _scope(index, rows, names)
    return _measured(index, ordered, replace(scope, model=replace(scope.model, product=product)), config, parts, facts)


def _questions(index: Index, config: Config) -> list[Passage]:
    """The index's own questions with their answers."""
    rows = [passage for passage in index.passages if Path(passage.source).suffix in _PAIR_FILES and passage.title]
    if not rows:
        raise CalibrationError(
            f"The index {config.index} holds documents and no questions with answers. Give labelled questions of your "
            "own: `support-agent index add` takes them as CSV."
        )
    return rows


def _counting_on(on_drafted: OnDrafted | None, before: int, rows: int) -> OnDrafted | None:
    """Counts one drafter's rows on from those of the drafters before it."""
    return (lambda done, _: on_drafted(before + done, rows)) if on_drafted else None


def _scope(index: Index, rows: Sequence[Passage], names: Sequence[str]) -> ScopeFit:
    """The index's scope model, by its own questions and others, the refused among them."""
    refused = [one.passage.title for one in read_left_out(index.folder, index.manifest) if one.reason == "refusal"]
    return fit_scope([row.title for row in rows], [*shipped_outliers(), *refused], index.embedder, names=names)


def _measured(
    index: Index,
    drafted: Sequence[DraftedRow],
    scope: ScopeFit,
    config: Config,
    parts: Mapping[str, str],
    drafting: Mapping[str, Any],
) -> Prepared:
    scope_of = {row.row_id: signal for row, signal in zip(drafted, scope.own_scores, strict=True)}
    measured = measure_rows(drafted, Meaning(index.embedder, scope.model), config, scope_of)
    topic_of = topics(index.passages, index.vectors())
    return Prepared(
        rows=measured,
        groups=group_numbers([row.question for row in drafted]),
        topics=[topic_of[row.row_id] for row in drafted],
        parts=parts,
        scope=scope.model.to_dict(),
        embedder=index.embedder,
        drafting=drafting,
    )
