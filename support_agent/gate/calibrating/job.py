"""Settings → everything a calibration is made of: rows, drafts, signals, topics, the index's scope model.

What `support-agent calibrate` does before there are labels. Long: one draft for each question of the index.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support_agent.clusters import clusters
from support_agent.errors import CalibrationError
from support_agent.gate.calibrating.drafted_rows import DraftedRow, OnDrafted, draft_rows
from support_agent.gate.calibrating.fit_scope import find_names, fit_scope, shipped_outliers
from support_agent.gate.calibrating.labels import Labels
from support_agent.gate.calibrating.measured_rows import MeasuredRow, measure_rows
from support_agent.gate.calibrating.run import Labelled
from support_agent.gate.calibrating.topics import topics
from support_agent.gate.likeness import Likeness
from support_agent.gate.opening import calibrated_parts
from support_agent.generation import open_generator
from support_agent.generation.adapters import adapter_name
from support_agent.records import Passage
from support_agent.retrieval import Index, find_index
from support_agent.retrieval.index import read_left_out
from support_agent.triage.meaning import Meaning

if TYPE_CHECKING:
    from support_agent.config import Config
    from support_agent.models import OnProgress
    from support_agent.retrieval.embedders import Embedder

logger = logging.getLogger(__name__)

_PAIR_FILES = (".csv", ".tsv", ".jsonl")


@dataclass(frozen=True)
class Prepared:
    """All that labels are waited for. ``groups`` numbers near-duplicate questions alike; ``topics`` are names."""

    rows: Sequence[MeasuredRow]
    groups: Sequence[int]
    topics: Sequence[str]
    parts: Mapping[str, str]
    scope: Mapping[str, Any]
    embedder: Embedder

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
            facts=labels.facts,
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
        CalibrationError: the index has no questions, or the folder does not cover them.
        ConfigError, ModelFileError, IndexFolderError, GenerationError: as for ``Agent.load``.
    """
    index = Index.open(
        find_index(config.index), offline=config.offline, threads=config.threads, on_progress=on_progress
    )
    rows = [passage for passage in index.passages if Path(passage.source).suffix in _PAIR_FILES and passage.title]
    if not rows:
        raise CalibrationError(
            f"The index {config.index} holds documents and no questions with answers. Give labelled questions of your "
            "own: `support-agent index add` takes them as CSV."
        )
    generator = open_generator(config, on_progress=on_progress)
    parts = calibrated_parts(index, generator, config)
    drafted: dict[str, DraftedRow] = {}
    for writes, some in _who_drafts(config, rows, cross_fitted):
        writer = generator if writes is config else open_generator(writes, on_progress=on_progress)
        made = draft_rows(
            some,
            index,
            writer,
            passages=config.passages,
            batch_size=config.batch_size,
            file=drafts,
            on_drafted=(lambda done, _: on_drafted(len(drafted) + done, len(rows))) if on_drafted else None,
        )
        drafted.update((one.row_id, one) for one in made)
    ordered = [drafted[row.passage_id] for row in rows]
    return _measured(index, ordered, rows, parts, config)


def _measured(
    index: Index, drafted: Sequence[DraftedRow], rows: Sequence[Passage], parts: Mapping[str, str], config: Config
) -> Prepared:
    refused = [one.passage.title for one in read_left_out(index.folder, index.manifest) if one.reason == "refusal"]
    # Refused questions often hold the product's name, so that it is looked for without them.
    asked, elsewhere = [row.title for row in rows], shipped_outliers()
    names = find_names(asked, elsewhere)
    scope = fit_scope(asked, [*elsewhere, *refused], index.embedder, names=names)
    scope_of = {row.passage_id: signal for row, signal in zip(rows, scope.own_scores, strict=True)}
    measured = measure_rows(
        drafted, Meaning(index.embedder, scope.model), Likeness(index.embedder, index.passages), config, scope_of
    )
    of_question = clusters(asked)
    group_of = {place: number for number, group in enumerate(of_question) for place in group}
    topic_of = topics(index.passages, index.vectors())
    return Prepared(
        measured,
        [group_of[place] for place in range(len(rows))],
        [topic_of[row.passage_id] for row in rows],
        parts,
        scope.model.to_dict(),
        index.embedder,
    )


def _who_drafts(
    config: Config, rows: Sequence[Passage], cross_fitted: Path | None
) -> list[tuple[Config, Sequence[Passage]]]:
    """Which settings write the drafts of which rows."""
    if cross_fitted is None:
        if adapter_name(config):
            logger.warning(
                "The adapter %s may have learned these very rows, and writes better drafts of them than of new "
                "questions. `finetune cross-fit` makes adapters that have not; name their folder with --cross-fitted.",
                adapter_name(config),
            )
        return [(config, rows)]
    parted: list[tuple[Config, Sequence[Passage]]] = []
    for folder in sorted(cross_fitted.glob("fold-*")):
        held = set(json.loads((folder / "manifest.json").read_text("utf-8")).get("held_out", ()))
        some = [row for row in rows if row.passage_id in held]
        parted.append((config.model_copy(update={"adapter": str(folder)}), some))
    covered = {row.passage_id for _, some in parted for row in some}
    if missing := [row.passage_id for row in rows if row.passage_id not in covered]:
        raise CalibrationError(
            f"{cross_fitted} has no adapter that left out {missing[0]} and {len(missing) - 1} others: it was made from "
            f"other rows. Make it anew: support-agent finetune cross-fit RECIPE --set data={config.index} -o …"
        )
    return parted
