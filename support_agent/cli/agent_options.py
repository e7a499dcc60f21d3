"""The options that several commands share, each declared once."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

if TYPE_CHECKING:
    from support_agent.agent import Agent
    from support_agent.config import Config

Command = Callable[..., None]

ConfigOption = Annotated[
    Path | None, typer.Option("--config", "-c", help="TOML file with settings.", show_default="support_agent.toml here")
]
ProfileOption = Annotated[
    str | None, typer.Option("--profile", help="Named set of settings, such as llama2-7b.", show_default=False)
]
IndexOption = Annotated[str | None, typer.Option("--index", "-i", help="Name or folder of the index.")]
GeneratorOption = Annotated[
    str | None,
    typer.Option("--generator", "-g", help="openvino, transformers, chat_model, extractive or scripted."),
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


@dataclass(frozen=True)
class AgentOptions:
    """What a command line says of the agent to open; None where an option was left out."""

    config: ConfigOption = None
    profile: ProfileOption = None
    index: IndexOption = None
    generator: GeneratorOption = None
    model: ModelOption = None
    adapter: AdapterOption = None
    calibration: CalibrationOption = None
    offline: OfflineOption = None

    def settings(self) -> Config:
        """Every setting, these options above all other sources.

        Raises:
            ConfigError: a setting is unknown, or does not fit.
        """
        from support_agent.config import load_config

        given = asdict(self)
        config, profile = given.pop("config"), given.pop("profile")
        return load_config(config, profile=profile, **{**given, "offline": self.offline or None}).config

    def load_agent(self) -> Agent:
        """Open the agent; downloads and one-time conversions are shown on stderr."""
        from support_agent.agent import Agent
        from support_agent.cli.progress import download_progress

        settings = self.settings()
        with download_progress() as on_progress:
            return Agent.load(settings, on_progress=on_progress)


def with_agent_options(*, without: Collection[str] = ()) -> Callable[[Command], Command]:
    """Give a command the options of ``AgentOptions``, and the command them as one value.

    typer sees the single options where the command has its parameter of that type:

        @app.command()
        @with_agent_options()
        def ask(text: str, as_json: JsonOption = False, options: AgentOptions = AgentOptions()) -> None:
            agent = options.load_agent()

    Args:
        without: fields of ``AgentOptions`` that the command does not take; they stay None.
    """

    def decorate(command: Command) -> Command:
        signature = inspect.signature(command, eval_str=True)
        own = list(signature.parameters.values())
        place = next(number for number, one in enumerate(own) if one.annotation is AgentOptions)
        options = [
            inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None, annotation=kind)
            for name, kind in get_type_hints(AgentOptions, include_extras=True).items()
            if name not in without
        ]

        @functools.wraps(command)
        def called(**given: Any) -> None:
            chosen = AgentOptions(**{one.name: given.pop(one.name) for one in options})
            command(**given, **{own[place].name: chosen})

        shown = signature.replace(parameters=[*own[:place], *options, *own[place + 1 :]])
        vars(called).update(__signature__=shown)
        called.__annotations__ = {name: one.annotation for name, one in shown.parameters.items()}
        return called

    return decorate
