"""A two-layer random Llama on disk, and the recipe that trains it in a few seconds."""

from pathlib import Path

import pytest

from finetune.recipe import Recipe, load_recipe
from finetune.tiny_llama import write_tiny_llama


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny_llama")
    write_tiny_llama(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_qwen2(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Qwen2, whose q, k and v have biases, with the tiny Llama's tokenizer."""
    import torch
    from transformers import AutoTokenizer, Qwen2Config, Qwen2ForCausalLM

    folder = tmp_path_factory.mktemp("tiny_qwen2")
    tokenizer = AutoTokenizer.from_pretrained(tiny_base)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    settings = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=2048,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        tie_word_embeddings=True,
    )
    model = Qwen2ForCausalLM(settings)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.endswith("bias"):
                weight.normal_(0, 0.1)
    model.save_pretrained(folder)
    return folder


@pytest.fixture
def rows_file(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    answers = ["Press the blue key.", "Ask your administrator.", "It takes three days."]
    lines = [f"How do I do task {n}?,{answers[n % 3]}" for n in range(24)]
    path.write_text("\n".join(["question,answer", *lines]), "utf-8")
    return path


@pytest.fixture
def recipe(tiny_base: Path, rows_file: Path) -> Recipe:
    """Six steps on 24 short rows."""
    changes = {"base": str(tiny_base), "data": str(rows_file), "max_rows": 0, "epochs": 2, "dev_share": 0.0}
    return load_recipe("smoke", changes)
