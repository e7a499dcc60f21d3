from collections.abc import Iterator
from contextlib import contextmanager
from itertools import combinations
from typing import Any

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from peft import LoraConfig, get_peft_model
from transformers import AutoConfig, LlamaConfig, LlamaForCausalLM

from finetune.bases import quiet_peft
from finetune.memory import (
    CPU_HOLES,
    GIB,
    Device,
    Memory,
    Weights,
    fitting_changes,
    kept_per_token,
    preflight,
    serving_memory,
    training_memory,
    weight_bytes,
)
from finetune.recipe import Recipe
from finetune.size import shape_of
from support_agent.errors import ConfigError

LLAMA_2_7B = AutoConfig.for_model(
    "llama",
    vocab_size=32_000,
    hidden_size=4096,
    intermediate_size=11_008,
    num_hidden_layers=32,
    num_attention_heads=32,
    num_key_value_heads=32,
    max_position_embeddings=4096,
)
QV = ("q_proj", "v_proj")


def _recipe(**settings: Any) -> Recipe:
    return Recipe(**{"base": "llama-2-7b", "target_modules": QV, "batch_size": 1, "method": "qlora", **settings})


SHAPE = shape_of(LLAMA_2_7B, _recipe())


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ("fp32", 4 * 6_738_415_616),
        ("bf16", 2 * 6_738_415_616),
        ("nf4", round(6_476_005_376 * 4.127 / 8) + 2 * 262_410_240),
    ],
)
def test_weights_of_llama_2_7b(weights: Weights, expected: int) -> None:
    assert weight_bytes(SHAPE, weights) == expected


def test_what_a_layer_of_llama_2_7b_keeps_for_each_token() -> None:
    attention = 2 * 4 * 4096 + 4 * 32  # q, k, v and output in bf16; one fp32 a head
    norms = 2 * (4 * 4096 + 4)
    mlp = 3 * 2 * 11_008
    adapters = 2 * 2 * (4096 + 8)  # input and rank of q and v
    assert kept_per_token(_recipe(), SHAPE) == attention + norms + mlp + adapters


def test_dropout_keeps_a_mask_for_each_input() -> None:
    without, with_masks = (kept_per_token(_recipe(dropout=share), SHAPE) for share in (0.0, 0.1))
    assert with_masks - without == 2 * 4096


def test_checkpointing_keeps_each_layers_input_and_one_layer() -> None:
    recipe = _recipe(max_tokens=100, gradient_checkpointing=True)
    kept = 32 * 2 * 4096 + kept_per_token(recipe, SHAPE)
    assert training_memory(recipe, SHAPE).activations == 100 * kept


@pytest.mark.parametrize(
    ("settings", "tokens"),
    [
        ({"max_tokens": 512, "loss_chunk_tokens": 0}, 512),
        ({"max_tokens": 2048, "loss_chunk_tokens": 256}, 256),
        ({"max_tokens": 100, "loss_chunk_tokens": 1000}, 100),
    ],
    ids=["all at once", "in pieces", "a piece longer than the batch"],
)
def test_a_logit_is_held_once_as_written_and_three_times_in_fp32(settings: dict[str, int], tokens: int) -> None:
    assert training_memory(_recipe(**settings), SHAPE).logits == tokens * 32_000 * 14


def test_adapter_gradients_and_optimizer_take_16_bytes_a_parameter() -> None:
    assert training_memory(_recipe(), SHAPE).adapter == 16 * 4_194_304


def test_the_cache_of_llama_2_7b_at_4096_tokens_takes_two_gib() -> None:
    assert serving_memory(SHAPE, "bf16", tokens=4096).kv_cache == 2 * GIB


def test_the_total_is_the_sum_of_the_parts() -> None:
    assert Memory(1, 2, 3, 4, 5, 6, 7).total == 28


# --- against what autograd keeps -------------------------------------------------------------------------------------


@contextmanager
def _kept_storages(model: torch.nn.Module) -> Iterator[dict[int, int]]:
    """Sizes of the storages that autograd keeps, but for the model's own."""
    own = {tensor.untyped_storage().data_ptr() for tensor in (*model.parameters(), *model.buffers())}
    kept: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        yield kept


def _kept_by_autograd(layers: int, targets: tuple[str, ...] | str, tokens: int, device: Device) -> int:
    config = _tiny_config(layers)
    wanted = list(targets) if isinstance(targets, tuple) else targets
    with quiet_peft():
        model = get_peft_model(LlamaForCausalLM(config).to(torch.bfloat16), LoraConfig(r=8, target_modules=wanted))
    ids = torch.zeros(1, tokens, dtype=torch.long)
    with _kept_storages(model) as kept, torch.autocast("cpu", torch.bfloat16, enabled=device == "cuda"):
        states = model.get_base_model().model(ids, use_cache=False).last_hidden_state
    assert states.requires_grad
    return sum(kept.values())


def _tiny_config(layers: int) -> Any:
    return LlamaConfig(
        vocab_size=64,
        hidden_size=64,
        intermediate_size=172,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        attn_implementation="sdpa",
    )


@pytest.mark.parametrize("device", ["cuda", "cpu"])  # with and without autocast, which is what tells them apart
@pytest.mark.parametrize("targets", [QV, "all-linear"], ids=["q and v", "all-linear"])
def test_a_layer_keeps_what_the_formula_says(targets: tuple[str, ...] | str, device: Device) -> None:
    tokens = 2048
    one_layer = _kept_by_autograd(3, targets, tokens, device) - _kept_by_autograd(2, targets, tokens, device)
    recipe = _recipe(target_modules=targets)
    expected = kept_per_token(recipe, shape_of(_tiny_config(2), recipe), device) * tokens
    assert one_layer == pytest.approx(expected, rel=0.02)


# --- preflight -------------------------------------------------------------------------------------------------------


def test_a_recipe_that_fits_passes() -> None:
    needed = preflight(_recipe(gradient_checkpointing=True), LLAMA_2_7B, 12 * GIB)
    assert needed.total < 6 * GIB


def test_a_cpu_keeps_adapters_inputs_in_fp32_and_has_holes() -> None:
    recipe = _recipe(max_tokens=100)
    more = 2 * 2 * (4096 + 8)  # two bytes more for input and rank of q and v
    kept = 32 * 100 * (kept_per_token(recipe, SHAPE) + more)
    assert training_memory(recipe, SHAPE, "cpu").activations == CPU_HOLES * kept


@pytest.mark.parametrize(
    ("settings", "gib", "advice"),
    [
        ({"loss_chunk_tokens": 0}, 9.3, r"with loss_chunk_tokens = 256\."),
        ({"batch_size": 8}, 12, r"with batch_size = 1 \(gradient_accumulation times 8"),
        ({}, 6, r"with gradient_checkpointing = true\."),
        ({"method": "lora"}, 12, 'with method = "qlora"'),
        ({"max_tokens": 4096, "gradient_checkpointing": True}, 5.2, r"with max_tokens = 1024\."),
        ({"method": "lora"}, 3, r"No setting makes it fit \(the weights take 3\.6 GiB in 4 bit\)"),
    ],
    ids=["logits", "batch", "checkpointing", "4 bit", "length", "nothing"],
)
def test_a_card_too_small_is_told_with_what_to_change(settings: dict[str, Any], gib: float, advice: str) -> None:
    with pytest.raises(ConfigError, match=advice):
        preflight(_recipe(**settings), LLAMA_2_7B, int(gib * GIB))


def test_the_message_names_the_largest_parts_first() -> None:
    with pytest.raises(
        ConfigError, match=r"needs \d+\.\d GiB .* \(activations .*, weights 3\.6, .*and 2\.0 GiB are free"
    ):
        preflight(_recipe(), LLAMA_2_7B, 2 * GIB)


_recipes = st.builds(
    _recipe,
    method=st.sampled_from(["lora", "qlora"]),
    precision=st.sampled_from(["bf16", "fp32"]),
    batch_size=st.integers(1, 64),
    max_tokens=st.integers(256, 4096),
    loss_chunk_tokens=st.sampled_from([0, 64, 256, 4096]),
    gradient_checkpointing=st.booleans(),
)


def _fits(recipe: Recipe, changes: dict[str, Any], available_bytes: int) -> bool:
    return training_memory(recipe.model_copy(update=changes), SHAPE).total <= available_bytes


@given(_recipes, st.integers(5 * GIB, 40 * GIB))
def test_the_changes_make_it_fit_and_none_can_be_left_out(recipe: Recipe, available_bytes: int) -> None:
    assume(not _fits(recipe, {}, available_bytes))
    changes = fitting_changes(recipe, SHAPE, available_bytes)
    assert changes
    assert _fits(recipe, changes, available_bytes)
    assert not any(
        _fits(recipe, dict(rest), available_bytes) for rest in combinations(changes.items(), len(changes) - 1)
    )
