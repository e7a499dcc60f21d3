"""``support-agent doctor``: what is here, what is whole, what would run, and what is promised."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from support_agent.cli.agent_options import ConfigOption, JsonOption
from support_agent.cli.printing import print_json
from support_agent.errors import SupportAgentError

if TYPE_CHECKING:
    from importlib.metadata import Distribution

    from support_agent.config import Config
    from support_agent.generation.generator import Generator

Report = dict[str, dict[str, Any]]
_PROMISE = "promise"
_NOTHING_ANSWERED = "every ticket goes to a human, with a suggestion"


def doctor(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show versions, devices, model files, index, memory, what would run, and what is promised.

    Exit code 1 when something is broken.
    """
    untested: list[str] = []
    problems: list[str] = []
    report = _examine(config, untested, problems)
    if as_json:
        print_json({**report, "untested": untested, "problems": problems})
    else:
        _print_report(report, untested, problems)
    if problems:
        raise typer.Exit(1)


def _examine(config: Path | None, untested: list[str], problems: list[str]) -> Report:
    """Every finding by section; a sentence in ``untested`` and ``problems`` for each thing to know of or to mend."""
    from support_agent.config import load_config
    from support_agent.models import registry

    settings = load_config(config).config
    generator = cache(partial(_generator, settings))  # opened once for both that ask
    checks: dict[str, dict[str, Callable[[], str]]] = {
        "models": {name: partial(_model, name) for name in registry()},
        "index": {settings.index: partial(_index, settings.index)},
        "would run": {settings.generator: partial(_would_run, settings, generator)},
        _PROMISE: {settings.calibration: partial(_promise, settings, generator)},
    }
    report: Report = {"versions": _versions(untested), "devices": _devices(), "memory": _memory()}
    for section, looks in checks.items():
        report[section] = {name: _look(look, problems) for name, look in looks.items()}
    return report


def _look(look: Callable[[], str], problems: list[str]) -> str:
    try:
        return look()
    except SupportAgentError as problem:
        if str(problem) not in problems:  # two looks may meet the same
            problems.append(str(problem))
        return f"broken: {problem}"


def _versions(untested: list[str]) -> dict[str, Any]:
    """What is installed, held against the versions that this package's own requirements say it was tested with."""
    from packaging.requirements import Requirement

    own = _installed("support-agent")
    found = {"python": platform.python_version(), "platform": platform.platform()}
    found["support-agent"] = own.version if own else "not installed"
    for needed in map(Requirement, (own and own.requires) or ()):
        if needed.marker and needed.marker.evaluate({"extra": "test"}):
            continue
        one = _installed(needed.name)
        found[needed.name] = one.version if one else "not installed"
        if one and not needed.specifier.contains(one.version, prereleases=True):
            bounds = ",".join(sorted(map(str, needed.specifier), reverse=True))
            found[needed.name] += f", outside what was tested ({bounds})"
            untested.append(f"{needed.name} {one.version} is outside what was tested ({bounds}).")
    return found


def _installed(package: str) -> Distribution | None:
    from importlib.metadata import distributions

    return next(iter(distributions(name=package)), None)


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
    from support_agent.retrieval.folders import index_version, read_index_manifest

    folder = find_index(name)
    manifest = read_index_manifest(folder)
    made_with = manifest["embedder"]["name"]
    return f"version {index_version(folder)}, {len(manifest['files'])} files all as listed, {made_with}, {folder}"


def _would_run(settings: Config, open_one: Callable[[], Generator]) -> str:
    """Open the generator for real, unless its model would have to be fetched first."""
    from support_agent.generation.adapters import adapter_name

    if _to_be_fetched(settings):
        return f"{settings.model}, fetched at first use"
    started = time.perf_counter()
    generator = open_one()
    seconds = time.perf_counter() - started
    name = adapter_name(settings)
    adapter = f" with the adapter {name}" if name else ""
    return f"{generator.version}{adapter}, opened in {seconds:.1f} s"


def _promise(settings: Config, open_one: Callable[[], Generator]) -> str:
    """What is promised of the answers, or why every ticket goes to a human."""
    from support_agent.evidence.ledger import watch_in_force
    from support_agent.evidence.opening import NONE, calibrated_parts, find_calibration
    from support_agent.retrieval import find_index
    from support_agent.retrieval.folders import index_version

    if settings.calibration == NONE:
        return "none is asked for: answers go out without one"
    if _to_be_fetched(settings):
        return f"not known before {settings.model} is fetched"
    version = index_version(find_index(settings.index))
    found = find_calibration(settings, calibrated_parts(version, open_one(), settings))
    if found.calibration is None:
        return f"{_NOTHING_ANSWERED}. {found.why}"
    watch = watch_in_force(settings)
    seen = f" {watch.in_words()}" if watch else ""
    if watch and watch.withdrawn:
        return f"{_NOTHING_ANSWERED}.{seen} `{settings.command('certify')}` says what to read."
    return f"{found.calibration.version}. {found.calibration.in_words()}{seen}"


def _to_be_fetched(settings: Config) -> bool:
    from support_agent.generation.backends import find_backend
    from support_agent.models import is_known, origin

    return find_backend(settings.generator).local_model and is_known(settings.model) and not origin(settings.model)


def _generator(settings: Config) -> Generator:
    from support_agent.generation import open_generator

    return open_generator(settings.model_copy(update={"offline": True}))


def _print_report(report: Report, untested: list[str], problems: list[str]) -> None:
    for section, facts in report.items():
        typer.secho(section, bold=True)
        for name, value in facts.items():
            typer.echo(f"  {name}: {value}")
    typer.echo()
    for warning in untested:
        typer.secho(f"Warning: {warning}", fg=typer.colors.YELLOW, err=True)
    for problem in problems:
        typer.secho(f"Broken: {problem}", fg=typer.colors.RED, err=True)
    if not problems:
        unanswered = any(str(value).startswith(_NOTHING_ANSWERED) for value in report[_PROMISE].values())
        typer.echo(f"Nothing is broken, but {_NOTHING_ANSWERED}." if unanswered else "Nothing is broken.")
