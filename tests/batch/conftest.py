"""A small agent and a way to run a file through it."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support_agent.batch import Summary, plan_batch, run_batch

ECHO_AGENT = Path(__file__).with_name("echo_agent.py")


@pytest.fixture(scope="session")
def echo_agent(agent_program: Any) -> Any:
    """The class of the small agent."""
    return agent_program.EchoAgent


@pytest.fixture(scope="session")
def agent_program() -> Any:
    """The file that the kill test runs as a program, as a module."""
    spec = importlib.util.spec_from_file_location("echo_agent", ECHO_AGENT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def answer_file(echo_agent: Any) -> Callable[..., Summary]:
    """Run ``source`` into ``output``; ``agent`` and ``limit`` are optional."""

    def run(source: Path, output: Path, agent: Any = None, limit: int | None = None) -> Summary:
        return run_batch(plan_batch(source, output, {}, limit), lambda: agent or echo_agent())

    return run
