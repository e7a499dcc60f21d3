"""A two-layer Llama with random weights and a byte tokenizer: the base of the smoke recipe and of tests.

Made in the cache on first use, in under a second; it has the architecture, the chat template and the file formats of a
real base, and no knowledge.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from support_agent.models import converted_folder

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

TINY_LLAMA = "tiny-random-llama"
_CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def tiny_llama() -> Path:
    """Its folder: config, safetensors, tokenizer."""
    from importlib.metadata import version

    recipe = f"seed 0 transformers {version('transformers')} torch {version('torch')}"
    return converted_folder(TINY_LLAMA, "", recipe, write_tiny_llama)


def write_tiny_llama(folder: Path) -> None:
    """Write model and tokenizer; the same weights every time."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = _byte_tokenizer()
    tokenizer.save_pretrained(folder)
    settings = LlamaConfig(
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
    with torch.random.fork_rng():
        torch.manual_seed(0)
        LlamaForCausalLM(settings).save_pretrained(folder)


def _byte_tokenizer() -> PreTrainedTokenizerFast:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    engine = Tokenizer(models.BPE(vocab={letter: at for at, letter in enumerate(alphabet)}, merges=[]))
    engine.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    engine.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=engine,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        additional_special_tokens=["<|im_start|>"],
    )
    tokenizer.chat_template = _CHATML
    return tokenizer
