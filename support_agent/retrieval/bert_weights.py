"""A BERT encoder in torch out of a file of weights, whichever format it has; wanted once, for the conversion."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support_agent.models.e5s1 import BLOCK, BLOCK_BYTES, E5s1, Sizes, dequantised, read_e5s1
from support_agent.models.int8_onnx import read_int8_onnx

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_E5S1_LAYER = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_E5S1_EMBEDDINGS = {
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}
_WORDS = "embeddings.word_embeddings.weight"
# Of every model in the registry, whose ONNX files do not say it.
_HEAD_SIZE = 32


def load_transformer(weights: Path) -> Any:
    """The transformer of a weights file; beside a safetensors file stands its config.json."""
    if weights.suffix == ".e5s1":
        return _from_e5s1(read_e5s1(weights))
    if weights.suffix == ".onnx":
        return _from_onnx(read_int8_onnx(weights))
    import torch
    from transformers import AutoModel

    return AutoModel.from_pretrained(str(weights.parent), dtype=torch.float32, use_safetensors=True)


def _from_e5s1(file: E5s1) -> Any:
    """With the file's own numbers; the table of words stays packed, since it would take 384 MB as float32."""
    from transformers import BertModel

    tensors = dict(file.tensors)
    words = tensors.pop("emb.word")
    # Its table of words is put in after.
    model = BertModel(_bert_config(replace(file.sizes, vocabulary=1)), add_pooling_layer=False)
    shapes = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    names = {old: _E5S1_EMBEDDINGS.get(old) or _layer_name(old) for old in tensors}
    _fill(model, {new: dequantised(tensors[old], shapes[new]) for old, new in names.items()}, without={_WORDS})
    model.embeddings.word_embeddings = packed_table(words, file.sizes)
    return model


def _from_onnx(weights: dict[str, NDArray[np.float32]]) -> Any:
    from transformers import BertModel

    model = BertModel(_bert_config(_sizes(weights)), add_pooling_layer=False)
    _fill(model, weights)
    return model


def _sizes(weights: Mapping[str, NDArray[np.float32]]) -> Sizes:
    (vocabulary, hidden), (positions, _), (token_types, _) = (
        weights[f"embeddings.{table}_embeddings.weight"].shape for table in ("word", "position", "token_type")
    )
    intermediate = [one.shape[0] for name, one in weights.items() if name.endswith(".intermediate.dense.bias")]
    layers, heads = len(intermediate), hidden // _HEAD_SIZE
    return Sizes(hidden, layers, heads, intermediate[0], vocabulary, positions, token_types, 1e-12)


def _layer_name(name: str) -> str:
    """``l3.q.w`` of the file is ``encoder.layer.3.attention.self.query.weight`` in torch."""
    layer, part, kind = name.removeprefix("l").split(".")
    return f"encoder.layer.{layer}.{_E5S1_LAYER[part]}.{'weight' if kind == 'w' else 'bias'}"


def _bert_config(sizes: Sizes) -> Any:
    from transformers import BertConfig

    return BertConfig(
        vocab_size=sizes.vocabulary,
        hidden_size=sizes.hidden,
        num_hidden_layers=sizes.layers,
        num_attention_heads=sizes.heads,
        intermediate_size=sizes.intermediate,
        max_position_embeddings=sizes.positions,
        type_vocab_size=sizes.token_types,
        layer_norm_eps=sizes.layer_norm_eps,
    )


def _fill(model: Any, weights: Mapping[str, NDArray[np.float32]], without: Set[str] = frozenset()) -> None:
    """Every weight but ``without`` must be given, and no other."""
    import torch

    tensors = {name: torch.from_numpy(values.copy()) for name, values in weights.items()}
    found = model.load_state_dict(tensors, strict=False)
    if set(found.missing_keys) - without or found.unexpected_keys:
        raise ValueError(f"weights are missing ({found.missing_keys}) or unknown ({found.unexpected_keys})")


def packed_table(blocks: NDArray[np.uint8], sizes: Sizes) -> Any:
    """A table of words in Q4_0: the rows that are asked for are unpacked, to the very numbers of ``dequantised``."""
    import torch

    rows = torch.from_numpy(blocks.copy()).reshape(sizes.vocabulary, -1, BLOCK_BYTES)

    class PackedTable(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scales = torch.nn.Buffer(rows[..., :2].contiguous().view(torch.float16).flatten(1))
            self.halves = torch.nn.Buffer(rows[..., 2:].flatten(1))

        def forward(self, ids: torch.Tensor) -> torch.Tensor:
            packed = self.halves[ids].float().reshape(*ids.shape, -1, BLOCK // 2)
            high = torch.floor(packed / 16)
            numbers = torch.cat([packed - 16 * high, high], dim=-1) - 8
            return (numbers * self.scales[ids].float().unsqueeze(-1)).flatten(-2)

    return PackedTable()
