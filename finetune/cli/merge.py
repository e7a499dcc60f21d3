"""``support-agent finetune merge``: an adapter and its base in, one model out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from support_agent.cli.agent_options import JsonOption, OfflineOption


def merge(
    adapter: Annotated[str, typer.Argument(metavar="ADAPTER", help="Name or folder of an adapter.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="OUT", help="The folder or GGUF file to write.")],
    form: Annotated[
        Literal["safetensors", "gguf"],
        typer.Option("--format", help="safetensors: a Hugging Face folder, for vLLM; gguf: one 8-bit file, for a CPU."),
    ] = "safetensors",
    base: Annotated[
        str | None,
        typer.Option("--base", metavar="MODEL", help="The base.", show_default="the one the adapter was made for"),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace what stands at OUT, if it is a model.")] = False,
    offline: OfflineOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write base and adapter as one model that needs no adapter."""
    from finetune.merge import check_target, find_pair, merge_to_folder, merge_to_gguf
    from support_agent.cli.progress import download_progress
    from support_agent.config import load_config

    check_target(output, replace=force)
    no_network = load_config(offline=offline or None).config.offline
    write = {"safetensors": merge_to_folder, "gguf": merge_to_gguf}[form]
    with download_progress() as on_progress:
        pair = find_pair(adapter, base, offline=no_network, on_progress=on_progress)
        write(pair, output, offline=no_network, on_progress=on_progress)
    facts = {"output": str(output), "format": form, "base": pair.base, "adapter": pair.adapter.name}
    typer.echo(json.dumps(facts) if as_json else f"{output} is {pair.base} with {pair.adapter.name} merged in")
