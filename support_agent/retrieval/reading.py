"""A cross-encoder reads a question and a passage together, and says how well the one answers the other.

ms-marco-MiniLM-L-12-v2, English, in 8-bit weights that are run as float32: a pair's logit is the same whatever pairs
are read with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support_agent.openvino_import import import_openvino
from support_agent.retrieval.bert import GRAPH, TOKENIZER, BertGraph, fingerprint_of, quiet_tracing, recipe
from support_agent.retrieval.bert_weights import load_cross_encoder
from support_agent.sharing import opened_once

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from support_agent.models import OnProgress

NAME = "ms-marco-minilm-l-12-v2"
WEIGHTS = "model.onnx"
MAX_TOKENS = 512


class CrossEncoder:
    """Fetched, converted and opened when the first pair is read; what this process has open is shared."""

    def __init__(self, *, offline: bool = False, threads: int = 0, on_progress: OnProgress | None = None) -> None:
        self.name = NAME
        self.fingerprint = fingerprint_of(NAME, WEIGHTS)
        self._offline, self._threads, self._on_progress = offline, threads, on_progress

    def logits(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """One number for each (question, passage), above 0 where the passage answers; cut after 512 tokens.

        Raises:
            ModelFileError: the model's files are missing or not the pinned ones.
        """
        logits: NDArray[np.float32] = self._graph.rows(pairs)[:, 0]
        return logits

    @cached_property
    def _graph(self) -> BertGraph:
        from support_agent.models import converted_folder, ensure

        source = ensure(NAME, offline=self._offline, on_progress=self._on_progress)
        folder = converted_folder(
            f"{NAME}-openvino",
            self.fingerprint,
            recipe(),
            lambda place: _convert(source / WEIGHTS, place),
            on_progress=self._on_progress,
        )
        graph, tokenizer = folder / GRAPH, source / TOKENIZER
        return opened_once(
            (NAME, graph, tokenizer, self._threads),
            lambda: BertGraph(graph, tokenizer, MAX_TOKENS, threads=self._threads),
        )


def _convert(weights: Path, place: Path) -> None:
    import_openvino().save_model(_traced(weights), str(place / GRAPH), compress_to_fp16=False)


def _traced(weights: Path) -> Any:
    import torch

    class Logits(torch.nn.Module):
        def __init__(self, model: Any) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any) -> Any:
            return self.model(input_ids, attention_mask, token_type_ids).logits

    example = dict.fromkeys(("input_ids", "attention_mask", "token_type_ids"), torch.ones(2, 8, dtype=torch.long))
    with quiet_tracing():
        model = load_cross_encoder(weights).eval()
        return import_openvino().convert_model(Logits(model), example_input=example)
