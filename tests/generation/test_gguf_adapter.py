"""Merged matrices against PEFT's, exactly on a tiny model; merged engine against PEFT on the real one."""

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from support_agent.config import Config
from support_agent.errors import ModelFileError
from support_agent.generation.adapters import find_adapter
from support_agent.generation.find_model import find_gguf
from support_agent.generation.gguf import open_gguf
from support_agent.generation.gguf_adapter import read_lora, write_merged
from support_agent.generation.hf_loading import hf_folder, with_adapter
from support_agent.generation.hf_transformers import TransformersGenerator
from support_agent.generation.openvino import OpenVinoGenerator
from support_agent.generation.prompt import Prompt, write_prompt
from support_agent.models import ensure
from support_agent.records import Draft
from support_agent.retrieval import find_index
from support_agent.retrieval.folders import read_index_manifest, read_passages

ALL_LINEAR = "q_proj k_proj v_proj o_proj gate_proj up_proj down_proj".split()
NAMES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
HEADS = {"attn_q": 4, "attn_k": 2}


def _as_in_gguf(name: str, matrix: np.ndarray) -> np.ndarray:
    """Row i of a head's first half and row i of its second stand side by side."""
    heads = HEADS.get(name)
    if heads is None:
        return matrix
    width = matrix.shape[0] // heads
    order = [
        head * width + half * width // 2 + i for head in range(heads) for i in range(width // 2) for half in (0, 1)
    ]
    return matrix[order]


def _matrices(model: Any) -> dict[str, np.ndarray]:
    weights = model.state_dict()
    return {
        f"blk.{layer}.{short}.weight": _as_in_gguf(short, weights[f"model.layers.{layer}.{long}.weight"].numpy())
        for layer in range(2)
        for long, short in NAMES.items()
    }


def _load_fp32(folder: Path) -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)


def _with_lora(model: Any, std: float, **settings: Any) -> Any:
    """The model with a random adapter that changes something."""
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(5)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing")  # PEFT's, see hf_loading
        adapted = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", **settings))
    with torch.no_grad():
        for name, weight in adapted.named_parameters():
            if "lora_B" in name:
                weight.normal_(0, std)
    return adapted


@pytest.fixture(scope="module")
def tiny_gguf(tiny_llama: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The random Llama's layers as llama.cpp would store them, without a tokenizer."""
    path = tmp_path_factory.mktemp("tiny-gguf") / "tiny.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    writer.add_tensor("output_norm.weight", np.ones(32, dtype=np.float32))
    for name, matrix in _matrices(_load_fp32(tiny_llama)).items():
        writer.add_tensor(name, np.ascontiguousarray(matrix))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture
def tiny_adapter(tiny_llama: Path, tmp_path: Path) -> Path:
    _with_lora(_load_fp32(tiny_llama), 0.3, r=4, target_modules=ALL_LINEAR).save_pretrained(tmp_path / "lora")
    return tmp_path / "lora"


@pytest.mark.parametrize(
    "settings",
    [
        {"target_modules": ALL_LINEAR},
        {"target_modules": ["q_proj", "v_proj"], "lora_alpha": 3},
        {"target_modules": ALL_LINEAR, "use_rslora": True},
        {"target_modules": ALL_LINEAR, "rank_pattern": {"q_proj": 2, r"layers\.1\.mlp\.\w+": 8}},
        {"target_modules": ALL_LINEAR, "alpha_pattern": {"k_proj": 32, "layers.0.self_attn.v_proj": 1}},
    ],
    ids=["all linear", "q and v", "rank-stabilised", "rank pattern", "alpha pattern"],
)
def test_a_merged_matrix_is_pefts_up_to_8_bit_rounding(
    tiny_llama: Path, tiny_gguf: Path, tmp_path: Path, settings: dict[str, Any]
) -> None:
    adapted = _with_lora(_load_fp32(tiny_llama), 0.3, r=4, **settings)
    adapted.save_pretrained(tmp_path / "lora")
    write_merged(tiny_gguf, tmp_path / "lora", tmp_path / "merged.gguf")
    found = {tensor.name: tensor for tensor in open_gguf(tmp_path / "merged.gguf").tensors}
    for name, expected in _matrices(adapted.merge_and_unload()).items():
        merged = gguf.quants.dequantize(found[name].data, found[name].tensor_type)
        # 32 weights share a scale of their largest / 127, kept in half precision.
        blocks = np.abs(expected.reshape(-1, 32)).max(axis=1, keepdims=True)
        assert (np.abs((merged - expected).reshape(-1, 32)) <= blocks / 127 * 0.57).all()


def _qwen2() -> Any:
    """A random Qwen2 of one layer: biases on q, k and v, and rows that llama.cpp leaves in their order."""
    from transformers import Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(0)
    sizes = {"vocab_size": 64, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1}
    model = Qwen2ForCausalLM(Qwen2Config(**sizes, num_attention_heads=4, num_key_value_heads=2)).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.endswith("bias"):
                weight.normal_()
    return model


def _qwen2_tensors(model: Any) -> dict[str, np.ndarray]:
    weights = model.state_dict()
    names = {f"{long}.{kind}": f"{short}.{kind}" for long, short in NAMES.items() for kind in ("weight", "bias")}
    return {
        f"blk.0.{short}": weights[f"model.layers.0.{long}"].numpy()
        for long, short in names.items()
        if f"model.layers.0.{long}" in weights
    }


def test_an_adapter_is_merged_into_a_qwen2_and_its_biases_stay(tmp_path: Path) -> None:
    writer = gguf.GGUFWriter(tmp_path / "qwen2.gguf", "qwen2")
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    for name, tensor in _qwen2_tensors(_qwen2()).items():
        writer.add_tensor(name, np.ascontiguousarray(tensor))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    adapted = _with_lora(_qwen2(), 0.3, r=4, target_modules=ALL_LINEAR)
    adapted.save_pretrained(tmp_path / "lora")
    write_merged(tmp_path / "qwen2.gguf", tmp_path / "lora", tmp_path / "merged.gguf")
    found = {tensor.name: tensor for tensor in open_gguf(tmp_path / "merged.gguf").tensors}
    expected = _qwen2_tensors(adapted.merge_and_unload())
    assert sorted(found) == sorted(expected)
    for name, tensor in expected.items():
        merged = gguf.quants.dequantize(found[name].data, found[name].tensor_type)
        tolerance = np.abs(tensor).max() / 127 * 0.57 if name.endswith("weight") else 0.0
        assert np.abs(merged - tensor).max() <= tolerance


def test_bf16_and_fp32_adapters_are_read_alike(tiny_adapter: Path) -> None:
    file = tiny_adapter / "adapter_model.safetensors"
    halves = {name: tensor.to(torch.bfloat16) for name, tensor in load_file(file).items()}
    save_file({name: tensor.float() for name, tensor in halves.items()}, file)
    full = read_lora(tiny_adapter)
    save_file(halves, file)
    layer = "model.layers.1.mlp.up_proj"
    assert np.array_equal(read_lora(tiny_adapter)[layer].product(), full[layer].product())


def test_writes_the_same_bytes_every_time(tiny_gguf: Path, tiny_adapter: Path, tmp_path: Path) -> None:
    write_merged(tiny_gguf, tiny_adapter, tmp_path / "first.gguf")
    write_merged(tiny_gguf, tiny_adapter, tmp_path / "second.gguf")
    assert (tmp_path / "first.gguf").read_bytes() == (tmp_path / "second.gguf").read_bytes()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"use_dora": True}, "use_dora = True"),
        ({"modules_to_save": ["lm_head"]}, "modules_to_save"),
        ({"bias": "all"}, "bias = 'all'"),
        ({"fan_in_fan_out": True}, "fan_in_fan_out"),
        ({"init_lora_weights": "pissa_niter_4"}, "init_lora_weights = 'pissa_niter_4'"),
        ({"invented_tomorrow": 3}, "invented_tomorrow = 3"),
        ({"peft_type": "IA3"}, "kind IA3"),
        ({"alpha_pattern": {"(": 2}}, "no PEFT configuration"),
        ({"lora_alpha": "many"}, "no PEFT configuration"),
        ({"lora_alpha": float("inf")}, "is inf"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_refuses_what_is_more_than_a_plain_lora(tiny_adapter: Path, changes: dict[str, Any], words: str) -> None:
    file = tiny_adapter / "adapter_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))
    with pytest.raises(ModelFileError) as refused:
        read_lora(tiny_adapter)
    assert words in str(refused.value)


def _rename(old: str, new: str) -> Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]:
    return lambda tensors: {name.replace(old, new): tensor for name, tensor in tensors.items()}


def _change(name: str, change: Callable[[torch.Tensor], torch.Tensor]) -> Callable[..., dict[str, torch.Tensor]]:
    key = f"base_model.model.model.layers.0.{name}.weight"
    return lambda tensors: {**tensors, key: change(tensors[key]).contiguous()}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_rename("layers.1.mlp.up_proj", "lm_head"), "the model has no layer model.lm_head"),
        (_rename("layers.1.", "layers.2."), "(the model has no layer model.layers.2."),
        (_change("self_attn.v_proj.lora_B", lambda up: up[:8]), r"(16, 32) there and (8, 32) here"),
        (_change("self_attn.v_proj.lora_B", lambda up: up[:, :2]), "does not fit together"),
        (_change("self_attn.v_proj.lora_B", lambda up: up * torch.nan), "no numbers"),
        (_change("self_attn.v_proj.lora_B", lambda up: up.to(torch.int8)), "(torch.int8)"),
        (
            lambda tensors: {k: v for k, v in tensors.items() if "0.mlp.up_proj.lora_A" not in k},
            "lora_A None",
        ),
        (lambda _: {}, "holds no LoRA layer"),
        (_rename("lora_A.weight", "lora_magnitude_vector"), "no part of a plain LoRA"),
    ],
    ids=["head", "more layers", "narrower layer", "two ranks", "NaN", "integers", "one side", "empty", "DoRA"],
)
def test_refuses_tensors_that_do_not_fit(
    tiny_gguf: Path, tiny_adapter: Path, tmp_path: Path, change: Callable[..., dict[str, torch.Tensor]], words: str
) -> None:
    file = tiny_adapter / "adapter_model.safetensors"
    save_file(change(load_file(file)), file)
    with pytest.raises(ModelFileError) as refused:
        write_merged(tiny_gguf, tiny_adapter, tmp_path / "merged.gguf")
    assert words in str(refused.value)
    assert not (tmp_path / "merged.gguf").exists()


def test_refuses_truncated_weights(tiny_adapter: Path) -> None:
    file = tiny_adapter / "adapter_model.safetensors"
    file.write_bytes(file.read_bytes()[:99])
    with pytest.raises(ModelFileError, match="cannot be read"):
        read_lora(tiny_adapter)


def test_refuses_an_architecture_whose_rows_it_does_not_know(tiny_adapter: Path, tmp_path: Path) -> None:
    writer = gguf.GGUFWriter(tmp_path / "other.gguf", "gptneox")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    with pytest.raises(ModelFileError, match=r"llama, qwen2, qwen3, and .* is of 'gptneox'"):
        write_merged(tmp_path / "other.gguf", tiny_adapter, tmp_path / "merged.gguf")


# The real weights and the shipped adapter ---------------------------------------------------------------------------

SHIPPED = "smollm2-135m-lamini-docs"
# The engine rounds activations to 8 bits too, so that a close call between two words may fall the other way (6 of 13
# questions tried); these are answered without one.
QUESTIONS = {
    "Where is Lamini located?": "train:1135 train:836 train:854",
    "What is Lamini?": "train:1135 train:1189 train:1010",
    "Who founded Lamini?": "train:486 train:854 train:1135",
    "Can Lamini generate code?": "train:31 train:9 train:681",
    "How do I add data to my model?": "train:212 train:1155 train:573",
    "Does Lamini support multiple languages?": "train:578 train:1180 train:27",
}
# 8-bit weights and activations against 32 bits: what the mean log-probability a token of a draft may differ by; 0.010
# was the most seen. Without the adapter it differs by up to 0.41.
LOG_PROB_TOLERANCE = 0.02


def _base() -> Path:
    source = find_gguf(ensure("smollm2-135m-instruct"))
    assert source is not None
    return hf_folder(source)


@pytest.fixture(scope="module")
def prompts() -> list[Prompt]:
    folder = find_index("lamini_docs")
    passages = {one.passage_id: one for one in read_passages(folder, read_index_manifest(folder))}
    return [write_prompt(question, [passages[one] for one in ids.split()]) for question, ids in QUESTIONS.items()]


@pytest.fixture(scope="module")
def peft_drafts(prompts: list[Prompt]) -> list[Draft]:
    """What transformers and PEFT write in fp32."""
    from transformers import AutoTokenizer

    model = with_adapter(_load_fp32(_base()), find_adapter(SHIPPED, offline=True))
    tokenizer = AutoTokenizer.from_pretrained(_base())
    return TransformersGenerator(model, tokenizer, max_new_tokens=24, version="peft").generate(prompts)


@pytest.fixture(scope="module")
def engine() -> OpenVinoGenerator:
    return OpenVinoGenerator.open(Config(generator="openvino", max_new_tokens=24, threads=2))


@pytest.fixture(scope="module")
def engine_drafts(engine: OpenVinoGenerator, prompts: list[Prompt]) -> list[Draft]:
    return engine.generate(prompts)


def per_token(drafts: list[Draft]) -> list[float]:
    return [draft.sum_log_prob / draft.tokens for draft in drafts if draft.sum_log_prob is not None]


def test_merged_engine_and_peft_write_the_same(peft_drafts: list[Draft], engine_drafts: list[Draft]) -> None:
    assert [draft.text for draft in engine_drafts] == [draft.text for draft in peft_drafts]


def test_merged_engine_and_peft_find_the_text_equally_likely(
    peft_drafts: list[Draft], engine_drafts: list[Draft]
) -> None:
    assert per_token(engine_drafts) == pytest.approx(per_token(peft_drafts), abs=LOG_PROB_TOLERANCE)


def test_without_the_adapter_the_engine_writes_something_else(
    engine_drafts: list[Draft], prompts: list[Prompt]
) -> None:
    raw = OpenVinoGenerator.open(Config(generator="openvino", adapter="none", max_new_tokens=24, threads=2)).generate(
        prompts
    )
    assert sum(one.text != other.text for one, other in zip(raw, engine_drafts, strict=True)) >= 3
    differences = [abs(one - other) for one, other in zip(per_token(raw), per_token(engine_drafts), strict=True)]
    assert max(differences) > 10 * LOG_PROB_TOLERANCE


def test_the_shipped_adapter_is_the_default_for_its_model_and_in_the_version(
    smollm2: OpenVinoGenerator, engine: OpenVinoGenerator
) -> None:
    assert SHIPPED in engine.version
    assert SHIPPED not in smollm2.version
