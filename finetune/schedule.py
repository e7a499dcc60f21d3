"""A recipe's data → every example of the run in the order in which it is seen, and those held back.

The order is fixed before the first step, so that a run that was stopped continues with exactly the examples it has not
seen.
"""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune.encoding import Encoded, encode_all
from finetune.examples import (
    Example,
    Search,
    data_hash,
    plain_examples,
    read_written,
    retrieval_examples,
    split_rows,
    written_examples,
)
from finetune.recipe import Recipe
from support_agent.artefacts import sha256_bytes
from support_agent.errors import TrainingError
from support_agent.records import Passage
from support_agent.retrieval import Index, find_index, read_sources, sift

if TYPE_CHECKING:
    from datasets import Dataset

    from support_agent.models import OnProgress

logger = logging.getLogger(__name__)

_Make = Callable[[Sequence[Passage], float, frozenset[str], int], list[Example]]


@dataclass(frozen=True)
class Schedule:
    """What is trained on, in its order, and what is held back."""

    train: Dataset
    """Columns as ``Encoded`` has them, in memory."""
    dev: Dataset
    rows: int
    data_sha256: str
    examples_sha256: str
    """Over every token in its order: a rebuilt index shows other passages, and is seen here."""
    left_out: dict[str, int]
    """How many rows are not used, by reason."""


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
    shown: Mapping[str, Sequence[Passage]] = {}
    if recipe.mode == "examples":
        rows, shown = read_written(recipe.data)
        left_out: dict[str, int] = {}
        rows = rows[: recipe.max_rows or None]
    else:
        rows, left_out = read_rows(recipe)
    train_rows, dev_rows = split_rows(rows, recipe.dev_share, recipe.seed)
    if not train_rows:
        raise TrainingError(f"{recipe.data} has no row to train on ({_listed(left_out)}). Give question/answer rows.")
    # Ids of a file's rows mean nothing in the index; there their own text is looked for.
    hidden = frozenset(row.passage_id for row in dev_rows) if recipe.data == recipe.index else frozenset()
    index = None
    if recipe.mode == "retrieval":
        index = Index.open(find_index(recipe.index), offline=offline, on_progress=on_progress)
    make = _maker(recipe, index.search if index else None, shown)
    train, too_long = _epochs(recipe, train_rows, make, hidden, tokenizer)
    # Those held back are met as a new question is: the row's own passage is not there, all others are.
    dev, _ = encode_all(make(dev_rows, 0, frozenset(), 0), tokenizer, recipe.max_tokens)
    return Schedule(
        train=train,
        dev=_in_memory(dev),
        rows=len(train_rows) - len(too_long),
        data_sha256=data_hash(train_rows),
        examples_sha256=sha256_bytes(repr(list(train["input_ids"])).encode()),
        left_out={**left_out, **({"too long": len(too_long)} if too_long else {})},
    )


def _epochs(
    recipe: Recipe, rows: Sequence[Passage], make: _Make, hidden: frozenset[str], tokenizer: Any
) -> tuple[Dataset, list[str]]:
    """What is trained on, epoch after epoch, the last perhaps in part; and the ids of rows that are too long."""
    from datasets import concatenate_datasets

    epochs: list[Dataset] = []
    too_long: list[str] = []
    for seed in range(recipe.seed, recipe.seed + math.ceil(recipe.epochs)):
        examples = make(rows, recipe.own_passage_share, hidden, seed)
        encoded, too_long = encode_all(examples, tokenizer, recipe.max_tokens)
        if not encoded:
            raise TrainingError(
                f"Every row of {recipe.data} is longer than max_tokens = {recipe.max_tokens:,}. Raise it."
            )
        epochs.append(_in_order(encoded, recipe, seed))
    for row_id in too_long:
        logger.warning(
            "%s is longer than max_tokens = %s even without a passage: it is left out. Raise max_tokens or shorten it.",
            row_id,
            f"{recipe.max_tokens:,}",
        )
    return concatenate_datasets(epochs).take(round(len(epochs[0]) * recipe.epochs)), too_long


def read_rows(recipe: Recipe) -> tuple[list[Passage], dict[str, int]]:
    """The rows to learn, and how many were left out by reason (refusals, empty ones, duplicates)."""
    if not recipe.data_is_file:
        from support_agent.retrieval.folders import read_index_manifest, read_left_out, read_passages

        folder = find_index(recipe.data)
        manifest = read_index_manifest(folder)
        rows = read_passages(folder, manifest)
        left_out = Counter(one.reason for one in read_left_out(folder, manifest))
    else:
        rows, sifted = sift(read_sources([Path(recipe.data)])[0].passages)
        left_out = Counter(one.reason for one in sifted)
        for one in sifted:
            logger.warning("%s: %s is left out (%s)", recipe.data, one.passage.passage_id, one.reason)
    return rows[: recipe.max_rows or None], left_out


def _maker(recipe: Recipe, search: Search | None, shown: Mapping[str, Sequence[Passage]]) -> _Make:
    """Rows, the share that sees its own passage, what is hidden and a seed → examples, as the recipe's mode says."""
    if recipe.mode == "examples":
        return lambda rows, _share, _hidden, _seed: written_examples(rows, shown)
    if search is None:
        return lambda rows, _share, _hidden, _seed: plain_examples(rows)
    return lambda rows, share, hidden, seed: (
        retrieval_examples(rows, search, passages=recipe.passages, own_share=share, hidden=hidden, seed=seed)
        if rows
        else []
    )


def _in_order(encoded: list[Encoded], recipe: Recipe, seed: int) -> Dataset:
    """Shuffled, with neighbours of about the same length, so that a batch holds little padding."""
    import torch
    from transformers.trainer_pt_utils import get_length_grouped_indices

    order = get_length_grouped_indices(  # type: ignore[no-untyped-call]
        [len(one["input_ids"]) for one in encoded],
        recipe.batch_size * recipe.gradient_accumulation,
        generator=torch.Generator().manual_seed(seed),
    )
    return _in_memory(encoded).select(order)


def _in_memory(encoded: list[Encoded]) -> Dataset:
    """A table that no file is written for."""
    from datasets import Dataset, Features, List, Value

    columns = {"row_id": Value("string"), "input_ids": List(Value("int32")), "answer_tokens": Value("int32")}
    rows = {name: [one[name] for one in encoded] for name in columns}  # type: ignore[literal-required]
    return Dataset.from_dict(rows, features=Features(columns))


def _listed(left_out: dict[str, int]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in left_out.items()) or "it is empty"
