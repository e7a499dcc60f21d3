"""Three ways of asking a multiple-choice question: log-likelihood, pseudo-log-likelihood (BERT), a letter (chat).

Scores as EleutherAI's lm-eval 0.4.13 does: on 40 ARC-Challenge questions and SmolLM2 in fp32 no log-likelihood differs
by more than 3e-5. We do not use it: it brings 28 packages (161 MB) and cannot score a masked model by
pseudo-log-likelihood.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune.arc import LETTERS, Question, Scorer
from finetune.size import config_at, is_masked
from support_agent.errors import ConfigError, ModelFileError

if TYPE_CHECKING:
    import torch

    from support_agent.generation.generator import Generator
    from support_agent.generation.prompt import Prompt
    from support_agent.models import OnProgress


LETTER_TOKENS = 16  # room for "The answer is B."


def open_scorer(model: str, adapter: Path | None, *, offline: bool, on_progress: OnProgress | None = None) -> Scorer:
    """Load a model (registry name, folder, GGUF file or hub name) and choose the way of asking that fits it.

    Raises:
        ConfigError, ModelFileError: there is no such model, or it cannot be loaded.
    """
    from safetensors import SafetensorError

    from support_agent.generation.hf_loading import first_line, load_model, model_place

    place = model_place(model, offline=offline, on_progress=on_progress)
    try:
        if not adapter and is_masked(config_at(place, offline=offline)):
            return MaskedScorer(*_load_masked(place, offline=offline))
        return CausalScorer(*load_model(place, adapter, offline=offline))
    except (OSError, ValueError, RuntimeError, SafetensorError) as problem:
        raise ModelFileError(
            f"{model} cannot be loaded ({first_line(problem)}). Name a model that `support-agent models list` shows, a "
            "folder with a language model, or a hub name."
        ) from problem


def _load_masked(place: Path | str, *, offline: bool) -> tuple[Any, Any]:
    from transformers import AutoModelForMaskedLM, AutoTokenizer

    from support_agent.generation.hf_loading import access

    model = AutoModelForMaskedLM.from_pretrained(place, use_safetensors=True, **access(offline=offline))
    return model, AutoTokenizer.from_pretrained(place, **access(offline=offline))


def open_chat_scorer(model: str, base_url: str | None) -> Scorer:
    """A hosted model, named as LangChain's ``init_chat_model`` takes it."""
    from support_agent.config import load_config
    from support_agent.generation.chat_model import ChatModelGenerator

    loaded = load_config(generator="chat_model", model=model, base_url=base_url, max_new_tokens=LETTER_TOKENS)
    return LetterScorer(ChatModelGenerator.open(loaded.config))


class CausalScorer:
    """Summed log-probability of each choice after the question, all choices in one batch.

    No cache of the question is carried from one choice to the next: the name of that argument has changed within
    transformers 5, and it saves 40 % of the time at most.
    """

    method = "log-likelihood"
    normalises = True

    def __init__(self, model: Any, tokenizer: Any) -> None:
        """Take a causal language model and its tokenizer, both loaded."""
        self._model, self._tokenizer = model.eval(), tokenizer
        self.precision = _precision(model)

    def score(self, question: Question) -> list[float]:
        """One summed log-probability for each choice."""
        import torch

        start, choices = _encode(self._tokenizer, question)
        longest = max(map(len, choices))
        _check_length(self._model, len(start) + longest, question)
        # Padded on the right, where causal attention lets no real token see it.
        rows = [start + tokens + [0] * (longest - len(tokens)) for tokens in choices]
        with torch.inference_mode():
            logits = self._model(torch.tensor(rows, device=self._model.device), use_cache=False).logits
        first = len(start) - 1
        return [
            _sum_log_prob(row[first : first + len(tokens)], tokens) for row, tokens in zip(logits, choices, strict=True)
        ]


class MaskedScorer:
    """Pseudo-log-likelihood of each choice: every token of it is hidden in turn (Salazar et al. 2020, eq. 1)."""

    method = "pseudo-log-likelihood"
    normalises = True

    def __init__(self, model: Any, tokenizer: Any) -> None:
        """Take a masked language model and its tokenizer, both loaded."""
        self._model, self._tokenizer = model.eval(), tokenizer
        self.precision = _precision(model)

    def score(self, question: Question) -> list[float]:
        """One sum of log-probabilities for each choice."""
        start, choices = _encode(self._tokenizer, question)
        _check_length(self._model, len(start) + max(map(len, choices)) + 1, question)
        return [self._score_choice(start, tokens) for tokens in choices]

    def _score_choice(self, start: list[int], tokens: list[int]) -> float:
        import torch

        rows = torch.tensor([*start, *tokens, self._tokenizer.sep_token_id]).repeat(len(tokens), 1)
        which = torch.arange(len(tokens))
        rows[which, len(start) + which] = self._tokenizer.mask_token_id
        with torch.inference_mode():
            logits = self._model(rows.to(self._model.device)).logits
        return _sum_log_prob(logits[which, len(start) + which], tokens)


class LetterScorer:
    """Asks a chat model for the letter of the right choice; not comparable with log-likelihoods."""

    method = "generative, not comparable"
    normalises = False
    precision = "as served"

    def __init__(self, generator: Generator) -> None:
        """Take a generator, such as ``ChatModelGenerator``."""
        self._generator = generator

    def score(self, question: Question) -> list[float]:
        """1 for the choice whose letter was named and 0 for the others; nothing where none was."""
        named = named_letter(self._generator.generate([letter_prompt(question)])[0].text, len(question.choices))
        return [] if named is None else [float(at == named) for at in range(len(question.choices))]


def letter_prompt(question: Question) -> Prompt:
    """The one user message a chat model is asked with."""
    from support_agent.generation.prompt import Message, Prompt

    listed = "\n".join(f"{letter}. {choice}" for letter, choice in zip(LETTERS, question.choices, strict=False))
    text = f"{question.query}\n\n{listed}\n\nAnswer with the letter of the right choice only."
    return Prompt((Message("user", text),), (), question.query)


def named_letter(text: str, choices: int) -> int | None:
    """The choice that a chat model's answer names: the first capital that stands alone and is no article, or None."""
    allowed = LETTERS[:choices]
    found = re.search(rf"(?<![\w'])(?!A\s(?!is\b)[a-z])([{allowed}])(?![\w'])", text)
    return allowed.index(found.group(1)) if found else None


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
