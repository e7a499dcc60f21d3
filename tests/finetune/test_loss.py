from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoConfig, AutoModelForCausalLM

from finetune.answer_trainer import summed_loss
from finetune.encoding import IGNORED
from finetune.loss import answer_loss, can_chunk
from support_agent.generation.hf_loading import quiet_peft

SMALL = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 90}


def small_model(kind: str) -> Any:
    torch.manual_seed(0)
    config = AutoConfig.for_model(kind, **SMALL)
    if hasattr(config, "num_key_value_heads"):
        config.num_key_value_heads = 2
    return AutoModelForCausalLM.from_config(config)


def batch() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    ids = torch.randint(0, 90, (3, 20))
    labels = ids.clone()
    labels[:, :9] = IGNORED
    labels[1, 15:] = IGNORED
    return ids, labels


@pytest.mark.parametrize("kind", ["llama", "gpt_neox", "mistral", "qwen2", "qwen3"])
def test_chunked_loss_and_gradient_are_the_models_own(kind: str) -> None:
    model = small_model(kind)
    ids, labels = batch()
    counted = (labels[:, 1:] != IGNORED).sum()
    own = model(input_ids=ids, labels=labels).loss
    own.backward()
    wanted = model.get_input_embeddings().weight.grad.clone()
    model.zero_grad()
    ours = answer_loss(model, ids, labels, 4) / counted
    ours.backward()
    assert ours.item() == pytest.approx(own.item(), rel=1e-5)
    assert torch.allclose(model.get_input_embeddings().weight.grad, wanted, atol=1e-6)


def test_unchunked_loss_is_the_chunked_one() -> None:
    with quiet_peft():
        adapted = get_peft_model(small_model("llama"), LoraConfig(target_modules=["q_proj"], task_type="CAUSAL_LM"))
    ids, labels = batch()
    whole, pieces = (summed_loss(adapted, ids, labels, chunk_tokens) for chunk_tokens in (0, 4))
    assert whole.item() == pytest.approx(pieces.item(), rel=1e-5)


def test_padding_on_the_right_changes_nothing() -> None:
    model = small_model("llama")
    ids, labels = batch()
    longer = torch.nn.functional.pad(ids, (0, 5), value=7)
    padded = torch.nn.functional.pad(labels, (0, 5), value=IGNORED)
    assert answer_loss(model, ids, labels, 4).item() == pytest.approx(answer_loss(model, longer, padded, 4).item())


def test_full_logits_are_never_held() -> None:
    model = small_model("llama")
    sizes: list[int] = []
    model.lm_head.register_forward_hook(lambda _, __, logits: sizes.append(logits.shape[0]))
    answer_loss(model, *batch(), 4)
    assert max(sizes) == 4


def test_model_that_changes_its_logits_computes_its_own_loss() -> None:
    assert not can_chunk(small_model("gemma2"))
    assert can_chunk(small_model("llama"))
