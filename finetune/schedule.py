"""A recipe's data → every example of the run in the order in which it is seen, and those held back.

Comes in: recipe and tokenizer. Goes out: a Schedule. The order is fixed before the first step, so that a run that was
stopped goes on with exactly the examples it has not seen. Knows no model.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune.encoding import Encoded, TooLong, encode_all
from finetune.examples import Example, Search, data_hash, plain_examples, retrieval_examples, split_rows
from finetune.folds import split_folds
from finetune.recipe import Recipe
from support_agent.artefacts import sha256_bytes
from support_agent.errors import TrainingError
from support_agent.records import Passage
from support_agent.retrieval import Index, find_index, read_sources, sift

if TYPE_CHECKING:
    from support_agent.models import OnProgress

logger = logging.getLogger(__name__)

_DATA_SUFFIXES = (".csv", ".tsv", ".jsonl")


@dataclass(frozen=True)
class Schedule:
    """What is trained on, in its order, and what is held back."""

    train: tuple[Encoded, ...]
    dev: tuple[Encoded, ...]
    rows: int
    data_sha256: str
    examples_sha256: str
    """Over every token in its order: a rebuilt index shows other passages, and is seen here."""
    left_out: dict[str, int]
    """How many rows are not used, by reason."""
    held_out: tuple[str, ...] = ()
    """Ids of the rows of the recipe's fold: neither trained on nor measured on."""


def write_schedule(
    recipe: Recipe, tokenizer: Any, *, offline: bool = False, on_progress: OnProgress | None = None
) -> Schedule:
    """Read the recipe's rows, retrieve passages for them, and lay the examples out epoch by epoch.

    Each epoch draws anew which rows see their own passage and where it stands; examples of one batch are of about the
    same length.

    Raises:
        TrainingError: no row is left to train on.
        DocumentError, IndexFolderError: the data or the index cannot be read.
    """
    rows, left_out = read_rows(recipe)
    held_out = split_folds(rows, recipe.folds, recipe.seed)[recipe.fold] if recipe.folds else []
    unseen = {row.passage_id for row in held_out}
    train_rows, dev_rows = split_rows(
        [row for row in rows if row.passage_id not in unseen], recipe.dev_share, recipe.seed
    )
    if not train_rows:
        raise TrainingError(f"{recipe.data} has no row to train on ({_listed(left_out)}). Give question/answer rows.")
    # Ids of a file's rows mean nothing in the index; there their own text is looked for.
    # The held-out fold is shown as passages, which carry no loss: without half of them the prompts of a fold's adapter
    # would be poorer than those of the one it stands for.
    hidden = frozenset(row.passage_id for row in dev_rows) if recipe.data == recipe.index else frozenset()
    search = None
    if recipe.mode == "retrieval":
        search = Index.open(find_index(recipe.index), offline=offline, on_progress=on_progress).search
    epochs: list[list[Encoded]] = []
    too_long: list[TooLong] = []
    for epoch in range(math.ceil(recipe.epochs)):
        examples = _examples(recipe, train_rows, search, hidden, recipe.seed + epoch)
        encoded, too_long = encode_all(examples, tokenizer, recipe.max_tokens)
        if not encoded:
            raise TrainingError(
                f"Every row of {recipe.data} is longer than max_tokens = {recipe.max_tokens:,}. Raise it."
            )
        epochs.append(_in_order(encoded, recipe, recipe.seed + epoch))
    dev, _ = encode_all(_dev_examples(recipe, dev_rows, search), tokenizer, recipe.max_tokens)
    _warn(too_long, recipe)
    train = [one for epoch in epochs for one in epoch][: round(len(epochs[0]) * recipe.epochs)]
    return Schedule(
        train=tuple(train),
        dev=tuple(dev),
        rows=len(train_rows) - len(too_long),
        data_sha256=data_hash(train_rows),
        examples_sha256=sha256_bytes(repr([one.input_ids for one in train]).encode()),
        left_out={**left_out, **({"too long": len(too_long)} if too_long else {})},
        held_out=tuple(row.passage_id for row in held_out),
    )


def _is_file(data: str) -> bool:
    """Whether a recipe's data is a file of rows rather than an index."""
    return Path(data).suffix.lower() in _DATA_SUFFIXES


def read_rows(recipe: Recipe) -> tuple[list[Passage], dict[str, int]]:
    """The rows to learn, and how many were left out by reason (refusals, empty ones, duplicates)."""
    if not _is_file(recipe.data):
        from support_agent.retrieval.index import read_index_manifest, read_left_out, read_passages

        folder = find_index(recipe.data)
        manifest = read_index_manifest(folder)
        rows = read_passages(folder, manifest)
        left_out = _counted(one.reason for one in read_left_out(folder, manifest))
    else:
        rows, sifted = sift(read_sources([Path(recipe.data)])[0].passages)
        left_out = _counted(one.reason for one in sifted)
        for one in sifted:
            logger.warning("%s: %s is left out (%s)", recipe.data, one.passage.passage_id, one.reason)
    return rows[: recipe.max_rows or None], left_out


def _examples(
    recipe: Recipe, rows: Sequence[Passage], search: Search | None, hidden: frozenset[str], seed: int
) -> list[Example]:
    if search is None:
        return plain_examples(rows)
    return retrieval_examples(
        rows, search, passages=recipe.passages, own_share=recipe.own_passage_share, hidden=hidden, seed=seed
    )


def _dev_examples(recipe: Recipe, rows: Sequence[Passage], search: Search | None) -> list[Example]:
    """As a new question is met: the row's own passage is not there, all others are."""
    if search is None or not rows:
        return plain_examples(rows)
    return retrieval_examples(rows, search, passages=recipe.passages, own_share=0)


def _in_order(encoded: Sequence[Encoded], recipe: Recipe, seed: int) -> list[Encoded]:
    """Shuffled, with neighbours of about the same length, so that a batch holds little padding."""
    import torch
    from transformers.trainer_pt_utils import get_length_grouped_indices

    order = get_length_grouped_indices(  # type: ignore[no-untyped-call]
        [len(one.input_ids) for one in encoded],
        recipe.batch_size * recipe.gradient_accumulation,
        generator=torch.Generator().manual_seed(seed),
    )
    return [encoded[at] for at in order]


def _counted(reasons: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for reason in reasons:
        counts[reason] = counts.get(reason, 0) + 1
    return counts


def _listed(left_out: dict[str, int]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in left_out.items()) or "it is empty"


def _warn(too_long: Sequence[TooLong], recipe: Recipe) -> None:
    for one in too_long:
        logger.warning(
            "%s takes at least %s tokens without any passage, more than max_tokens = %s: it is left out. Raise "
            "max_tokens or shorten the row.",
            one.row_id,
            f"{one.tokens:,}",
            f"{recipe.max_tokens:,}",
        )
