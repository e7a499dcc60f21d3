"""The BERT encoders that are embedders, through OpenVINO and without torch once they are converted.

MiniLM's vectors are equal to those of sentence-transformers (cosine 1.00000); one question takes 4.4 ms here and 12 ms
there, whose import costs some 9 s besides.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support_agent.openvino_import import import_openvino
from support_agent.retrieval.bert_weights import load_transformer
from support_agent.retrieval.remembering import RememberingEmbedder
from support_agent.sharing import opened_once

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from support_agent.models import OnProgress

# 32 texts of 128 tokens; more at once are no faster.
BATCH_TOKENS = 4096
GRAPH = "model.xml"
TOKENIZER = "tokenizer.json"


@dataclass(frozen=True)
class Encoder:
    """How the makers of a model want it used; a text is cut after ``max_tokens``."""

    name: str
    weights: str = "model.safetensors"
    max_tokens: int = 512
    pooled: str = "mean"
    query_prefix: str = ""
    passage_prefix: str = ""


_BGE = partial(Encoder, pooled="first", query_prefix="Represent this sentence for searching relevant passages: ")
_E5 = partial(Encoder, query_prefix="query: ", passage_prefix="passage: ")
ENCODERS = {
    encoder.name: encoder
    for encoder in (
        Encoder("all-minilm-l6-v2", max_tokens=256),
        _E5("multilingual-e5-small", "e5-small-q4.e5s1"),
        _E5("multilingual-e5-small-original"),
        _BGE("bge-small-en-v1.5", "model.onnx"),
        _BGE("bge-small-en-v1.5-original"),
    )
}


def open_bert(
    name: str, *, offline: bool = False, threads: int = 0, on_progress: OnProgress | None = None
) -> RememberingEmbedder:
    """Fetch, convert and open one of ``ENCODERS``, each only where it has not been done; see ``open_embedder``."""
    from support_agent.models import converted_folder, ensure

    encoder = ENCODERS[name]
    source = ensure(name, offline=offline, on_progress=on_progress)
    fingerprint = fingerprint_of(name, encoder.weights)
    folder = converted_folder(
        f"{name}-openvino",
        fingerprint,
        recipe(),
        lambda place: _convert(source, encoder, place),
        on_progress=on_progress,
    )
    graph, tokenizer = folder / GRAPH, source / TOKENIZER

    def open_one() -> RememberingEmbedder:
        opened = BertGraph(graph, tokenizer, encoder.max_tokens, threads=threads)
        return RememberingEmbedder(BertEmbedder(encoder, opened, fingerprint))

    return opened_once((name, graph, tokenizer, threads), open_one)


def fingerprint_of(name: str, weights: str) -> str:
    """Hash of a model's weights and tokenizer, as the registry pins them."""
    from support_agent.models import find

    pinned = {file.path: file.sha256 for file in find(name).files}
    return hashlib.sha256(f"{pinned[weights]} {pinned[TOKENIZER]}".encode()).hexdigest()


def recipe() -> str:
    """What decides, beside the weights, what a conversion makes."""
    return f"f32 openvino {import_openvino().__version__}"


class BertGraph:
    """A converted model with its tokenizer; several threads may ask it."""

    def __init__(self, graph: Path, tokenizer: Path, max_tokens: int, *, threads: int = 0) -> None:
        from tokenizers import Tokenizer

        self._tokenizer: Any = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.enable_truncation(max_tokens)
        self._tokenizer.no_padding()
        # Pinned, all processes of a machine that run one thread each would share its first core.
        settings: dict[str, Any] = {"INFERENCE_PRECISION_HINT": "f32", "ENABLE_CPU_PINNING": False}
        if threads:
            settings["INFERENCE_NUM_THREADS"] = threads
        self._model: Any = import_openvino().Core().compile_model(str(graph), "CPU", settings)
        self._inputs = {one.any_name: _INPUTS[one.any_name] for one in self._model.inputs}
        self.width = int(self._model.output(0).partial_shape[1].get_length())

    def rows(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row for each text; those of like length share a batch, so that little is padded."""
        import numpy as np

        rows = np.zeros((len(texts), self.width), dtype=np.float32)
        # A request of its own for each call: a compiled model's built-in one is not safe across threads.
        request = self._model.create_infer_request()
        encoded = self._tokenizer.encode_batch(list(map(_encodable, texts)))
        for positions in _batches([len(one.ids) for one in encoded]):
            shape = (len(positions), len(encoded[positions[-1]].ids))
            inputs = {name: np.zeros(shape, dtype=np.int64) for name in self._inputs}
            for row, position in enumerate(positions):
                for name, of_encoded in self._inputs.items():
                    values = getattr(encoded[position], of_encoded)
                    inputs[name][row, : len(values)] = values
            rows[positions] = request.infer(inputs)[0]
        return rows


_INPUTS = {"input_ids": "ids", "attention_mask": "attention_mask", "token_type_ids": "type_ids"}


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Positions by rising length, so many that their tokens with the padding stay below ``BATCH_TOKENS``."""
    batch: list[int] = []
    for position in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) + 1) * lengths[position] > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(position)
    if batch:
        yield batch


class BertEmbedder:
    """One of ``ENCODERS``, converted."""

    def __init__(self, encoder: Encoder, graph: BertGraph, fingerprint: str) -> None:
        self.name, self.fingerprint, self.dimension = encoder.name, fingerprint, graph.width
        self._encoder, self._graph = encoder, graph

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One unit row for each passage."""
        return self._graph.rows([self._encoder.passage_prefix + text for text in texts])

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One unit row for each question."""
        return self._graph.rows([self._encoder.query_prefix + text for text in texts])


def _convert(source: Path, encoder: Encoder, place: Path) -> None:
    import_openvino().save_model(_traced(source, encoder), str(place / GRAPH), compress_to_fp16=False)


def _traced(source: Path, encoder: Encoder) -> Any:
    """The OpenVINO graph of transformer, pooling, and length 1, as the model's makers ask."""
    import torch

    pooled = {"mean": _mean, "first": _first}[encoder.pooled]

    class Pooled(torch.nn.Module):
        def __init__(self, transformer: Any) -> None:
            super().__init__()
            self.transformer = transformer

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            hidden = self.transformer(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            return torch.nn.functional.normalize(pooled(hidden, attention_mask), dim=1)

    example = torch.ones(2, 8, dtype=torch.long)
    with quiet_tracing():
        transformer = load_transformer(source / encoder.weights).eval()
        return import_openvino().convert_model(
            Pooled(transformer), example_input={"input_ids": example, "attention_mask": example}
        )


def _mean(hidden: Any, attention_mask: Any) -> Any:
    """The mean over a text's tokens."""
    kept = attention_mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * kept).sum(1) / kept.sum(1).clamp(min=1e-9)


def _first(hidden: Any, attention_mask: Any) -> Any:
    """A text's first token."""
    return hidden[:, 0]


@contextmanager
def quiet_tracing() -> Iterator[None]:
    """Silence what every trace says, and only here: shape checks seen as constants, old properties touched."""
    from torch.jit import TracerWarning  # type: ignore[attr-defined]
    from transformers.utils import logging as transformers_logging

    level = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        with warnings.catch_warnings():
            for kind in (TracerWarning, DeprecationWarning, FutureWarning):
                warnings.simplefilter("ignore", kind)
            yield
    finally:
        transformers_logging.set_verbosity(level)


def _encodable(text: str) -> str:
    """The Rust tokenizer takes no lone surrogates."""
    return text.encode("utf-8", "replace").decode("utf-8")
