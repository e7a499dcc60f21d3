from typing import Any

import pytest
import torch
from transformers import AutoConfig

from finetune.bases import quiet_peft
from finetune.size import Linear, empty_model, is_masked, linear_layers, shape_of, target_modules
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


def _count_by_peft(config: Any, targets: list[str] | str, rank: int) -> tuple[int, int]:
    from peft import LoraConfig, get_peft_model

    transposed = config.model_type == "gpt2"
    settings = LoraConfig(r=rank, target_modules=targets, fan_in_fan_out=transposed)
    with quiet_peft(), torch.device("meta"):
        model = get_peft_model(empty_model(config), settings)
    trained, everything = model.get_nb_trainable_parameters()
    return trained, everything


def test_llama_2_7b_trains_exactly_4194304_of_6742609920_parameters() -> None:
    config = AutoConfig.for_model("llama", **LLAMA_2_7B)
    trained, everything = _count_by_peft(config, ["q_proj", "v_proj"], 8)
    assert (trained, everything, f"{trained / everything:.4%}") == (4_194_304, 6_742_609_920, "0.0622%")


def test_the_formula_counts_llama_2_7b_as_peft_does() -> None:
    shape = shape_of(AutoConfig.for_model("llama", **LLAMA_2_7B), ["q_proj", "v_proj"])
    assert (shape.parameters, shape.adapter_parameters(8)) == (6_738_415_616, 4_194_304)


@pytest.mark.parametrize("targets", ["auto", "all-linear"])
@pytest.mark.parametrize("kind", ["llama", "gpt2", "gpt_neox", "bert", "qwen2"])
def test_the_formula_counts_an_adapter_as_peft_does(kind: str, targets: str) -> None:
    config = _small(kind)
    shape = shape_of(config, targets)
    counted = shape.adapter_parameters(4)
    found = target_modules(empty_model(config), targets)
    assert (counted, shape.parameters + counted) == _count_by_peft(config, found, 4)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("llama", ["q_proj", "v_proj"]),
        ("mistral", ["q_proj", "v_proj"]),
        ("qwen2", ["q_proj", "v_proj"]),
        ("gpt_neox", ["query_key_value"]),
        ("gpt2", ["c_attn"]),
        ("bert", ["query", "value"]),
    ],
)
def test_auto_takes_the_layers_of_pefts_own_table(kind: str, expected: list[str]) -> None:
    assert target_modules(empty_model(_small(kind)), "auto") == expected


def test_all_linear_is_left_to_peft() -> None:
    assert target_modules(empty_model(_small("llama")), "all-linear") == "all-linear"


def test_named_layers_are_taken_as_they_are() -> None:
    assert target_modules(empty_model(_small("llama")), ["o_proj", "down_proj"]) == ["o_proj", "down_proj"]


@pytest.mark.parametrize(
    ("kind", "wanted", "message"),
    [
        ("olmo2", "auto", "PEFT has no target modules for the architecture 'olmo2'.*q_proj, k_proj, v_proj, o_proj"),
        ("llama", ["x_proj"], "'x_proj', which llama does not have.*q_proj, k_proj, v_proj, o_proj, gate_proj"),
        ("llama", ["q_proj", "model"], "'model', which llama does not have"),
        ("llama", [], "empty list.*down_proj"),
        ("llama", "linear", "'linear'; set it to"),
    ],
    ids=["unknown architecture", "unknown layer", "not a linear layer", "no layer", "unknown word"],
)
def test_says_which_layers_there_are(kind: str, wanted: str | list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        target_modules(empty_model(_small(kind)), wanted)


def test_the_output_head_is_no_target() -> None:
    assert "lm_head" not in {layer.name for layer in linear_layers(empty_model(_small("llama")))}


def test_reads_a_shape() -> None:
    shape = shape_of(_small("llama", intermediate_size=128, num_key_value_heads=2, max_position_embeddings=512))
    assert (shape.layers, shape.heads, shape.kv_heads, shape.head_width, shape.context) == (2, 4, 2, 16, 512)
    assert shape.gated
    assert shape.linears[1] == Linear("k_proj", 64, 32, 2)
    assert shape.linear_parameters == 2 * (2 * 64 * 64 + 2 * 64 * 32 + 3 * 64 * 128)


def test_tied_embeddings_are_counted_once() -> None:
    counts = [shape_of(_small("llama", tie_word_embeddings=tied)).parameters for tied in (False, True)]
    assert counts[0] - counts[1] == 60_000 * 64


@pytest.mark.parametrize(("kind", "masked"), [("bert", True), ("llama", False), ("gpt_neox", False)])
def test_knows_models_that_fill_masks(kind: str, masked: bool) -> None:
    assert is_masked(_small(kind)) is masked
