"""Prompts → drafts by any LangChain chat model: vLLM and other OpenAI-compatible servers, Ollama, hosted models.

Keys are read from the environment by LangChain's integrations and are never put into a message.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from support_agent.errors import ConfigError, GenerationError
from support_agent.generation.fitting import plain_messages
from support_agent.generation.prompt import STOP_STRINGS, Prompt
from support_agent.generation.stopping import Shown, before_stop
from support_agent.records import Draft

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage

    from support_agent.config import Config
    from support_agent.models import OnProgress

_RETRIES = 1
_CUT_OFF = {"length", "max_tokens", "MAX_TOKENS"}

# OpenAI-compatible servers give log-probabilities and take stop strings where asked; others refuse unknown arguments.
_OPENAI_SETTINGS = {"logprobs": True, "stop": list(STOP_STRINGS[:3])}


class ChatModelGenerator:
    """Drafts of a chat model behind LangChain, several at a time."""

    name = "chat_model"

    def __init__(self, model: BaseChatModel, *, label: str, batch_size: int = 1) -> None:
        """Take a chat model that is set up; ``label`` is its name and address, for messages to people."""
        self.version = label
        self._model = model
        self._batch_size = batch_size

    @classmethod
    def open(cls, config: Config, _: OnProgress | None = None) -> ChatModelGenerator:
        """Set up the chat model of the settings; nothing is sent yet.

        Raises:
            ConfigError: the model's integration package is missing, or the settings do not fit it.
        """
        from langchain.chat_models import init_chat_model

        settings = _settings(config)
        try:
            model = init_chat_model(config.model, **settings)
        except ImportError as problem:
            raise ConfigError(
                f"{config.model!r} needs a package that is not installed ({_clean(problem)}). "
                'Run `pip install ".[chat]"` in the folder you installed support_agent from; other providers have '
                "packages of their own."
            ) from problem
        except Exception as problem:  # each integration checks its settings with errors of its own
            raise ConfigError(
                f"The chat model {config.model!r} cannot be set up: {_clean(problem)}. Set model to PROVIDER:NAME, "
                "such as openai:gpt-4.1-mini or ollama:llama3.2, and the provider's key in the environment "
                "(a server without one takes OPENAI_API_KEY=none)."
            ) from problem
        # Without a user and password that may stand in it: the label is part of messages and replies.
        address = f" at {re.sub('//[^/@]*@', '//', config.base_url)}" if config.base_url else ""
        return cls(model, label=f"{config.model}{address}", batch_size=config.batch_size)

    def generate(self, prompts: Sequence[Prompt], on_text: Callable[[str], bool] | None = None) -> list[Draft]:
        """Write one draft for each prompt; see ``Generator``. One failure fails the call: the agent then asks each."""
        conversations: list[Any] = [_messages(prompt) for prompt in prompts]
        if on_text is not None:
            return [self._stream(conversations[0], on_text)]
        answers = self._model.batch(conversations, config={"max_concurrency": self._batch_size}, return_exceptions=True)
        for answer in answers:
            if isinstance(answer, Exception):
                raise self._failure(answer) from answer
        return [self._draft(answer) for answer in answers]

    def _stream(self, conversation: Any, on_text: Callable[[str], bool]) -> Draft:
        whole: Any = None
        shown = Shown(on_text)
        try:
            for chunk in self._model.stream(conversation):
                whole = chunk if whole is None else whole + chunk
                if shown.show(str(whole.text)):
                    return Draft(shown.text, self.name, "length", *_counts(whole))
        except Exception as problem:
            raise self._failure(problem) from problem
        if whole is None:
            raise GenerationError(f"{self.version} sent an empty stream. Try again.")
        draft = self._draft(whole)
        shown.finish(draft.text)
        return draft

    def _draft(self, answer: AIMessage) -> Draft:
        facts = answer.response_metadata
        reason = facts.get("finish_reason") or facts.get("stop_reason") or facts.get("done_reason")
        finish = "length" if reason in _CUT_OFF else "stop"
        return Draft(before_stop(str(answer.text)), self.name, finish, *_counts(answer))

    def _failure(self, problem: Exception) -> GenerationError:
        """What went wrong and what to do; kinds are told by name, as every integration has classes of its own."""
        status = getattr(problem, "status_code", None)
        kind = type(problem).__name__
        if status in {401, 403} or "Authentication" in kind or "PermissionDenied" in kind:
            return GenerationError(
                f"{self.version} refused the key (HTTP {status}). Set the provider's key in the environment, such as "
                "OPENAI_API_KEY."
            )
        if status == 429:
            return GenerationError(f"{self.version} refused: too many requests (HTTP 429). Lower batch_size or wait.")
        if "Timeout" in kind:
            return GenerationError(f"{self.version} did not answer in time. Raise timeout_s, or see if it is busy.")
        if "Connect" in kind:
            return GenerationError(f"{self.version} cannot be reached. Check base_url and that the server is running.")
        return GenerationError(f"{self.version} failed: {_clean(problem)}. See the server's own log.")


def _settings(config: Config) -> dict[str, Any]:
    settings: dict[str, Any] = {"temperature": 0, "max_tokens": config.max_new_tokens}
    if config.base_url:
        settings["base_url"] = config.base_url
    if config.model.startswith("ollama:"):
        settings["num_predict"] = settings.pop("max_tokens")
        return {**settings, "client_kwargs": {"timeout": config.timeout_s}}
    settings |= {"timeout": config.timeout_s, "max_retries": _RETRIES}
    return {**settings, **_OPENAI_SETTINGS} if config.model.startswith("openai:") else settings


def _messages(prompt: Prompt) -> list[Any]:
    from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

    kinds = {"system": SystemMessage, "user": HumanMessage, "assistant": AIMessage}
    return [kinds[message["role"]](message["content"]) for message in plain_messages(prompt)]


def _counts(answer: AIMessage) -> tuple[int, float | None, float | None]:
    """Tokens written, their summed log-probability and the least of them, as far as the server says."""
    listed = (answer.response_metadata.get("logprobs") or {}).get("content") or []
    log_probs = [entry["logprob"] for entry in listed]
    usage = answer.usage_metadata
    tokens = len(log_probs) or (usage["output_tokens"] if usage else 0)
    return tokens, math.fsum(log_probs) if log_probs else None, min(log_probs, default=None)


def _clean(problem: Exception) -> str:
    """The problem's first line, without anything that looks like a key."""
    lines = str(problem).strip().splitlines()
    line = lines[0][:300] if lines else type(problem).__name__
    return re.sub(r"\b(?:sk|hf|key|gsk|xai)[-_][\w*-]{6,}|(?<=Bearer )\S+", "[key]", line).rstrip(".")
