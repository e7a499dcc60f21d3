"""``support-agent config``: every setting and every customer text, its value, and where it came from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from support_agent.cli.agent_options import ConfigOption, JsonOption, ProfileOption
from support_agent.cli.printing import print_json
from support_agent.errors import ConfigError

if TYPE_CHECKING:
    from support_agent.gate.texts import Texts

config_app = typer.Typer(no_args_is_help=True, help="Settings and customer texts.")


@config_app.command()
def show(config: ConfigOption = None, profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """Print every setting with its value, source and purpose, as TOML you can save and edit."""
    from support_agent.config import AUTO, Config, load_config

    loaded = load_config(config, profile=profile)
    values = loaded.config.model_dump(mode="json")
    if as_json:
        print_json({"settings": values, "sources": loaded.sources, "generator_chosen_by_auto": loaded.chosen})
        return
    for name, field in Config.model_fields.items():
        value = "" if values[name] is None else json.dumps(values[name], ensure_ascii=False)
        source = loaded.sources.get(name, "default")
        if name == "generator" and loaded.chosen:
            # Saved and edited, it is to go on choosing.
            value, source = json.dumps(AUTO), f"{source}; here auto is {values[name]}"
        typer.echo(f"# {field.description} (from {source})\n{'# ' if value == '' else ''}{name} = {value}\n")


@config_app.command()
def texts(
    language: Annotated[
        str | None, typer.Argument(help="ISO 639-1 code, such as de; all languages without it.", show_default=False)
    ] = None,
    export: Annotated[
        Path | None,
        typer.Option("--export", help="Write the shipped texts into this folder instead, to be edited there."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Let --export overwrite files.")] = False,
    config: ConfigOption = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the texts that customers are sent, by route and reason, with their files, as TOML you can edit."""
    from support_agent.config import load_config
    from support_agent.gate.texts import ReplyTime, load_texts

    if export is not None:
        _export_texts(export, language, force)
        return
    settings = load_config(config, profile=profile).config
    rows = _rows(load_texts(Path(settings.texts) if settings.texts else None, ReplyTime.of(settings)), language)
    if as_json:
        print_json({"texts": rows})
        return
    by_file: dict[tuple[str, str], list[dict[str, str]]] = {}
    for row in rows:
        by_file.setdefault((row["language"], row["file"]), []).append(row)
    for (code, file), inside in by_file.items():
        typer.echo(f"# {file}\n")
        for row in inside:
            # With one language the lines are a file of texts; with all, the language tells them apart.
            name = row["name"] if language else f"{code}.{row['name']}"
            typer.echo(f"{name} = {json.dumps(row['text'], ensure_ascii=False)}\n")


def _rows(texts: Texts, language: str | None) -> list[dict[str, str]]:
    if language and not texts.serves(language):
        raise ConfigError(
            f"There are no texts for {language!r}: its customers are sent the English ones. There are: "
            f"{', '.join(sorted(texts.by_language))}; a file {language}.toml in your folder of texts adds one."
        )
    return [
        {"language": code, "name": name, "text": text.words, "file": str(text.file)}
        for code in ([language] if language else sorted(texts.by_language))
        for name, text in texts.in_force(code).items()
    ]


def _export_texts(folder: Path, language: str | None, overwrite: bool) -> None:
    from support_agent.artefacts import write_bytes
    from support_agent.gate.texts import shipped_files

    files = [file for file in shipped_files() if language in (None, file.stem)]
    if not files:
        raise ConfigError(f"No texts are shipped for {language!r}. There are: {_names(shipped_files())}.")
    there = [folder / file.name for file in files if (folder / file.name).exists()]
    if there and not overwrite:
        raise ConfigError(f"{there[0]} is there already. Give --force to overwrite it, or name another folder.")
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        write_bytes(folder / file.name, file.read_bytes())
    typer.echo(
        f"{folder}: {_names(files)}. A folder named texts beside the settings file is found by itself; any other is "
        "named by the setting 'texts'. What is deleted there is taken from the package.",
        err=True,
    )


def _names(files: list[Path]) -> str:
    return ", ".join(file.stem for file in files)
