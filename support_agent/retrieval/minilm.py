"""The default embedder: all-MiniLM-L6-v2 through OpenVINO, without torch once it is converted.

Its vectors are equal to those of sentence-transformers (cosine 1.00000); one question takes 4.4 ms here and 12 ms
there, whose import costs some 9 s besides.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support_agent.openvino_import import import_openvino
from support_agent.retrieval.remembering import RememberingEmbedder
from support_agent.sharing import opened_once

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from support_agent.models import OnProgress

MAX_TOKENS = 256
BATCH = 32
GRAPH = "model.xml"
NAME = "all-minilm-l6-v2"


def open_minilm(
    *, offline: bool = False, threads: int = 0, on_progress: OnProgress | None = None
) -> RememberingEmbedder:
    """Fetch, convert and open the pinned model, each only where it has not been done; see ``open_embedder``."""
    from support_agent.models import converted_folder, ensure, find

    source = ensure(NAME, offline=offline, on_progress=on_progress)
    pinned = {file.path: file.sha256 for file in find(NAME).files}
    fingerprint = hashlib.sha256(f"{pinned['model.safetensors']} {pinned['tokenizer.json']}".encode()).hexdigest()
    recipe = f"f32 openvino {import_openvino().__version__}"
    folder = converted_folder(
        f"{NAME}-openvino", fingerprint, recipe, lambda place: _convert(source, place), on_progress=on_progress
    )
    graph, tokenizer = folder / GRAPH, source / "tokenizer.json"
    return opened_once(
        (NAME, graph, tokenizer, threads),
        lambda: RememberingEmbedder(MiniLmEmbedder(graph, tokenizer, fingerprint, threads=threads)),
    )


class MiniLmEmbedder:
    """all-MiniLM-L6-v2: 384 dimensions, English, texts cut after 256 tokens."""

    name = NAME
    dimension = 384

    def __init__(self, graph: Path, tokenizer: Path, fingerprint: str, *, threads: int = 0) -> None:
        from tokenizers import Tokenizer

        self.fingerprint = fingerprint
        self._tokenizer: Any = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.enable_padding()
        settings: dict[str, Any] = {"INFERENCE_PRECISION_HINT": "f32"}
        if threads:
            settings["INFERENCE_NUM_THREADS"] = threads
        self._model: Any = import_openvino().Core().compile_model(str(graph), "CPU", settings)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One unit row for each text; texts of like length share a batch, so that little is padded."""
        import numpy as np

        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        # A request of its own for each call: a compiled model's built-in one is not safe across threads.
        request = self._model.create_infer_request()
        by_length = sorted(range(len(texts)), key=lambda position: len(texts[position]))
        for start in range(0, len(by_length), BATCH):
            positions = by_length[start : start + BATCH]
            encoded = self._tokenizer.encode_batch([_encodable(texts[position]) for position in positions])
            inputs = {
                "input_ids": np.array([one.ids for one in encoded], dtype=np.int64),
                "attention_mask": np.array([one.attention_mask for one in encoded], dtype=np.int64),
            }
            rows[positions] = request.infer(inputs)[0]
        return rows


def _convert(source: Path, place: Path) -> None:
    import_openvino().save_model(_traced(source), str(place / GRAPH), compress_to_fp16=False)


def _traced(source: Path) -> Any:
    """The OpenVINO graph of transformer, mean over the tokens, and length 1, as the model's own modules.json asks."""
    import torch
    from transformers import AutoModel

    class MeanOfTokens(torch.nn.Module):
        def __init__(self, transformer: Any) -> None:
            super().__init__()
            self.transformer = transformer

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            hidden = self.transformer(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            kept = attention_mask.unsqueeze(-1).to(hidden.dtype)
            mean = (hidden * kept).sum(1) / kept.sum(1).clamp(min=1e-9)
            return torch.nn.functional.normalize(mean, dim=1)

    example = torch.ones(2, 8, dtype=torch.long)
    with _quiet_tracing():
        transformer = AutoModel.from_pretrained(str(source), dtype=torch.float32, use_safetensors=True).eval()
        return import_openvino().convert_model(
            MeanOfTokens(transformer), example_input={"input_ids": example, "attention_mask": example}
        )


@contextmanager
def _quiet_tracing() -> Iterator[None]:
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
