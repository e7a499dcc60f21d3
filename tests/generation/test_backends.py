"""The table of generators, and those that other packages register."""

import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from support_agent import Agent
from support_agent.config import Config, load_config
from support_agent.errors import ConfigError, GenerationError
from support_agent.generation import open_generator
from support_agent.generation.adapters import adapter_name
from support_agent.generation.backends import BUILT_IN, GROUP, find_backend
from support_agent.generation.scripted import ScriptedGenerator
from support_agent.records import Passage
from support_agent.retrieval import HashingEmbedder, build_index
from support_agent.retrieval.documents import Source


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_built_in_generator_names_what_opens_it(name: str) -> None:
    assert callable(BUILT_IN[name].load())


@pytest.mark.parametrize("name", ["extractive", "scripted"])
def test_opens_the_generators_without_a_model(name: str) -> None:
    assert open_generator(Config(generator=name)).name == name


def test_importing_the_room_loads_no_engine() -> None:
    heavy = "torch transformers openvino openvino_genai gguf langchain langchain_core peft"
    code = f"import sys, support_agent.generation; print(*sorted(set('{heavy}'.split()) & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.strip() == ""


class Theirs(ScriptedGenerator):
    """A generator of somebody else's."""

    name = "theirs"

    def __init__(self, config: Config) -> None:
        super().__init__({"How do I reset my password?": f"Open Settings, with {config.model}."})


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Registers generators as an installed package would, each by name with what its entry point loads."""
    installed: Callable[..., Any] = metadata.entry_points

    def register(**loads: Callable[[], Any]) -> None:
        ours = [SimpleNamespace(name=name, load=load) for name, load in loads.items()]

        def entry_points(**wanted: str) -> Any:
            return ours if wanted == {"group": GROUP} else installed(**wanted)

        monkeypatch.setattr(metadata, "entry_points", entry_points)

    return register


def test_a_registered_generator_answers_through_the_agent(register: Callable[..., None], tmp_path: Path) -> None:
    register(theirs=lambda: lambda config, on_progress: Theirs(config))
    passages = (Passage("faq:1", "How do I reset my password?", "Open Settings, with their-model.", "faq"),)
    build_index(tmp_path / "faq", [Source("faq.csv", "0" * 64, passages)], HashingEmbedder())
    agent = Agent.load(index=str(tmp_path / "faq"), generator="theirs", model="their-model", calibration="none")
    reply = agent.ask("How do I reset my password?")
    assert reply.text == "Open Settings, with their-model."
    assert reply.versions["generator"] == "theirs:scripted"


def test_a_registered_generator_takes_no_adapter_and_no_local_model(register: Callable[..., None]) -> None:
    register(theirs=lambda: Theirs)
    assert adapter_name(Config(generator="theirs", adapter="mine")) is None
    assert not find_backend("theirs").local_model


def test_a_built_in_generator_cannot_be_replaced(register: Callable[..., None]) -> None:
    register(extractive=lambda: Theirs)
    assert open_generator(Config(generator="extractive")).name == "extractive"


def test_an_unknown_generator_is_met_with_those_there_are(register: Callable[..., None]) -> None:
    register(theirs=lambda: Theirs)
    listed = "openvino, transformers, chat_model, extractive, scripted, theirs"
    with pytest.raises(ConfigError, match=rf"'generator' \(from override\).*one of {listed}, not 'thiers'"):
        load_config(generator="thiers")
    with pytest.raises(ConfigError, match=f"no generator 'thiers'; there are: {listed}"):
        find_backend("thiers")


def _fail(*_: object) -> None:
    raise RuntimeError("no licence.")


@pytest.mark.parametrize(
    ("load", "words"),
    [
        (lambda: _fail, r"'theirs' cannot be opened \(RuntimeError: no licence\)\. Mend or update the package"),
        (_fail, r"'theirs' cannot be opened \(RuntimeError: no licence\)"),
        (lambda: lambda *_: "text", r"'theirs' lacks a name, a version or generate\(\)"),
    ],
    ids=["opening", "import", "no generator"],
)
def test_a_registered_generator_that_fails_is_a_setting_that_does_not_fit(
    register: Callable[..., None], load: Callable[[], Any], words: str
) -> None:
    register(theirs=load)
    with pytest.raises(ConfigError, match=words):
        open_generator(Config(generator="theirs"))


def test_an_error_that_a_registered_generator_raises_on_purpose_is_left_as_it_is(register: Callable[..., None]) -> None:
    def refuse(*_: object) -> None:
        raise GenerationError("Start the server.")

    register(theirs=lambda: refuse)
    with pytest.raises(GenerationError, match="Start the server."):
        open_generator(Config(generator="theirs"))
