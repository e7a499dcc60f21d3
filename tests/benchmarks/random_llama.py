"""Llama-2-7B's shape with random weights in NF4, and random examples and prompts for it; nothing is downloaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ANSWER_SHARE = 0.25


def llama2_7b(changes: Mapping[str, int]) -> Any:
    """The configuration: that of finetune's list of candidates, with some keys changed."""
    from transformers import LlamaConfig

    from finetune.candidates import candidates as known_models

    known = next(one.config for one in known_models() if one.name == "Llama-2-7B")
    return LlamaConfig(**{**known, **changes}, dtype="bfloat16", rms_norm_eps=1e-5, attn_implementation="sdpa")


def random_model(changes: Mapping[str, int]) -> Any:
    """The model with random weights in NF4, built as ``from_pretrained`` builds it, matrix by matrix.

    Embedding, head and norms stay in bf16, as with a loaded model.
    """
    import torch
    from bitsandbytes.nn import Params4bit
    from transformers import BitsAndBytesConfig
    from transformers.quantizers import AutoHfQuantizer

    from finetune.size import empty_model

    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(0)
    settings = llama2_7b(changes)
    model = empty_model(settings).to(torch.bfloat16)
    quantizer = AutoHfQuantizer.from_config(
        BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16,
        ),
        pre_quantized=False,
    )
    quantizer.preprocess_model(model=model, device_map={"": device})
    for module in model.modules():
        for name, empty in list(module.named_parameters(recurse=False)):
            shape, four_bit = empty.shape, isinstance(empty, Params4bit)
            value = torch.empty(shape, dtype=torch.bfloat16, device=device)
            value = value.fill_(1.0) if len(shape) == 1 else value.normal_(std=0.02)
            if four_bit:
                # What transformers does with a matrix that it has read; ``to`` quantises it.
                filled = Params4bit(value, requires_grad=False, **empty.__dict__).to(device)
            else:
                filled = torch.nn.Parameter(value, requires_grad=False)
            setattr(module, name, filled)
    # Its table is computed and not loaded, so that the empty model's has no values.
    model.model.rotary_emb = type(model.model.rotary_emb)(settings).to(device)
    quantizer.postprocess_model(model)
    model.hf_quantizer = quantizer
    return model


def random_examples(count: int, tokens: int, vocabulary: int) -> list[Any]:
    """Examples of exactly ``tokens`` random tokens, the last quarter of them the answer."""
    import torch

    from finetune.encoding import Encoded

    draw = torch.Generator().manual_seed(0)
    ids = torch.randint(vocabulary, (count, tokens), generator=draw).tolist()
    return [
        Encoded(row_id=str(number), input_ids=row, answer_tokens=round(tokens * ANSWER_SHARE))
        for number, row in enumerate(ids)
    ]


def prompt_of(tokens: int, tokenizer: Any) -> Any:
    """A prompt that is ``tokens`` long once the template is around it; the tokenizer gives one token a letter."""
    from support_agent.generation.prompt import Message, Prompt

    around = tokenizer.apply_chat_template([{"role": "user", "content": ""}], add_generation_prompt=True)
    text = "a" * (tokens - len(around["input_ids"]))
    return Prompt((Message("user", text),), (), text)
