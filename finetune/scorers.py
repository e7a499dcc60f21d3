"""Two ways of asking a multiple-choice question: log-likelihood, and pseudo-log-likelihood for BERT.

Scores as EleutherAI's lm-eval 0.4.13 does: on 40 ARC-Challenge questions and SmolLM2 in fp32 no log-likelihood differs
by more than 3e-5. We do not use it: it brings 28 packages (161 MB) and cannot score a masked model by
pseudo-log-likelihood.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune.arc import Question, Scorer
from finetune.size import config_at, is_masked
from support_agent.errors import ConfigError

if TYPE_CHECKING:
    import torch

    from support_agent.models import OnProgress


def open_scorer(model: str, adapter: Path | None, *, offline: bool, on_progress: OnProgress | None = None) -> Scorer:
    """Load a model (registry name, folder, GGUF file or hub name) and choose the way of asking that fits it.

    Raises:
        ConfigError, ModelFileError: there is no such model, or it cannot be loaded.
    """
    from support_agent.generation.hf_loading import load_model, model_place

    place = model_place(model, offline=offline, on_progress=on_progress)
    if adapter or not is_masked(config_at(place, offline=offline)):
        return causal_scorer(*load_model(place, adapter, offline=offline))
    return masked_scorer(
        *load_model(place, None, offline=offline, precision={"dtype": "auto"}, kind="AutoModelForMaskedLM")
    )


def causal_scorer(model: Any, tokenizer: Any) -> Scorer:
    """Summed log-probability of each choice after the question, by a causal language model.

    All choices go through in one batch. No cache of the question is carried from one to the next: it saves 40 % of the
    time at most.
    """
    model.eval()

    def score(question: Question) -> list[float]:
        import torch

        start, choices = _encode(tokenizer, question)
        longest = max(map(len, choices))
        _check_length(model, len(start) + longest, question)
        # Padded on the right, where causal attention lets no real token see it.
        rows = [start + tokens + [0] * (longest - len(tokens)) for tokens in choices]
        with torch.inference_mode():
            logits = model(torch.tensor(rows, device=model.device), use_cache=False).logits
        first = len(start) - 1
        return [
            _sum_log_prob(row[first : first + len(tokens)], tokens) for row, tokens in zip(logits, choices, strict=True)
        ]

    return Scorer(score, "log-likelihood", _precision(model))


def masked_scorer(model: Any, tokenizer: Any) -> Scorer:
    """Pseudo-log-likelihood of each choice: every token of it is hidden in turn (Salazar et al. 2020, eq. 1)."""
    model.eval()

    def score_choice(start: list[int], tokens: list[int]) -> float:
        import torch

        rows = torch.tensor([*start, *tokens, tokenizer.sep_token_id]).repeat(len(tokens), 1)
        which = torch.arange(len(tokens))
        rows[which, len(start) + which] = tokenizer.mask_token_id
        with torch.inference_mode():
            logits = model(rows.to(model.device)).logits
        return _sum_log_prob(logits[which, len(start) + which], tokens)

    def score(question: Question) -> list[float]:
        start, choices = _encode(tokenizer, question)
        _check_length(model, len(start) + max(map(len, choices)) + 1, question)
        return [score_choice(start, tokens) for tokens in choices]

    return Scorer(score, "pseudo-log-likelihood", _precision(model))


def _encode(tokenizer: Any, question: Question) -> tuple[list[int], list[list[int]]]:
    """Tokens of the question, and of each choice after it; cut where lm-eval cuts (its ``_encode_pair``)."""
    context = f"{question.query}\nAnswer:"
    ends = {tokenizer.sep_token_id, tokenizer.eos_token_id}
    start, *wholes = (
        ids[:-1] if ids and ids[-1] in ends else ids
        for ids in (tokenizer(context + choice).input_ids for choice in ("", *(f" {one}" for one in question.choices)))
    )
    return start, [whole[len(start) :] for whole in wholes]


def _sum_log_prob(logits: torch.Tensor, tokens: list[int]) -> float:
    import torch

    wanted = torch.tensor(tokens, device=logits.device)[:, None]
    return float(logits.float().log_softmax(-1).gather(-1, wanted).sum())


def _check_length(model: Any, tokens: int, question: Question) -> None:
    limit = getattr(model.config, "max_position_embeddings", None)
    if limit and tokens > limit:
        raise ConfigError(
            f"A question has {tokens} tokens, the model reads {limit}: {question.query[:60]!r}… "
            "Leave it out of the file, or take another model."
        )


def _precision(model: Any) -> str:
    return "nf4" if getattr(model, "is_loaded_in_4bit", False) else str(model.dtype).removeprefix("torch.")
