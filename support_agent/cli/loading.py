"""The agent's options one by one, until ``evaluate.py`` takes ``AgentOptions`` like every other command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from support_agent.cli.agent_options import (
    AdapterOption,
    AgentOptions,
    CalibrationOption,
    ConfigOption,
    GeneratorOption,
    IndexOption,
    JsonOption,
    ModelOption,
    OfflineOption,
    ProfileOption,
)

if TYPE_CHECKING:
    from support_agent.agent import Agent

__all__ = [
    "AdapterOption",
    "CalibrationOption",
    "ConfigOption",
    "GeneratorOption",
    "IndexOption",
    "JsonOption",
    "ModelOption",
    "OfflineOption",
    "ProfileOption",
    "load_agent",
]


def load_agent(config: Path | None, *given: str | bool | None) -> Agent:
    """Open an agent; downloads and one-time conversions are shown on stderr."""
    return AgentOptions(config, *given).load_agent()  # type: ignore[arg-type]
