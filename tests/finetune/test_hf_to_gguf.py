"""A tiny Llama's folder and an adapter as one GGUF file, read back by transformers; the real model's at the end."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from finetune.hf_to_gguf import write_gguf
from finetune.merge import find_pair, merge_to_gguf
from support_agent.errors import ModelFileError
from support_agent.generation.adapters import find_adapter
from support_agent.generation.find_model import find_gguf
from support_agent.generation.gguf import open_gguf
from support_agent.generation.hf_loading import hf_folder, quiet_peft
from support_agent.generation.prompt import PLAIN_TEMPLATE
from support_agent.models import ensure

ROWS = 512
CORPUS = [
    "The quick brown fox reads the support answers, and then the other answers, before it answers the customer.",
    "How do I reset the password of the account? Press the reset button and wait for the message of the account.",
    "Order 1234 was sent on 12.03.2024; order 5678 was not sent.  Two spaces   and three.",
]
TEXTS = [
    "Hello",
    "the answers of the account",
    "reset the  password   now",
    "Order 1234567, please!",
    "naïve café",
    "日本語 🎉",
    "tab\tand\nnewline\n\n",
    "trailing spaces  ",
    "aaaaaaaaeeeeee",
    "<b>answers</b> & more",
]


def _sentencepiece_like() -> Any:
    """As Llama-2's: bytes for unknown letters, and every pair that makes a token, best token first."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

    learned = Tokenizer(models.BPE())
    learned.pre_tokenizer = pre_tokenizers.Metaspace()
    learned.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=200, show_progress=False))
    pieces = [str(learned.id_to_token(at)) for at in range(learned.get_vocab_size())]
    names = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *pieces]
    merges = [
        (piece[:cut], piece[cut:])
        for piece in pieces
        for cut in range(1, len(piece))
        if piece[:cut] in pieces and piece[cut:] in pieces
    ]
    vocabulary = {name: at for at, name in enumerate(names)}
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.add_special_tokens(["<unk>", "<s>", "</s>"])
    tokenizer.add_tokens(["<pad>"])
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return tokenizer


def _byte_level() -> Any:
    """As SmolLM2's: digits alone, then GPT-2's words."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    cuts = [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(cuts)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    special = ["<unk>", "<s>", "</s>"]
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def _save_tokenizer(tokenizer: Any, folder: Path) -> None:
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {"bos_token": "<s>", "eos_token": {"content": "</s>"}, "unk_token": "<unk>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))


def _write_llama(folder: Path, max_shard_size: str = "1GB") -> None:
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    settings = LlamaConfig(
        vocab_size=ROWS,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=1024,
        rope_parameters={"rope_type": "default", "rope_theta": 50_000.0},
    )
    model: Any = LlamaForCausalLM(settings)
    model.to(torch.bfloat16).save_pretrained(folder, max_shard_size=max_shard_size)


def _load_fp32(folder: Path, **settings: Any) -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, **settings)


def _adapted(base: Path) -> Any:
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(1)
    settings = LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False, task_type="CAUSAL_LM")
    with quiet_peft():
        return get_peft_model(_load_fp32(base), settings)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    _write_llama(tmp_path / "base")
    _save_tokenizer(_sentencepiece_like(), tmp_path / "base")
    return tmp_path / "base"


@pytest.fixture
def adapter(base: Path, tmp_path: Path) -> Path:
    _adapted(base).save_pretrained(tmp_path / "lora")
    return tmp_path / "lora"


@pytest.fixture
def made(base: Path, adapter: Path, tmp_path: Path) -> Path:
    merge_to_gguf(find_pair(str(adapter)), tmp_path / "merged.gguf")
    return tmp_path / "merged.gguf"


def _header(path: Path) -> dict[str, Any]:
    return {key: field.contents() for key, field in open_gguf(path).fields.items() if not key.startswith("GGUF.")}


def _change_json(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def _near(found: np.ndarray, expected: np.ndarray) -> bool:
    """Up to 8-bit rounding: 32 weights share a scale of their largest / 127, kept in half precision."""
    blocks = np.abs(expected.reshape(-1, 32)).max(axis=1, keepdims=True)
    return bool((np.abs((found - expected).reshape(-1, 32)) <= blocks / 127 * 0.57).all())


def test_the_file_holds_the_weights_that_peft_merges(base: Path, made: Path) -> None:
    found = _load_fp32(made.parent, gguf_file=made.name).state_dict()
    expected = _adapted(base).merge_and_unload().state_dict()
    assert found.keys() == expected.keys()
    assert {name for name in expected if not _near(found[name].numpy(), expected[name].numpy())} == set()


def test_matrices_are_8_bit_and_norms_are_not(made: Path) -> None:
    kinds = {(len(tensor.shape), tensor.tensor_type.name) for tensor in open_gguf(made).tensors}
    assert kinds == {(1, "F32"), (2, "Q8_0")}


def test_the_header_says_the_shape_of_the_model(made: Path) -> None:
    from transformers import AutoConfig

    settings = AutoConfig.from_pretrained(made.parent, gguf_file=made.name)
    assert settings.model_type == "llama"
    assert (settings.hidden_size, settings.intermediate_size, settings.num_hidden_layers) == (64, 128, 2)
    assert (settings.num_attention_heads, settings.num_key_value_heads, settings.head_dim) == (4, 2, 16)
    assert (settings.max_position_embeddings, settings.vocab_size) == (1024, ROWS)
    assert settings.rope_parameters["rope_theta"] == 50_000
    assert _header(made)["general.name"] == "base"


def test_a_tied_head_is_not_written_twice(base: Path, adapter: Path, tmp_path: Path) -> None:
    _change_json(base / "config.json", tie_word_embeddings=True)
    write_gguf(base, adapter, tmp_path / "tied.gguf")
    assert "output.weight" not in {tensor.name for tensor in open_gguf(tmp_path / "tied.gguf").tensors}


def test_a_mistral_is_a_llama_in_gguf(base: Path, adapter: Path, made: Path, tmp_path: Path) -> None:
    _change_json(base / "config.json", architectures=["MistralForCausalLM"], sliding_window=None)
    write_gguf(base, adapter, tmp_path / "mistral.gguf")
    assert (tmp_path / "mistral.gguf").read_bytes() == made.read_bytes()


def test_a_folder_in_several_files_gives_the_same_bytes(base: Path, adapter: Path, made: Path, tmp_path: Path) -> None:
    (tmp_path / "sharded").mkdir()
    sharded = base.rename(tmp_path / "sharded" / "base")
    (sharded / "model.safetensors").unlink()
    _write_llama(sharded, max_shard_size="100KB")
    write_gguf(sharded, adapter, tmp_path / "again.gguf")
    assert (sharded / "model.safetensors.index.json").exists()
    assert (tmp_path / "again.gguf").read_bytes() == made.read_bytes()


def test_writes_the_same_bytes_every_time(base: Path, adapter: Path, made: Path, tmp_path: Path) -> None:
    write_gguf(base, adapter, tmp_path / "again.gguf")
    assert (tmp_path / "again.gguf").read_bytes() == made.read_bytes()


# The tokenizer ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [_sentencepiece_like, _byte_level])
def test_the_file_cuts_a_text_as_the_folder_does(
    base: Path, adapter: Path, tmp_path: Path, make: Callable[[], Any]
) -> None:
    from transformers import AutoTokenizer

    tokenizer = make()
    _save_tokenizer(tokenizer, base)
    write_gguf(base, adapter, tmp_path / "merged.gguf")
    read = AutoTokenizer.from_pretrained(tmp_path, gguf_file="merged.gguf")
    expected = [tokenizer.encode(text, add_special_tokens=False).ids for text in TEXTS]
    assert [read(text, add_special_tokens=False).input_ids for text in TEXTS] == expected


def test_a_token_made_earlier_scores_higher_and_a_letter_lowest(made: Path) -> None:
    header = _header(made)
    scores = dict(zip(header["tokenizer.ggml.tokens"], header["tokenizer.ggml.scores"], strict=True))
    assert scores["he"] > scores["the"] > scores["▁answers"] > scores["t"] == min(scores.values())


def test_tokens_are_of_their_kinds_and_as_many_as_the_embedding_has_rows(made: Path) -> None:
    header = _header(made)
    kinds = dict(zip(header["tokenizer.ggml.tokens"], header["tokenizer.ggml.token_type"], strict=True))
    of = gguf.TokenType
    assert [kinds[token] for token in ("<unk>", "<s>", "<0x0A>", "the")] == [of.UNKNOWN, of.CONTROL, of.BYTE, of.NORMAL]
    assert [kinds["<pad>"], kinds[f"[PAD{ROWS - 1}]"]] == [of.USER_DEFINED, of.UNUSED]
    assert len(kinds) == ROWS


def test_the_numbers_of_special_tokens_and_the_start_of_a_text_are_said(made: Path) -> None:
    header = _header(made)
    assert [header[f"tokenizer.ggml.{name}_token_id"] for name in ("unknown", "bos", "eos")] == [0, 1, 2]
    assert header["tokenizer.ggml.add_bos_token"] is True
    assert header["tokenizer.ggml.add_eos_token"] is False
    assert header["tokenizer.ggml.add_space_prefix"] is True


def test_digits_apart_and_gpt2s_words_are_called_smollm(base: Path, adapter: Path, tmp_path: Path) -> None:
    _save_tokenizer(_byte_level(), base)
    write_gguf(base, adapter, tmp_path / "merged.gguf")
    header = _header(tmp_path / "merged.gguf")
    assert (header["tokenizer.ggml.model"], header["tokenizer.ggml.pre"]) == ("gpt2", "smollm")
    assert header["tokenizer.ggml.add_bos_token"] is False


def test_a_base_without_a_chat_template_gets_the_agents_plain_one(made: Path) -> None:
    assert _header(made)["tokenizer.chat_template"] == "{{ bos_token }}" + PLAIN_TEMPLATE


def test_a_chat_template_of_the_base_is_kept(base: Path, adapter: Path, tmp_path: Path) -> None:
    (base / "chat_template.jinja").write_text("{{ messages }}")
    write_gguf(base, adapter, tmp_path / "merged.gguf")
    assert _header(tmp_path / "merged.gguf")["tokenizer.chat_template"] == "{{ messages }}"


# What it refuses ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"architectures": ["Qwen2ForCausalLM"]}, "of a Qwen2ForCausalLM"),
        ({"attention_bias": True}, "attention_bias = True"),
        ({"sliding_window": 4096}, "sliding_window = 4096"),
        ({"rope_scaling": {"type": "linear", "factor": 2.0}}, "type = 'linear'"),
        ({"rope_parameters": {"rope_type": "llama3", "rope_theta": 5e5}}, "rope_type = 'llama3'"),
        ({"hidden_act": "gelu"}, "hidden_act = 'gelu'"),
        ({"quantization_config": {"quant_method": "awq"}}, "quantization_config"),
        ({"hidden_size": None}, "does not describe a Llama"),
    ],
    ids=["Qwen2", "bias", "window", "older rope scaling", "rope scaling", "activation", "quantised", "no size"],
)
def test_refuses_a_model_that_computes_something_else(
    base: Path, adapter: Path, tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    _change_json(base / "config.json", **changes)
    with pytest.raises(ModelFileError, match="--format safetensors.*convert_hf_to_gguf.py") as refused:
        write_gguf(base, adapter, tmp_path / "merged.gguf")
    assert words in str(refused.value)


def _drop_a_merge(stored: dict[str, Any]) -> None:
    stored["model"]["merges"].remove(["t", "he"])


def _cut_as_llama_3(stored: dict[str, Any]) -> None:
    stored["model"]["byte_fallback"] = False
    stored["normalizer"] = None
    stored["pre_tokenizer"] = {"type": "Split", "pattern": {"Regex": r"\w+"}, "behavior": "Isolated", "invert": False}


def _lower_case(stored: dict[str, Any]) -> None:
    stored["normalizer"] = {"type": "Lowercase"}


def _whole_words(stored: dict[str, Any]) -> None:
    stored["model"]["ignore_merges"] = True


def _many_tokens(stored: dict[str, Any]) -> None:
    stored["added_tokens"][-1]["id"] = ROWS


def _no_merges(stored: dict[str, Any]) -> None:
    del stored["model"]["merges"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_drop_a_merge, "does not make 'the' of t + he"),
        (_cut_as_llama_3, "(Split) in another way than GPT-2"),
        (_lower_case, "in another way than Llama-2"),
        (_whole_words, "by its merges alone"),
        (_many_tokens, "a token of the number 512, and the model's embedding has 512 rows"),
        (_no_merges, "no BPE tokenizer"),
    ],
    ids=["a merge less", "another cut", "lower case", "whole words", "too many tokens", "no BPE"],
)
def test_refuses_a_tokenizer_that_gguf_cannot_say(
    base: Path, adapter: Path, tmp_path: Path, change: Callable[[dict[str, Any]], None], words: str
) -> None:
    stored = json.loads((base / "tokenizer.json").read_text())
    change(stored)
    (base / "tokenizer.json").write_text(json.dumps(stored))
    with pytest.raises(ModelFileError) as refused:
        write_gguf(base, adapter, tmp_path / "merged.gguf")
    assert words in str(refused.value)


BIAS = "model.layers.0.self_attn.q_proj.bias"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda tensors: tensors | {BIAS: torch.zeros(64)}, f"{BIAS}, which no plain Llama"),
        (lambda tensors: {k: v for k, v in tensors.items() if "norm" not in k}, "holds it not at all"),
        (lambda tensors: tensors | {"lm_head.weight": torch.zeros(8, 64)}, "as (512, 64) and holds it as (8, 64)"),
        (lambda tensors: tensors | {"lm_head.weight": torch.zeros(512, 64).to(torch.int8)}, "as I8"),
        (lambda tensors: tensors | {"lm_head.weight": torch.full((512, 64), torch.nan)}, "no numbers"),
    ],
    ids=["bias", "no norms", "other shape", "integers", "NaN"],
)
def test_refuses_weights_that_are_no_plain_llama_and_leaves_nothing(
    base: Path, adapter: Path, tmp_path: Path, change: Callable[..., dict[str, torch.Tensor]], words: str
) -> None:
    file = base / "model.safetensors"
    save_file(change(load_file(file)), file)
    with pytest.raises(ModelFileError) as refused:
        merge_to_gguf(find_pair(str(adapter)), tmp_path / "out" / "merged.gguf")
    assert words in str(refused.value)
    assert list((tmp_path / "out").iterdir()) == []


def test_refuses_a_cut_off_file(base: Path, adapter: Path, tmp_path: Path) -> None:
    file = base / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ModelFileError, match="cannot be read.*Fetch it again"):
        write_gguf(base, adapter, tmp_path / "merged.gguf")


def test_an_index_that_names_a_missing_file_is_one_sentence(base: Path, adapter: Path, tmp_path: Path) -> None:
    (base / "model.safetensors").unlink()
    (base / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"x": "model-1.safetensors"}}))
    with pytest.raises(ModelFileError, match="model-1.safetensors cannot be read"):
        write_gguf(base, adapter, tmp_path / "merged.gguf")


def test_an_adapter_of_another_shape_is_refused(base: Path, adapter: Path, tmp_path: Path) -> None:
    file = adapter / "adapter_model.safetensors"
    save_file({name.replace("layers.1.", "layers.2."): tensor for name, tensor in load_file(file).items()}, file)
    with pytest.raises(ModelFileError, match="the model has no layer model.layers.2"):
        write_gguf(base, adapter, tmp_path / "merged.gguf")


# The real weights ---------------------------------------------------------------------------------------------------

# The folder was made of the GGUF file. transformers leaves its cut of digits out, so that tokenizer.ggml.pre differs.
SAME = """general.architecture llama.block_count llama.context_length llama.embedding_length llama.feed_forward_length
llama.attention.head_count llama.attention.head_count_kv llama.rope.freq_base llama.rope.dimension_count
llama.attention.layer_norm_rms_epsilon llama.vocab_size tokenizer.ggml.model tokenizer.ggml.tokens
tokenizer.ggml.token_type tokenizer.ggml.merges tokenizer.ggml.bos_token_id tokenizer.ggml.eos_token_id
tokenizer.ggml.unknown_token_id tokenizer.ggml.padding_token_id tokenizer.ggml.add_bos_token tokenizer.chat_template
tokenizer.ggml.add_space_prefix general.quantization_version""".split()
UNCHANGED = ("token_embd", "blk.0.attn_k", "blk.29.ffn_down")  # the shipped adapter is on q and v


def test_the_real_models_folder_becomes_the_file_it_was_made_of(tmp_path: Path) -> None:
    source = find_gguf(ensure("smollm2-135m-instruct"))
    assert source is not None
    write_gguf(hf_folder(source), find_adapter("smollm2-135m-lamini-docs", offline=True), tmp_path / "merged.gguf")
    found, expected = open_gguf(tmp_path / "merged.gguf"), open_gguf(source)
    assert {key: found.fields[key].contents() for key in SAME} == {key: expected.fields[key].contents() for key in SAME}
    tensors = [{tensor.name: tensor for tensor in reader.tensors} for reader in (found, expected)]
    assert tensors[0].keys() == tensors[1].keys()
    weights = [
        [gguf.quants.dequantize(side[f"{name}.weight"].data, side[f"{name}.weight"].tensor_type) for name in UNCHANGED]
        for side in tensors
    ]
    assert all(map(_near, *weights))
