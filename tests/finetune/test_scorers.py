from pathlib import Path
from typing import Any

import pytest
import torch

from finetune.arc import Question
from finetune.bases import quiet_peft
from finetune.scorers import causal_scorer, masked_scorer, open_scorer
from support_agent.errors import ConfigError, ModelFileError

QUESTION = Question(query="Question: ab?", choices=("b", "abba", "ba ab"), gold=1)


def _letters(tokenizer: Any) -> Any:
    """A tokenizer of single letters, with the marks that BERT needs."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    signs = ["[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxyzQA:? \n"]
    vocabulary = {letter: at for at, letter in enumerate(signs)}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    if tokenizer == "bert":
        made.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
        )
    marks = {"unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]"}
    return PreTrainedTokenizerFast(tokenizer_object=made, **marks)


_SMALL = {
    "vocab_size": 36,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
}


def _llama(**settings: Any) -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    return LlamaForCausalLM(LlamaConfig(**_SMALL, initializer_range=0.4, num_key_value_heads=2, **settings)).eval()


def _bert() -> Any:
    from transformers import BertConfig, BertForMaskedLM

    torch.manual_seed(0)
    return BertForMaskedLM(BertConfig(**_SMALL, initializer_range=0.4)).eval()


def _log_prob(model: Any, tokenizer: Any, context: str, choice: str) -> float:
    """By a plain forward pass over the whole text."""
    start = len(tokenizer(context).input_ids)
    ids = torch.tensor([tokenizer(f"{context} {choice}").input_ids])
    with torch.inference_mode():
        log_probs = model(ids).logits[0].log_softmax(-1)
    return sum(float(log_probs[at - 1, ids[0, at]]) for at in range(start, ids.shape[1]))


def _pseudo_log_prob(model: Any, tokenizer: Any, context: str, choice: str) -> float:
    """One forward pass for each hidden letter."""
    ids = tokenizer(f"{context} {choice}").input_ids
    total = 0.0
    for at in range(len(tokenizer(context).input_ids) - 1, len(ids) - 1):
        hidden = torch.tensor([[*ids[:at], tokenizer.mask_token_id, *ids[at + 1 :]]])
        with torch.inference_mode():
            total += float(model(hidden).logits[0, at].log_softmax(-1)[ids[at]])
    return total


def test_log_likelihoods_are_those_of_plain_forward_passes() -> None:
    model, tokenizer = _llama(), _letters("llama")
    expected = [_log_prob(model, tokenizer, "Question: ab?\nAnswer:", choice) for choice in QUESTION.choices]
    assert causal_scorer(model, tokenizer).score(QUESTION) == pytest.approx(expected, abs=1e-4)


def test_pseudo_log_likelihoods_are_those_of_one_hidden_letter_at_a_time() -> None:
    model, tokenizer = _bert(), _letters("bert")
    expected = [_pseudo_log_prob(model, tokenizer, "Question: ab?\nAnswer:", choice) for choice in QUESTION.choices]
    assert masked_scorer(model, tokenizer).score(QUESTION) == pytest.approx(expected, abs=1e-4)


def test_a_question_longer_than_the_context_is_refused() -> None:
    scorer = causal_scorer(_llama(max_position_embeddings=16), _letters("llama"))
    with pytest.raises(ConfigError, match="the model reads 16"):
        scorer.score(QUESTION)


@pytest.mark.parametrize(("kind", "method"), [("llama", "log-likelihood"), ("bert", "pseudo-log-likelihood")])
def test_opens_a_folder_with_the_scorer_that_fits_it(tmp_path: Path, kind: str, method: str) -> None:
    model = _llama() if kind == "llama" else _bert()
    model.save_pretrained(tmp_path)
    _letters(kind).save_pretrained(tmp_path)
    opened = open_scorer(str(tmp_path), None, offline=True)
    assert opened.method == method
    assert len(opened.score(QUESTION)) == 3


def test_says_that_a_folder_holds_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="support-agent models list"):
        open_scorer(str(tmp_path), None, offline=True)


def test_an_adapter_changes_the_scores(tmp_path: Path) -> None:
    from peft import LoraConfig, get_peft_model

    _llama().save_pretrained(tmp_path / "base")
    _letters("llama").save_pretrained(tmp_path / "base")
    with quiet_peft():
        settings = LoraConfig(target_modules=["q_proj"], init_lora_weights=False)
        get_peft_model(_llama(), settings).save_pretrained(tmp_path / "adapter")
    bare, adapted = (
        open_scorer(str(tmp_path / "base"), adapter, offline=True).score(QUESTION)
        for adapter in (None, tmp_path / "adapter")
    )
    assert bare != adapted


def test_a_hub_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(
        ModelFileError,
        match="some-org/some-bert has no configuration that can be read",
    ):
        open_scorer("some-org/some-bert", None, offline=False)
