"""Models for this room's tests: a two-layer random Llama made on the spot, and the real embedded one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support_agent.config import Config
from support_agent.generation.openvino import OpenVinoGenerator
from support_agent.generation.prompt import Prompt, write_prompt
from support_agent.records import Passage

# Its answers are short and end by themselves in some cases, so that both ways of finishing are met.
PASSAGES = (
    Passage(
        "docs:1",
        "How do I send my API key?",
        "Put the API key in the header as Authorization: Bearer <KEY>. Naïve café, 日本語 🎉.",
        "docs",
    ),
)

CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}{{ eos_token }}"
    "{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}"
)


@pytest.fixture(scope="session")
def prompts() -> list[Prompt]:
    questions = ("How do I include my API key?", "Tell me a very long story.", "Which languages are there?", "Hi")
    return [write_prompt(question, PASSAGES) for question in questions]


def make_tokenizer() -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: at for at, token in enumerate(["<unk>", "<s>", "</s>", *letters])}
    tokenizer = Tokenizer(models.BPE(vocabulary, [], unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="<unk>",
        bos_token="<s>",
        eos_token="</s>",
        clean_up_tokenization_spaces=False,
    )
    fast.chat_template = CHAT_TEMPLATE
    return fast


def make_llama() -> Any:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    settings = LlamaConfig(
        vocab_size=259,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=2048,
        bos_token_id=1,
        eos_token_id=2,
        initializer_range=0.4,
    )
    return LlamaForCausalLM(settings).eval()


@pytest.fixture(scope="session")
def tiny_llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the random Llama and its tokenizer."""
    folder = tmp_path_factory.mktemp("tiny-llama")
    make_llama().save_pretrained(folder)
    make_tokenizer().save_pretrained(folder)
    return folder


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder for one test."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("SUPPORT_AGENT_CACHE", str(folder))
    return folder


@pytest.fixture(scope="session")
def smollm2() -> OpenVinoGenerator:
    """The embedded generator on its own weights, without an adapter; converted at most once for this machine."""
    return OpenVinoGenerator.open(Config(adapter="none", max_new_tokens=48, threads=2))


@pytest.fixture
def collector() -> tuple[list[str], Callable[[str], bool]]:
    """A list, and an ``on_text`` that puts each piece into it and never ends the draft."""
    pieces: list[str] = []
    return pieces, lambda piece: bool(pieces.append(piece))
