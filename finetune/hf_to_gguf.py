"""A Hugging Face folder of a Llama or Mistral, and an adapter → one Q8_0 GGUF file, matrix by matrix.

Comes in: config.json, safetensors in one file or several, and what ``gguf_tokenizer`` reads. Goes out: what llama.cpp's
convert_hf_to_gguf.py would write of the merged model. NumPy only. Knows no other architecture and no rope scaling.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune.gguf_tokenizer import OTHERWISE, add_tokenizer
from finetune.safetensors_folder import Stored, read_tensors
from support_agent.errors import ModelFileError
from support_agent.generation.gguf_adapter import MATRICES, fitted_deltas, interleaved

if TYPE_CHECKING:
    import gguf

_NAMES = {"input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", **MATRICES}

# Keys of config.json, and the values under which the arithmetic is that of GGUF's "llama"; none is as good.
_PLAIN: dict[str, tuple[Any, ...]] = {
    "attention_bias": (False,),
    "mlp_bias": (False,),
    "hidden_act": ("silu",),
    "sliding_window": (),
    "quantization_config": (),
    "rope_type": ("default",),
    "type": ("default",),  # rope_type before transformers 4.43
    "partial_rotary_factor": (1, 1.0),
}


@dataclass(frozen=True)
class _Llama:
    """What config.json says of the model's shape."""

    vocabulary: int
    width: int
    inner_width: int
    layers: int
    heads: int
    kept_heads: int
    head_width: int
    context_tokens: int
    rope_base: float
    norm_epsilon: float
    tied: bool

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> _Llama:
        heads = int(config["num_attention_heads"])
        rope = config.get("rope_parameters") or {}
        return cls(
            vocabulary=int(config["vocab_size"]),
            width=int(config["hidden_size"]),
            inner_width=int(config["intermediate_size"]),
            layers=int(config["num_hidden_layers"]),
            heads=heads,
            kept_heads=int(config.get("num_key_value_heads") or heads),
            head_width=int(config.get("head_dim") or config["hidden_size"] // heads),
            context_tokens=int(config["max_position_embeddings"]),
            rope_base=float(rope.get("rope_theta") or config.get("rope_theta") or 10_000),
            norm_epsilon=float(config["rms_norm_eps"]),
            tied=bool(config.get("tie_word_embeddings", False)),
        )

    def tensors(self) -> dict[str, tuple[str, tuple[int, ...]]]:
        """Hugging Face's name → GGUF's name and the shape (outputs × inputs), in the order of the GGUF file."""
        queries, kept = self.heads * self.head_width, self.kept_heads * self.head_width
        shapes: dict[str, tuple[int, ...]] = {
            "attn_norm": (self.width,),
            "ffn_norm": (self.width,),
            "attn_q": (queries, self.width),
            "attn_k": (kept, self.width),
            "attn_v": (kept, self.width),
            "attn_output": (self.width, queries),
            "ffn_gate": (self.inner_width, self.width),
            "ffn_up": (self.inner_width, self.width),
            "ffn_down": (self.width, self.inner_width),
        }
        table = {"model.embed_tokens.weight": ("token_embd.weight", (self.vocabulary, self.width))} | {
            f"model.layers.{layer}.{long}.weight": (f"blk.{layer}.{short}.weight", shapes[short])
            for layer in range(self.layers)
            for long, short in _NAMES.items()
        }
        table["model.norm.weight"] = ("output_norm.weight", (self.width,))
        if not self.tied:
            table["lm_head.weight"] = ("output.weight", (self.vocabulary, self.width))
        return table


def write_gguf(base: Path, adapter: Path, target: Path) -> None:
    """Write the folder's model with an adapter merged in, every matrix as Q8_0. The same bytes every time.

    No more than one matrix is in memory at a time.

    Raises:
        ModelFileError: base or adapter is of a kind that cannot be written, is damaged, or they do not fit together.
    """
    import gguf

    model = _read_config(base / "config.json")
    tensors = _ordered(base, model)
    heads = {"attn_q": model.heads, "attn_k": model.kept_heads}
    deltas = fitted_deltas(adapter, base, {name: tensor.shape for name, tensor in tensors.items()}, heads)
    writer = gguf.GGUFWriter(target, "llama")
    try:
        _add_header(writer, model, base.resolve().name)
        add_tokenizer(writer, base, model.vocabulary)
        for name, tensor in tensors.items():
            kind = _kind(tensor.shape)
            size_bytes = prod(gguf.quants.quant_shape_to_byte_shape(tensor.shape, kind))
            writer.add_tensor_info(name, tensor.shape, None, size_bytes, raw_dtype=kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        for name, tensor in tensors.items():
            weights = interleaved(tensor.read(), heads.get(name.split(".")[-2], 0))
            if name in deltas:
                weights = weights + deltas[name]()
            writer.write_tensor_data(gguf.quants.quantize(weights, _kind(tensor.shape)))
    finally:
        writer.close()


def _read_config(path: Path) -> _Llama:
    """The model's shape.

    Raises:
        ModelFileError: it is damaged, or the model computes something that "llama" in GGUF does not.
    """
    try:
        config = json.loads(path.read_text("utf-8"))
        model = _Llama.of(config)
        architecture = (config.get("architectures") or [None])[0]
        found = config | (config.get("rope_scaling") or {}) | (config.get("rope_parameters") or {})
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ZeroDivisionError) as problem:
        raise ModelFileError(f"{path} does not describe a Llama or Mistral ({problem!r}). {OTHERWISE}") from problem
    if architecture not in {"LlamaForCausalLM", "MistralForCausalLM"}:
        raise ModelFileError(
            f"{path} is of a {architecture}; a GGUF file is written here of LlamaForCausalLM and MistralForCausalLM. "
            f"{OTHERWISE}"
        )
    for key, plain in _PLAIN.items():
        if found.get(key) is not None and found[key] not in plain:
            raise ModelFileError(f"{path} sets {key} = {found[key]!r}, which is not written to GGUF here. {OTHERWISE}")
    return model


def _ordered(folder: Path, model: _Llama) -> dict[str, Stored]:
    """The tensors by GGUF's names, all there and of the shapes that config.json says, and none besides."""
    stored, table = read_tensors(folder), model.tensors()
    for name, (_, shape) in table.items():
        if name not in stored or stored[name].shape != shape:
            found = f"as {stored[name].shape}" if name in stored else "not at all"
            raise ModelFileError(f"{folder} should hold {name} as {shape} and holds it {found}. Fetch it again.")
    # Older files of Llama-2 keep the rotary frequencies, which follow from the base; a tied head is the embedding.
    unknown = [n for n in stored if n not in table and n != "lm_head.weight" and not n.endswith("rotary_emb.inv_freq")]
    if unknown:
        raise ModelFileError(f"{folder} holds {unknown[0]}, which no plain Llama or Mistral has. {OTHERWISE}")
    return {short: stored[name] for name, (short, _) in table.items()}


def _kind(shape: tuple[int, ...]) -> gguf.GGMLQuantizationType:
    """Q8_0 where the rows divide into its blocks, as llama.cpp has it; norms stay F32."""
    import gguf

    kinds = gguf.GGMLQuantizationType
    block = gguf.GGML_QUANT_SIZES[kinds.Q8_0][0]
    return kinds.Q8_0 if len(shape) == 2 and shape[1] % block == 0 else kinds.F32


def _add_header(writer: gguf.GGUFWriter, model: _Llama, name: str) -> None:
    import gguf

    writer.add_type("model")
    writer.add_name(name)
    writer.add_block_count(model.layers)
    writer.add_context_length(model.context_tokens)
    writer.add_embedding_length(model.width)
    writer.add_feed_forward_length(model.inner_width)
    writer.add_head_count(model.heads)
    writer.add_head_count_kv(model.kept_heads)
    writer.add_key_length(model.head_width)
    writer.add_value_length(model.head_width)
    writer.add_rope_freq_base(model.rope_base)
    writer.add_rope_dimension_count(model.head_width)
    writer.add_layer_norm_rms_eps(model.norm_epsilon)
    writer.add_vocab_size(model.vocabulary)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
