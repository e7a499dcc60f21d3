"""Merging the tiny Llama with an adapter into one model, as a folder and as a file."""

import errno
import json
import warnings
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
import torch

from finetune.merge import check_target, find_pair, merge_to_folder, merge_to_gguf
from support_agent.errors import ConfigError, ModelFileError
from support_agent.generation.gguf import open_gguf
from support_agent.generation.prompt import PLAIN_TEMPLATE


def _tokenizer() -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    words = {token: at for at, token in enumerate(["<unk>", "<s>", "</s>", "a", "b"])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>", bos_token="<s>", eos_token="</s>")


def _llama(dtype: torch.dtype) -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    settings = LlamaConfig(
        vocab_size=8, hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=4
    )
    return LlamaForCausalLM(settings).to(dtype)


def _adapted(model: Any) -> Any:
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(1)
    settings = LoraConfig(target_modules=["v_proj", "up_proj"], r=2, init_lora_weights=False, task_type="CAUSAL_LM")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing")  # PEFT's, see hf_loading
        return get_peft_model(model, settings)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    _llama(torch.bfloat16).save_pretrained(tmp_path / "base")
    _tokenizer().save_pretrained(tmp_path / "base")
    return tmp_path / "base"


@pytest.fixture
def adapter(base: Path, tmp_path: Path) -> Path:
    from transformers import AutoModelForCausalLM

    _adapted(AutoModelForCausalLM.from_pretrained(base)).save_pretrained(tmp_path / "lora")
    return tmp_path / "lora"


def test_the_merged_folder_writes_what_base_and_adapter_write(base: Path, adapter: Path, tmp_path: Path) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    merge_to_folder(find_pair(str(adapter)), tmp_path / "merged")
    merged = AutoModelForCausalLM.from_pretrained(tmp_path / "merged", dtype=torch.float32)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing")
        both = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32), str(adapter))
    ids = torch.tensor([[1, 3, 4]])
    with torch.inference_mode():
        assert torch.allclose(merged(ids).logits, both(ids).logits, atol=2e-3)  # the folder is kept in bf16


def test_the_merged_folder_keeps_the_precision_and_has_all_that_a_server_needs(adapter: Path, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    merge_to_folder(find_pair(str(adapter)), tmp_path / "merged")
    assert json.loads((tmp_path / "merged" / "config.json").read_text())["dtype"] == "bfloat16"
    assert AutoTokenizer.from_pretrained(tmp_path / "merged").chat_template == "{{ bos_token }}" + PLAIN_TEMPLATE
    manifest = json.loads((tmp_path / "merged" / "manifest.json").read_text())
    assert manifest["adapter"] == "lora"
    assert "model.safetensors" in manifest["files"]
    assert not (tmp_path / "merged" / "adapter_config.json").exists()


def test_a_chat_template_of_the_base_is_kept(base: Path, adapter: Path, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = _tokenizer()
    tokenizer.chat_template = "{{ messages }}"
    tokenizer.save_pretrained(base)
    merge_to_folder(find_pair(str(adapter)), tmp_path / "merged")
    assert AutoTokenizer.from_pretrained(tmp_path / "merged").chat_template == "{{ messages }}"


@pytest.fixture
def base_gguf(tmp_path: Path) -> Path:
    path = tmp_path / "base.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_head_count(4)
    for name, rows, columns in (("attn_v", 32, 32), ("ffn_up", 64, 32)):
        writer.add_tensor(f"blk.0.{name}.weight", np.ones((rows, columns), dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_a_gguf_base_becomes_an_8_bit_file(base_gguf: Path, adapter: Path, tmp_path: Path) -> None:
    merge_to_gguf(find_pair(str(adapter), str(base_gguf)), tmp_path / "out" / "merged.gguf")
    found = {tensor.name: tensor for tensor in open_gguf(tmp_path / "out" / "merged.gguf").tensors}
    assert {tensor.tensor_type.name for tensor in found.values()} == {"Q8_0"}
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["merged.gguf"]


def test_a_base_that_is_no_gguf_file_is_left_to_llama_cpp(adapter: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"Write --format safetensors and .* llama\.cpp's convert_hf_to_gguf\.py"):
        merge_to_gguf(find_pair(str(adapter)), tmp_path / "merged.gguf")


def test_an_adapter_of_another_shape_is_one_sentence_and_leaves_nothing(adapter: Path, tmp_path: Path) -> None:
    from transformers import LlamaConfig, LlamaForCausalLM

    other = tmp_path / "other"
    settings = LlamaConfig(
        vocab_size=8, hidden_size=16, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2
    )
    LlamaForCausalLM(settings).save_pretrained(other)
    _tokenizer().save_pretrained(other)
    with pytest.raises(ModelFileError, match="another shape"):
        merge_to_folder(find_pair(str(adapter), str(other)), tmp_path / "out" / "merged")
    assert list((tmp_path / "out").iterdir()) == []


def test_an_adapter_that_does_not_name_its_base_needs_one(adapter: Path) -> None:
    file = adapter / "adapter_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"base_model_name_or_path": None}))
    with pytest.raises(ConfigError, match="--base MODEL"):
        find_pair(str(adapter))


@pytest.mark.parametrize("replace", [False, True], ids=["plain", "with --force"])
def test_a_folder_that_is_no_model_is_never_replaced(tmp_path: Path, replace: bool) -> None:
    (tmp_path / "home").mkdir()
    with pytest.raises(ConfigError, match="Name another place with -o"):
        check_target(tmp_path / "home", replace=replace)


def test_a_model_is_replaced_when_asked_to(adapter: Path, tmp_path: Path) -> None:
    target = tmp_path / "out" / "merged"
    merge_to_folder(find_pair(str(adapter)), target)
    (target / "old").touch()
    with pytest.raises(ConfigError, match="replace it with --force"):
        check_target(target, replace=False)
    check_target(target, replace=True)
    merge_to_folder(find_pair(str(adapter)), target)
    assert not (target / "old").exists()
    assert [path.name for path in target.parent.iterdir()] == ["merged"]


def test_neither_base_nor_adapter_is_overwritten(base: Path, adapter: Path) -> None:
    with pytest.raises(ConfigError, match="holds what is to be merged"):
        merge_to_folder(find_pair(str(adapter)), base)
    with pytest.raises(ConfigError, match="holds what is to be merged"):
        merge_to_folder(find_pair(str(adapter)), adapter)


def test_a_disk_that_fills_up_leaves_nothing(adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers import LlamaForCausalLM

    def fill(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(LlamaForCausalLM, "save_pretrained", fill)
    with pytest.raises(ModelFileError, match="no space is left"):
        merge_to_folder(find_pair(str(adapter)), tmp_path / "out" / "merged")
    assert list((tmp_path / "out").iterdir()) == []
