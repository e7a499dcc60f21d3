"""A trained adapter → its folder: weights, settings, a card for people, a manifest for machines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from support_agent.artefacts import write_bytes, write_manifest
from support_agent.disk import put_in_place
from support_agent.errors import TrainingError
from support_agent.generation.adapters import CONFIG_FILE, FORMAT, KIND, WEIGHTS_FILE

_CARD = "README.md"
_BAR_CHARS = 40
_CARD_TEXT = """\
---
base_model: {base}
library_name: peft
pipeline_tag: text-generation
---

# {name}

LoRA adapter for {base}, trained on {data} {passages} retrieved passages in the prompt. Use it with
`support_agent`, which writes that prompt.
{attribution}
{measured}

## Where it comes from

{origin}

## Recipe

{recipe}

## Loss

```
{curve}
```
"""


def write_adapter_folder(model: Any, folder: Path, facts: dict[str, Any]) -> None:
    """Write the folder beside its place and rename it: it is whole or absent.

    Args:
        model: a PEFT model.
        facts: base, base_fingerprint, prompt_version, mode, data_sha256, recipe, made, versions, result.

    Raises:
        TrainingError: what stands there is no adapter.
    """
    with put_in_place(folder) as made:
        # The folder on this machine would otherwise stand in the adapter's settings.
        model.peft_config["default"].base_model_name_or_path = facts["base"]
        model.save_pretrained(made, save_embedding_layers=False)
        write_bytes(made / _CARD, card(folder.name, facts).encode())
        head = {"kind": KIND, "format": FORMAT, "name": folder.name}
        write_manifest(made, {**head, **facts}, [_CARD, CONFIG_FILE, WEIGHTS_FILE])
        check_replaceable(folder)


def check_replaceable(folder: Path) -> None:
    """Refuse to put an adapter in the place of anything but an adapter.

    Raises:
        TrainingError: names the folder.
    """
    if folder.exists() and not (folder / CONFIG_FILE).is_file():
        raise TrainingError(f"{folder} is no adapter, so it is not replaced. Name another folder with --output.")


def card(name: str, facts: dict[str, Any]) -> str:
    """The model card, in Markdown with the header that model hubs read."""
    result, recipe = facts["result"], facts["recipe"]
    measured = [
        ("rows learned", f"{result['rows']:,}"),
        ("steps", f"{result['steps']:,}"),
        ("trained parameters", f"{result['trainable_parameters']:,}"),
        ("final loss, nats per answer token", f"{result['final_loss']:.4f}"),
        (f"time from step {result['resumed_at_step']} on", f"{result['train_s'] / 60:.1f} min"),
        ("most memory", f"{result['peak_bytes'] / 2**20:,.0f} MiB"),
    ]
    if "dev_perplexity" in result:
        measured += [
            (f"perplexity on {result['dev_rows']} rows held back", f"{result['dev_perplexity']:.3f}"),
            ("the same without the adapter", f"{result['dev_perplexity_base']:.3f}"),
        ]
    origin = [
        ("base weights", f"`{facts['base_fingerprint']}`"),
        ("data, sha256", f"`{facts['data_sha256']}`"),
        ("prompt", f"`{facts['prompt_version']}`"),
        ("made", facts["made"]),
        *facts["versions"].items(),
    ]
    return _CARD_TEXT.format(
        name=name,
        base=facts["base"],
        data=recipe["data"],
        passages="without" if facts["mode"] == "plain" else "with",
        attribution=f"\nData: {recipe['attribution']}.\n" if recipe["attribution"] else "",
        measured=_table(("", "value"), measured),
        origin=_table(("", "value"), origin),
        recipe=_table(("key", "value"), [(key, f"`{value}`") for key, value in recipe.items()]),
        curve="\n".join(_curve(result["curve"])),
    )


def _table(head: tuple[str, str], rows: list[tuple[str, str]]) -> str:
    return "\n".join(f"| {left} | {right} |" for left, right in [head, ("---", "---"), *rows])


def _curve(curve: list[tuple[int, float]]) -> list[str]:
    """One line for each of at most 25 points, with a bar."""
    points = curve[:: max(1, len(curve) // 25)]
    highest = max((loss for _, loss in points), default=1.0) or 1.0
    return [f"{step:>6}  {loss:7.4f}  {'█' * round(_BAR_CHARS * loss / highest)}" for step, loss in points]
