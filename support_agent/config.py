"""Every setting, where it may come from, and which one wins.

Keyword overrides win over environment variables (``SUPPORT_AGENT_…``), those over one TOML file, that over a profile
(a named set of settings), that over the defaults. Unknown keys are errors. Secrets (HF_TOKEN, OPENAI_API_KEY, …) are
never settings: the libraries that need one read it from the environment.
"""

from __future__ import annotations

import difflib
import json
import os
import shlex
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

from support_agent.errors import ConfigError

FILE_NAME = "support_agent.toml"
ENV_PREFIX = "SUPPORT_AGENT_"
AUTO = "auto"
# Places that the environment names and that are no settings: folders, and the file that holds the settings.
_PLACES = {"adapters", "cache", "calibrations", "config", "indexes", "models"}
# The settings that say which promise is meant, each an option of every command that opens an agent.
_TOLD = ("index", "generator", "model", "adapter")
# Sets of settings that belong together; any of the sources may name one as ``profile``.
PROFILES: dict[str, dict[str, Any]] = {
    "tiny": {"generator": "openvino", "model": "smollm2-135m-instruct"},
    "standard": {"generator": "openvino", "model": "qwen2.5-coder-0.5b-instruct"},
    "llama2-7b": {"generator": "transformers", "model": "llama-2-7b", "adapter": "llama-2-7b-lamini-docs"},
}


class Config(BaseModel):
    """All settings. ``support-agent config show`` prints each with its value and where it came from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    index: str = Field("lamini_docs", description="Name of a shipped or own index, or the path of an index folder.")
    generator: str = Field(
        "auto",
        description="What writes the drafts; packages may register more. auto is openvino where a model or an "
        "adapter is named, and extractive, the best passage's own words, elsewhere.",
    )
    model: str = Field(
        "smollm2-135m-instruct",
        description="Registry name, folder or hub name of the generator's model; for chat_model what LangChain's "
        "init_chat_model takes, such as openai:gpt-4.1-mini or ollama:llama3.2.",
    )
    adapter: str = Field(
        "auto",
        description="Name or folder of a LoRA adapter (generators openvino and transformers); auto is the shipped one "
        "made for this model and this index, else for this model and any index, and none is none. `support-agent "
        "adapters list` shows the names.",
    )
    base_url: str | None = Field(None, description="Address of an OpenAI-compatible server (generator chat_model).")
    passages: int = Field(3, ge=1, le=20, description="How many passages the generator is shown.")
    max_new_tokens: int = Field(200, ge=8, le=4096, description="Longest draft, in tokens.")
    batch_size: int = Field(16, ge=1, le=1024, description="How many tickets are generated together.")
    timeout_s: float = Field(60.0, gt=0, description="Longest wait for one draft of a remote model, in seconds.")
    threads: int = Field(0, ge=0, description="CPU threads for embedding and generation; 0 leaves it to the engine.")
    languages: tuple[str, ...] = Field(("en",), description="ISO 639-1 codes of the languages that are answered.")
    max_ticket_chars: int = Field(8000, ge=100, le=100_000, description="A longer ticket goes to a human.")
    calibration: str = Field(
        "auto",
        min_length=1,
        description="A calibration.json; auto finds the promise made for these parts, and without one every ticket "
        "goes to a human with a suggestion; none answers without a promise.",
    )
    min_retrieval_score: float | None = Field(
        None,
        ge=-1,
        le=1,
        description='Only with calibration = "none": below this cosine a ticket goes to a human; where it is not set, '
        "the index's own scale says what is far.",
    )
    texts: str | None = Field(
        None,
        min_length=1,
        description="Folder of your own customer texts; texts/ beside the settings file, where there is one.",
    )
    reply_time: str = Field(
        "",
        description='When a person replies, in words of the first of the languages, such as "within one working day": '
        "told to whoever is handed over. Other languages are told where your own texts say so (notice.reply_time).",
    )
    offline: bool = Field(False, description="Never fetch a model file; say what is missing instead.")

    # What a command line must say again to mean these settings; see ``load_config``.
    _options: tuple[str, ...] = PrivateAttr(())

    def command(self, words: str) -> str:
        """A command for a hint, such as "renew", with the options that these settings were asked for with."""
        return f"support-agent {words} {shlex.join(self._options)}".rstrip()

    @model_validator(mode="before")
    @classmethod
    def _choose_generator(cls, given: Any) -> Any:
        """What ``auto`` means: the best passage's own words serve customers best, unless a model is named.

        Of 52 questions whose right passage was shown, and of which the best small model's draft was carried, two
        readers called 79 % of the passages' own words right and 46 % of the drafts (tests/benchmarks/README.md, "Who
        writes").
        """
        if not isinstance(given, dict) or given.get("generator", AUTO) != AUTO:
            return given
        named = "model" in given or given.get("adapter", AUTO) not in (AUTO, "none")
        return {**given, "generator": "openvino" if named else "extractive"}

    @field_validator("generator")
    @classmethod
    def _is_known(cls, name: str) -> str:
        from support_agent.generation.backends import generator_names

        names = generator_names()
        if name not in names:
            raise PydanticCustomError("unknown", "it should be one of {names}", {"names": ", ".join(names)})
        return name


# The folder beside the settings file that is taken without being named.
_TEXTS_FOLDER = "texts"


@dataclass(frozen=True)
class LoadedConfig:
    """A configuration and, for each setting that is not the default, the name of the source it came from.

    ``chosen`` says that the generator is what ``auto`` has become.
    """

    config: Config
    sources: dict[str, str]
    chosen: bool = False


def load_config(path: str | Path | None = None, *, profile: str | None = None, **overrides: Any) -> LoadedConfig:
    """Merge defaults, a profile, one TOML file, the environment and ``overrides``, the later winning.

    Args:
        path: a TOML file; without one ``$SUPPORT_AGENT_CONFIG``, then ``support_agent.toml`` in the working folder.
        profile: a name in ``PROFILES``; without one ``$SUPPORT_AGENT_PROFILE``, then ``profile`` in the file.
        overrides: settings by name; None means "not given".

    Raises:
        ConfigError: the file cannot be read, a key is unknown, or a value does not fit.
    """
    file = _find_file(path)
    layers: list[tuple[str, dict[str, Any]]] = [
        (f"beside {file}", _find_texts(file) if file else {}),
        (str(file), _read_toml(file) if file else {}),
        ("environment", _read_environment()),
        ("override", {"profile": profile, **overrides}),
    ]
    options = _as_options(path, profile, overrides)
    layers = [(name, {key: value for key, value in layer.items() if value is not None}) for name, layer in layers]
    layers = [*_take_profile(layers), *layers]
    merged: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for name, layer in layers:
        merged.update(layer)
        sources.update(dict.fromkeys(layer, name))
    try:
        config = Config(**merged)
    except ValidationError as problem:
        raise ConfigError(_explain(problem, sources)) from problem
    config._options = options
    return LoadedConfig(config, sources, merged.get("generator", AUTO) == AUTO)


def _as_options(path: str | Path | None, profile: str | None, overrides: Mapping[str, Any]) -> tuple[str, ...]:
    """Options of the command line that say the same as these arguments, those on which a promise hangs."""
    told = {"config": path, "profile": profile, **{name: overrides.get(name) for name in _TOLD}}
    return tuple(word for name, value in told.items() if value is not None for word in (f"--{name}", str(value)))


def _take_profile(layers: list[tuple[str, dict[str, Any]]]) -> list[tuple[str, dict[str, Any]]]:
    """The layer of the profile that the last of ``layers`` to name one names; the name itself is taken out of them."""
    named = [(place, layer.pop("profile")) for place, layer in layers if "profile" in layer]
    if not named:
        return []
    place, profile = named[-1]
    if not isinstance(profile, str) or profile not in PROFILES:
        raise ConfigError(f"There is no profile {profile!r} (from {place}); there are: {', '.join(PROFILES)}.")
    return [(f"profile {profile}", PROFILES[profile])]


def _read_environment() -> dict[str, Any]:
    given = {
        name.removeprefix(ENV_PREFIX).lower(): value
        for name, value in os.environ.items()
        if name.startswith(ENV_PREFIX)
    }
    if unknown := [name for name in given if name not in {*Config.model_fields, *_PLACES, "profile"}]:
        variable = f"{ENV_PREFIX}{unknown[0].upper()}"
        raise ConfigError(f"There is no setting for the environment variable {variable}. {_hint(unknown[0])}")
    settings: dict[str, Any] = {name: value for name, value in given.items() if name in Config.model_fields}
    settings["profile"] = given.get("profile") or None
    try:
        return {**settings, "languages": json.loads(given.get("languages", "null"))}
    except ValueError as problem:
        raise ConfigError(
            f'The environment variable {ENV_PREFIX}LANGUAGES must be a JSON list, such as \'["en", "de"]\'.'
        ) from problem


def _find_file(path: str | Path | None) -> Path | None:
    named = path or os.environ.get(f"{ENV_PREFIX}CONFIG")
    if named:
        if not Path(named).is_file():
            raise ConfigError(f"The configuration file {named} is not there. Name another, or leave it out.")
        return Path(named)
    here = Path(FILE_NAME)
    return here if here.is_file() else None


def _find_texts(file: Path) -> dict[str, Any]:
    folder = file.absolute().parent / _TEXTS_FOLDER
    return {"texts": str(folder)} if folder.is_dir() else {}


def _read_toml(file: Path) -> dict[str, Any]:
    """The file's settings; a relative folder of texts is relative to the file, wherever the command is run."""
    try:
        settings = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as problem:
        raise ConfigError(f"{file} is not a readable TOML file: {problem}. Mend it at that place.") from problem
    if isinstance(texts := settings.get("texts"), str) and texts:
        settings["texts"] = str(file.absolute().parent / texts)
    return settings


def _explain(problem: ValidationError, sources: dict[str, str]) -> str:
    """One sentence for the first thing wrong, with the setting, the value and its source."""
    first = problem.errors()[0]
    key = str(first["loc"][0]) if first["loc"] else "?"
    place = sources.get(key, "the defaults")
    if first["type"] == "extra_forbidden":
        return f"There is no setting {key!r} (from {place}). {_hint(key)}"
    return f"The setting {key!r} (from {place}) does not fit: {first['msg']}, not {first['input']!r}."


def _hint(key: str) -> str:
    close = difflib.get_close_matches(key.removeprefix(ENV_PREFIX).lower(), Config.model_fields, n=1)
    return f"Did you mean {close[0]!r}?" if close else "`support-agent config show` lists them all."
