"""Hidden states → the cross-entropy of the answer's tokens, without ever holding all logits.

Only positions that carry a label are multiplied with the output matrix, a few at a time, and each piece is computed
again in the backward pass: SmolLM2's logits for 16 examples of 512 tokens would take 1.6 GB in fp32, a piece of 256
takes 50 MB.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from finetune.encoding import IGNORED

if TYPE_CHECKING:
    import torch

# Settings by which some models (Gemma, Granite, Cohere, Falcon-H1) change their logits after the output matrix: those
# compute their loss themselves.
_LOGIT_CHANGES = ("final_logit_softcapping", "logits_scaling", "logit_scale", "lm_head_multiplier")


def can_chunk(model: Any) -> bool:
    """Whether the model's logits are just its output matrix times its last hidden states."""
    settings = (model.config, model.config.get_text_config())
    return model.get_output_embeddings() is not None and not any(
        getattr(one, name, None) for one in settings for name in _LOGIT_CHANGES
    )


def answer_loss(model: Any, input_ids: torch.Tensor, labels: torch.Tensor, chunk_tokens: int) -> torch.Tensor:
    """Summed negative log-likelihood of the labelled tokens.

    Args:
        model: a causal language model of transformers (without PEFT's wrapper; LoRA layers inside are fine).
        input_ids: shape (batch, tokens), padded on the right. No attention mask is needed: attention is causal, so that
            no real token sees the padding after it.
        labels: same shape, ``IGNORED`` where a token carries no loss.
        chunk_tokens: how many positions are multiplied with the output matrix at once.
    """
    import torch
    from torch.utils.checkpoint import checkpoint

    hidden = model.base_model(input_ids=input_ids, use_cache=False).last_hidden_state[:, :-1]
    targets = labels[:, 1:]
    kept = targets != IGNORED
    total = torch.zeros((), dtype=torch.float32, device=hidden.device)
    pieces = zip(torch.split(hidden[kept], chunk_tokens), torch.split(targets[kept], chunk_tokens), strict=True)
    for states, wanted in pieces:
        total = total + checkpoint(_piece_loss, model.get_output_embeddings(), states, wanted, use_reentrant=False)
    return total


def _piece_loss(head: Any, states: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    import torch.nn.functional as F  # noqa: N812 - torch's own name for it

    return F.cross_entropy(head(states).float(), wanted, reduction="sum")
