from typing import Any

import pytest
import torch
from transformers import AutoConfig

from finetune.bases import linear_layers, with_fresh_adapter
from finetune.recipe import Recipe
from finetune.size import empty_model, is_masked, shape_of
from support_agent.errors import ConfigError

SMALL = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 60_000}
LLAMA_2_7B = {
    "vocab_size": 32_000,
    "hidden_size": 4096,
    "intermediate_size": 11_008,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 32,
}


def _small(kind: str, **settings: Any) -> Any:
    return AutoConfig.for_model(kind, **{**SMALL, **settings})


def _recipe(target_modules: Any = "auto", rank: int = 8) -> Recipe:
    return Recipe(base="some-base", target_modules=target_modules, rank=rank)


def _adapted(kind: str, target_modules: Any = "auto") -> set[str]:
    model = empty_model(_small(kind))
    with torch.device("meta"):
        adapted = with_fresh_adapter(_recipe(target_modules), model)
    return {name.rpartition(".")[-1] for name in adapted.targeted_module_names}


def test_llama_2_7b_trains_exactly_4194304_of_6742609920_parameters() -> None:
    shape = shape_of(AutoConfig.for_model("llama", **LLAMA_2_7B), _recipe(["q_proj", "v_proj"]))
    everything = shape.parameters + shape.trained
    assert (shape.trained, everything, f"{shape.trained / everything:.4%}") == (4_194_304, 6_742_609_920, "0.0622%")


@pytest.mark.parametrize("kind", ["llama", "gpt2", "gpt_neox", "bert", "qwen2"])
def test_an_adapter_of_twice_the_rank_has_twice_the_parameters(kind: str) -> None:
    one, two = (shape_of(_small(kind), _recipe(rank=rank)) for rank in (4, 8))
    assert (2 * one.trained, one.parameters, one.adapted) == (two.trained, two.parameters, two.adapted)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("llama", {"q_proj", "v_proj"}),
        ("mistral", {"q_proj", "v_proj"}),
        ("qwen2", {"q_proj", "v_proj"}),
        ("gpt_neox", {"query_key_value"}),
        ("gpt2", {"c_attn"}),
        ("bert", {"query", "value"}),
    ],
)
def test_auto_takes_the_layers_of_pefts_own_table(kind: str, expected: set[str]) -> None:
    assert _adapted(kind) == expected


def test_all_linear_is_every_linear_layer_but_the_head() -> None:
    mlp = {"gate_proj", "up_proj", "down_proj"}
    assert _adapted("llama", "all-linear") == mlp | {"q_proj", "k_proj", "v_proj", "o_proj"}


def test_named_layers_are_taken_as_they_are() -> None:
    assert _adapted("llama", ["self_attn.o_proj", "down_proj"]) == {"o_proj", "down_proj"}


@pytest.mark.parametrize(
    ("kind", "wanted", "message"),
    [
        ("olmo2", "auto", r'target_modules = "auto" does not fit some-base \(olmo2\).*q_proj, k_proj, v_proj, o_proj'),
        ("llama", ["q_proj", "x_proj"], r"\(llama\). Set it to .*q_proj, k_proj, v_proj, o_proj, gate_proj"),
        ("llama", ["q_proj", "model"], "does not fit"),
        ("llama", [], "does not fit.*down_proj"),
        ("llama", "linear", "does not fit"),
    ],
    ids=["unknown architecture", "unknown layer", "not a linear layer", "no layer", "unknown word"],
)
def test_says_which_layers_there_are(kind: str, wanted: str | list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        _adapted(kind, wanted)


def test_the_output_head_is_no_target() -> None:
    assert "lm_head" not in linear_layers(empty_model(_small("llama")))


def test_reads_a_shape() -> None:
    sizes = {"intermediate_size": 128, "num_key_value_heads": 2, "max_position_embeddings": 512}
    shape = shape_of(_small("llama", **sizes), _recipe())
    assert (shape.layers, shape.heads, shape.kv_heads, shape.head_width, shape.context) == (2, 4, 2, 16, 512)
    assert shape.gated
    assert (shape.adapted, shape.adapted_inputs, shape.largest_linear) == (4, 4 * 64, 64 * 128)
    assert shape.linear_parameters == 2 * (2 * 64 * 64 + 2 * 64 * 32 + 3 * 64 * 128)


def test_tied_embeddings_are_counted_once() -> None:
    counts = [shape_of(_small("llama", tie_word_embeddings=tied), _recipe()).parameters for tied in (False, True)]
    assert counts[0] - counts[1] == 60_000 * 64


@pytest.mark.parametrize(("kind", "masked"), [("bert", True), ("llama", False), ("gpt_neox", False)])
def test_knows_models_that_fill_masks(kind: str, masked: bool) -> None:
    assert is_masked(_small(kind)) is masked
