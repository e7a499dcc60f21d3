import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from support_agent.config import Config
from support_agent.errors import ConfigError, GenerationError, ModelFileError
from support_agent.generation.hf_transformers import TransformersGenerator
from support_agent.generation.prompt import STOP_STRINGS, Prompt, write_prompt
from support_agent.records import Draft

MAX_NEW_TOKENS = 24


@pytest.fixture(scope="module")
def tiny(tiny_llama: Path) -> TransformersGenerator:
    return _load(tiny_llama)


@pytest.fixture(scope="module")
def drafts(tiny: TransformersGenerator, prompts: list[Prompt]) -> list[Draft]:
    return tiny.generate(prompts)


def _load(folder: Path, **settings: Any) -> TransformersGenerator:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    return TransformersGenerator(model, tokenizer, **{"max_new_tokens": MAX_NEW_TOKENS, "version": "tiny", **settings})


def test_a_batch_writes_what_each_prompt_gets_alone(
    tiny: TransformersGenerator, prompts: list[Prompt], drafts: list[Draft]
) -> None:
    assert [draft.text for draft in drafts] == [tiny.generate([prompt])[0].text for prompt in prompts]


def test_log_probabilities_are_those_of_a_plain_forward_pass(
    tiny: TransformersGenerator, prompts: list[Prompt], drafts: list[Draft]
) -> None:
    ids = tiny._tokenizer(tiny._render(prompts[0]), add_special_tokens=False).input_ids
    total = 0.0
    for _ in range(drafts[0].tokens):
        with torch.inference_mode():
            log_probs = tiny._model(torch.tensor([ids])).logits[0, -1].log_softmax(-1)
        total += log_probs.max().item()
        ids.append(int(log_probs.argmax()))
    assert drafts[0].sum_log_prob == pytest.approx(total, abs=1e-4)


def test_a_draft_that_is_cut_off_says_so(drafts: list[Draft]) -> None:
    assert (drafts[0].finish, drafts[0].tokens) == ("length", MAX_NEW_TOKENS)


def test_stops_at_the_end_token(tiny_llama: Path, prompts: list[Prompt], drafts: list[Draft]) -> None:
    generator = _load(tiny_llama)
    ids = generator._tokenizer(drafts[0].text, add_special_tokens=False).input_ids
    generator._ends = frozenset({ids[3]})
    draft = generator.generate(prompts[:1])[0]
    assert (draft.finish, draft.tokens) == ("stop", ids.index(ids[3]) + 1)


def test_ends_a_row_at_a_stop_string(tiny_llama: Path, prompts: list[Prompt], monkeypatch: pytest.MonkeyPatch) -> None:
    whole = _load(tiny_llama).generate(prompts[:1])[0].text
    stop = whole[4:7]
    for module in ("hf_transformers", "stopping"):
        monkeypatch.setattr(f"support_agent.generation.{module}.STOP_STRINGS", (*STOP_STRINGS, stop))
    draft = _load(tiny_llama).generate(prompts[:1])[0]
    assert (draft.text, draft.finish) == (whole[: whole.index(stop)], "stop")


@pytest.mark.parametrize("at", range(4))
def test_the_stream_joined_is_the_draft(
    tiny: TransformersGenerator,
    prompts: list[Prompt],
    drafts: list[Draft],
    collector: tuple[list[str], Callable[[str], bool]],
    at: int,
) -> None:
    pieces, on_text = collector
    assert tiny.generate([prompts[at]], on_text=on_text)[0].text == drafts[at].text
    assert "".join(pieces) == drafts[at].text


def test_a_draft_that_is_lost_ends_there_and_the_others_go_on(
    tiny: TransformersGenerator, prompts: list[Prompt], drafts: list[Draft]
) -> None:
    written = tiny.generate_until(prompts[:2], [lambda text: len(text) > 8, lambda _: False])
    assert written[1].text == drafts[1].text
    assert written[0].finish == "dropped"
    assert drafts[0].text.startswith(written[0].text)
    assert written[0].tokens < drafts[0].tokens


def test_ends_the_draft_when_asked_to(tiny: TransformersGenerator, prompts: list[Prompt]) -> None:
    pieces: list[str] = []
    draft = tiny.generate(prompts[:1], on_text=lambda piece: bool(pieces.append(piece)) or len(pieces) == 3)[0]
    assert draft.text == "".join(pieces)
    assert (len(pieces), draft.finish) == (3, "length")


def test_no_prompts_give_no_drafts(tiny: TransformersGenerator) -> None:
    assert tiny.generate([]) == []


def test_a_base_model_gets_the_plain_template(tiny_llama: Path) -> None:
    generator = _load(tiny_llama)
    generator = TransformersGenerator(
        generator._model, _without_template(generator._tokenizer), max_new_tokens=4, version="base"
    )
    assert generator._render(write_prompt("Why?", [])).endswith("### Question:\nWhy?\n\n### Answer:\n")


def _without_template(tokenizer: Any) -> Any:
    tokenizer.chat_template = None
    return tokenizer


def test_refuses_a_ticket_longer_than_the_context(tiny: TransformersGenerator) -> None:
    with pytest.raises(GenerationError, match="max_ticket_chars"):
        tiny.generate([write_prompt("word " * 1000, [])])


def test_refuses_to_write_more_than_the_context(tiny_llama: Path) -> None:
    with pytest.raises(ConfigError, match="max_new_tokens is 2,048"):
        _load(tiny_llama, max_new_tokens=2048)


@pytest.mark.parametrize("problem", [torch.OutOfMemoryError("full"), RuntimeError("broken")], ids=["memory", "other"])
def test_a_failure_while_writing_is_a_generation_error(
    tiny_llama: Path, prompts: list[Prompt], monkeypatch: pytest.MonkeyPatch, problem: Exception
) -> None:
    def fail(**_: Any) -> None:
        raise problem

    generator = _load(tiny_llama)
    monkeypatch.setattr(generator._model, "generate", fail)
    with pytest.raises(GenerationError, match="batch of 4"):
        generator.generate(prompts)


def _config(folder: Path, **settings: Any) -> Config:
    return Config(generator="transformers", model=str(folder), max_new_tokens=8, threads=2, **settings)


def test_opens_a_folder(tiny_llama: Path, prompts: list[Prompt]) -> None:
    assert TransformersGenerator.open(_config(tiny_llama)).generate(prompts[:1])[0].tokens > 0


def test_says_what_to_do_about_a_folder_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="support-agent models list"):
        TransformersGenerator.open(_config(tmp_path))


def test_a_model_too_large_for_the_memory_is_a_model_file_error(
    tiny_llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill_the_memory(*_: Any, **__: Any) -> None:
        raise torch.OutOfMemoryError("full")

    monkeypatch.setattr("support_agent.generation.hf_loading._check_memory", fill_the_memory)
    with pytest.raises(ModelFileError, match=r"does not fit into memory\. Choose a smaller model"):
        TransformersGenerator.open(_config(tiny_llama))


def test_says_why_the_hub_does_not_give_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(ModelFileError, match="not reachable"):
        TransformersGenerator.open(Config(generator="transformers", model="some-org/some-model"))


def test_refuses_truncated_weights(tiny_llama: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_llama, tmp_path / "cut")
    weights = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(weights[: len(weights) // 2])
    with pytest.raises(ModelFileError, match="cannot be loaded"):
        TransformersGenerator.open(_config(folder))


@pytest.fixture(scope="module")
def adapter(tiny_llama: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(1)
    model = AutoModelForCausalLM.from_pretrained(tiny_llama, dtype=torch.float32)
    settings = LoraConfig(target_modules=["q_proj", "v_proj"], r=4, init_lora_weights=False, task_type="CAUSAL_LM")
    folder = tmp_path_factory.mktemp("adapter")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing")  # PEFT's, see with_adapter
        get_peft_model(model, settings).save_pretrained(folder)
    return folder


def test_an_adapter_changes_what_is_written(tiny_llama: Path, adapter: Path, prompts: list[Prompt]) -> None:
    bare = TransformersGenerator.open(_config(tiny_llama))
    adapted = TransformersGenerator.open(_config(tiny_llama, adapter=str(adapter)))
    assert adapted.generate(prompts[:1])[0].sum_log_prob != bare.generate(prompts[:1])[0].sum_log_prob
    assert adapted.version != bare.version


def test_refuses_a_pickled_adapter(tiny_llama: Path, adapter: Path, tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_bytes((adapter / "adapter_config.json").read_bytes())
    (tmp_path / "adapter_model.bin").write_bytes(b"pickle")
    with pytest.raises(ModelFileError, match="pickle"):
        TransformersGenerator.open(_config(tiny_llama, adapter=str(tmp_path)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"hidden_size": 16, "head_dim": 8}, r"size mismatch for .*lora_A.*\[4, 32\].*\[4, 16\]"),
        ({"num_hidden_layers": 1}, r"the model has no layer model\.layers\.1\."),
    ],
    ids=["narrower", "fewer layers"],
)
def test_refuses_an_adapter_for_a_model_of_another_shape(
    tiny_llama: Path, adapter: Path, tmp_path: Path, change: dict[str, int], words: str
) -> None:
    from transformers import AutoConfig, AutoModelForCausalLM

    other = shutil.copytree(tiny_llama, tmp_path / "other")
    AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(tiny_llama, **change)).save_pretrained(other)
    with pytest.raises(ModelFileError, match=words):
        TransformersGenerator.open(_config(other, adapter=str(adapter)))


def test_refuses_a_truncated_adapter(tiny_llama: Path, adapter: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(adapter, tmp_path / "cut")
    (folder / "adapter_model.safetensors").write_bytes(b"cut")
    with pytest.raises(ModelFileError, match="with the adapter .*cut cannot be loaded"):
        TransformersGenerator.open(_config(tiny_llama, adapter=str(folder)))


def test_says_that_an_adapter_is_not_there(tiny_llama: Path) -> None:
    with pytest.raises(ConfigError, match="There is no adapter 'nowhere'"):
        TransformersGenerator.open(_config(tiny_llama, adapter="nowhere"))
