"""Which folder an adapter's name means, and whether that adapter may be used with this base and this prompt.

A path wins over the user's own adapters, those over the shipped ones, those over the registry's.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support_agent.artefacts import MANIFEST, read_manifest
from support_agent.errors import ConfigError, ModelFileError
from support_agent.generation.backends import find_backend
from support_agent.generation.find_model import base_fingerprint
from support_agent.generation.prompt import prompt_version
from support_agent.models import NO_PICKLE, HubMirror, ensure, model_folder, origin, registry
from support_agent.shelves import ADAPTERS, expand_user

if TYPE_CHECKING:
    from support_agent.config import Config
    from support_agent.models import OnProgress

logger = logging.getLogger(__name__)

KIND = "support-agent adapter"
FORMAT = 1
CONFIG_FILE = "adapter_config.json"
WEIGHTS_FILE = "adapter_model.safetensors"
_PICKLE_FILE = "adapter_model.bin"
_MEND = "Make or fetch the adapter again, or choose another."


@dataclass(frozen=True)
class Adapter:
    """What an adapter's own files say of it; "" where they do not say."""

    name: str
    folder: Path
    place: str  # shipped, own, registry or folder
    base: str
    base_fingerprint: str
    prompt_version: str
    mode: str
    made: str
    index: str

    @property
    def prompt_fits(self) -> bool | None:
        """Whether it was trained with today's prompt; None where that is not known."""
        return self.prompt_version == prompt_version() if self.prompt_version else None


def list_adapters() -> list[Adapter]:
    """Every adapter that can be used by name without fetching anything, sorted by name; no hash is checked."""
    here = {name: model_folder(name) for name in _registry_names() if origin(name)} | ADAPTERS.known()
    found = []
    for _, folder in sorted(here.items()):
        try:
            found.append(read_adapter(folder))
        except ModelFileError as problem:  # one that is broken must not hide the others
            logger.warning("%s", problem)
    return found


def find_adapter(name: str, *, offline: bool, on_progress: OnProgress | None = None) -> Path:
    """The folder of an adapter whose weights are safetensors; one of the registry is fetched if it is not here.

    Raises:
        ConfigError: there is no such adapter; the message lists those that there are.
        ModelFileError: its files are missing, or its weights are a pickle.
    """
    folder = _find_folder(name, offline=offline, on_progress=on_progress)
    if (folder / WEIGHTS_FILE).is_file():
        return folder
    if (folder / _PICKLE_FILE).is_file():
        raise ModelFileError(f"{folder} has {_PICKLE_FILE} and no {WEIGHTS_FILE}: {NO_PICKLE}.")
    raise ModelFileError(f"{folder} has no {WEIGHTS_FILE}: it is not whole. {_MEND}")


def _find_folder(name: str, *, offline: bool, on_progress: OnProgress | None) -> Path:
    path = expand_user(name or "-", "adapter")  # "" would be the working folder
    if (path / CONFIG_FILE).is_file():
        return path
    standing = ADAPTERS.known()
    if name in standing:
        return standing[name]
    if name in _registry_names():
        return ensure(name, offline=offline, on_progress=on_progress)
    listed = ", ".join(sorted({*standing, *_registry_names()}))
    raise ConfigError(
        f"There is no adapter {name!r}: it is neither a folder with an {CONFIG_FILE} nor one of these names: {listed}."
    )


def adapter_name(config: Config) -> str | None:
    """The adapter that the settings mean; None for none.

    ``adapter = "auto"`` is the shipped adapter made for exactly this model and index, else the one that has learned to
    write from passages of any kind, else none: one made for another index writes what it has learned there.
    """
    if config.adapter == "none" or not find_backend(config.generator).takes_adapter:
        return None
    if config.adapter != "auto":
        return config.adapter
    return shipped_for(config.model, Path(config.index).name)


def choose_adapter(config: Config, *, on_progress: OnProgress | None = None) -> Path | None:
    """The folder of the adapter that the settings mean, checked against their model.

    Raises:
        ConfigError, ModelFileError: see ``find_adapter`` and ``check_adapter``.
    """
    name = adapter_name(config)
    if name is None:
        return None
    folder = find_adapter(name, offline=config.offline, on_progress=on_progress)
    check_adapter(folder, config.model, offline=config.offline)
    return folder


def shipped_for(model: str, index: str) -> str | None:
    """The name of the shipped adapter for a model, made for this index or else for any; by their names alone."""
    folders = sorted(file.parent for file in ADAPTERS.shipped().glob(f"*/{CONFIG_FILE}"))
    fitting = [one for one in map(read_adapter, folders) if one.base == model]
    own = (one.name for one in fitting if one.index == index)
    return next(own, None) or next((one.name for one in fitting if one.mode == "examples"), None)


def read_adapter(folder: Path) -> Adapter:
    """What the files of an adapter say of it; no hash is checked.

    Raises:
        ModelFileError: one of its two descriptions is no JSON object.
    """
    facts = read_json(folder / MANIFEST) if (folder / MANIFEST).is_file() else {}
    fields = {key: str(facts.get(key) or "") for key in ("base", "base_fingerprint", "prompt_version", "mode", "made")}
    fields["index"] = str((facts.get("recipe") or {}).get("index") or "")
    fields["base"] = fields["base"] or str(read_json(folder / CONFIG_FILE).get("base_model_name_or_path") or "")
    return Adapter(name=folder.resolve().name, folder=folder, place=_place(folder), **fields)


def check_adapter(folder: Path, base: str, *, offline: bool) -> Adapter:
    """``check_whole``, and what the adapter was made for against ``base``.

    One that PEFT saved and that has no manifest is held against the base by name where its name for it says something;
    its tensors' shapes are compared when it is loaded.

    Raises:
        ModelFileError: a file was changed or is missing.
        ConfigError: it was made for another base, or with another prompt.
    """
    adapter = check_whole(folder)
    if not _base_fits(adapter, base, offline=offline):
        named = f"other weights of {base}" if adapter.base == base else adapter.base or "another model"
        raise ConfigError(
            f"The adapter {adapter.name} was made for {named}, not for the {base} that is here. Set model to the one "
            f"it was made for, or adapter to one for {base}: `support-agent adapters list` shows them."
        )
    return adapter


def check_whole(folder: Path) -> Adapter:
    """Hold an adapter's files against their hashes, and the prompt it was trained with against today's.

    Raises:
        ModelFileError: a file was changed or is missing.
        ConfigError: it was trained with another prompt.
    """
    adapter = read_adapter(folder)
    if (folder / MANIFEST).is_file():
        manifest = read_manifest(folder, ModelFileError, _MEND, reads=(WEIGHTS_FILE, CONFIG_FILE))
        # A registry's adapter has the cache's own manifest, which names no kind.
        found = (manifest.get("kind", KIND), manifest.get("format", FORMAT))
        if found != (KIND, FORMAT):
            raise ModelFileError(
                f"{folder / MANIFEST} is of the kind {found[0]!r}, format {found[1]!r}; this version reads {KIND!r}, "
                f"format {FORMAT}. {_MEND}"
            )
    if adapter.prompt_fits is False:
        raise ConfigError(
            f"The adapter {adapter.name} was trained with the prompt {adapter.prompt_version}, and this version of "
            f"support_agent writes the prompt {prompt_version()}. Train it again (`support-agent finetune run`), or "
            'set adapter to another, or to "none".'
        )
    return adapter


def _base_fits(adapter: Adapter, base: str, *, offline: bool) -> bool:
    if adapter.base_fingerprint:
        return adapter.base_fingerprint == base_fingerprint(base, offline=offline)
    meant, given = _registry_name(adapter.base), _registry_name(base)
    if meant and given:
        return meant == given
    if adapter.base and adapter.base != base:
        logger.warning(
            "The adapter %s says that it was made for %s. Whether that is %s cannot be told from the names: only the "
            "shapes of its tensors are compared.",
            adapter.name,
            adapter.base,
            base,
        )
    return True


def _registry_names() -> list[str]:
    """The registry's entries that are adapters."""
    return [entry.name for entry in registry().values() if any(file.path == CONFIG_FILE for file in entry.files)]


def _registry_name(model: str) -> str | None:
    """The registry entry that a model's name means: its own name, or the hub repository it comes from."""
    for entry in registry().values():
        repos = [mirror.repo.casefold() for mirror in entry.mirrors if isinstance(mirror, HubMirror)]
        if model == entry.name or model.casefold() in repos:
            return entry.name
    return None


def _place(folder: Path) -> str:
    places = {"shipped": ADAPTERS.shipped(), "own": ADAPTERS.own(), "registry": model_folder("")}
    return next((name for name, root in places.items() if root.resolve() == folder.resolve().parent), "folder")


def read_json(path: Path) -> dict[str, Any]:
    """One of the two descriptions of an adapter.

    Raises:
        ModelFileError: it is no JSON object.
    """
    try:
        facts = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as problem:
        raise ModelFileError(f"{path} cannot be read ({problem}). {_MEND}") from problem
    if not isinstance(facts, dict):
        raise ModelFileError(f"{path} is no JSON object. {_MEND}")
    return facts


def misfit(folder: Path, base: Path | str, why: str) -> ModelFileError:
    """What is raised where an adapter's tensors have another shape than those of the model it is put on."""
    return ModelFileError(
        f"The adapter {folder} was made for a model of another shape than {base} ({why}). Set adapter to one made for "
        "this model, or model to the one it was made for."
    )
