"""Settings options that several commands share, and opening an agent with its progress shown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from support_agent.generation.backends import BUILT_IN

if TYPE_CHECKING:
    from support_agent.agent import Agent

ConfigOption = Annotated[
    Path | None, typer.Option("--config", "-c", help="TOML file with settings.", show_default="support_agent.toml here")
]
ProfileOption = Annotated[
    str | None, typer.Option("--profile", help="Named set of settings, such as llama2-7b.", show_default=False)
]
IndexOption = Annotated[str | None, typer.Option("--index", "-i", help="Name or folder of the index.")]
GeneratorOption = Annotated[
    str | None,
    typer.Option("--generator", "-g", help=f"{', '.join(BUILT_IN)}, or one that another package registers."),
]
ModelOption = Annotated[str | None, typer.Option("--model", "-m", help="The generator's model.")]
AdapterOption = Annotated[
    str | None, typer.Option("--adapter", "-a", help="Name or folder of an adapter, auto, or none.")
]
CalibrationOption = Annotated[
    str | None,
    typer.Option("--calibration", "-k", help="A calibration.json, auto, or none to answer without a promise."),
]
OfflineOption = Annotated[
    bool | None, typer.Option("--offline", help="Never fetch a model file; say what is missing.", show_default=False)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]


def load_agent(
    config: Path | None,
    profile: str | None,
    index: str | None,
    generator: str | None,
    model: str | None,
    adapter: str | None,
    calibration: str | None,
    offline: bool | None,
) -> Agent:
    """Open an agent; downloads and one-time conversions are shown on stderr."""
    from support_agent.agent import Agent
    from support_agent.cli.models import download_progress

    with download_progress() as on_progress:
        return Agent.load(
            config,
            profile=profile,
            on_progress=on_progress,
            index=index,
            generator=generator,
            model=model,
            adapter=adapter,
            calibration=calibration,
            offline=offline or None,
        )
