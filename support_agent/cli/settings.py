"""``support-agent config show``: every setting, its value, and where it came from."""

from __future__ import annotations

import json

import typer

from support_agent.cli.loading import ConfigOption, JsonOption, ProfileOption

config_app = typer.Typer(no_args_is_help=True, help="Settings.")


@config_app.callback()
def settings() -> None:
    """Settings."""


@config_app.command()
def show(
    config: ConfigOption = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print every setting with its value, its source and what it is for; as TOML that can be saved and edited."""
    from support_agent.config import Config, load_config

    loaded = load_config(config, profile=profile)
    values = loaded.config.model_dump(mode="json")
    if as_json:
        typer.echo(json.dumps({"settings": values, "sources": loaded.sources}, ensure_ascii=False))
        return
    for name, field in Config.model_fields.items():
        value = "" if values[name] is None else json.dumps(values[name], ensure_ascii=False)
        source = loaded.sources.get(name, "default")
        typer.echo(f"# {field.description} (from {source})\n{'# ' if value == '' else ''}{name} = {value}\n")
