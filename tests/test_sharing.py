"""A second index in the same process costs no second engine."""

import gc
import json
import threading
from pathlib import Path
from typing import Any

import pytest

from support_agent import Agent
from support_agent.generation.openvino import OpenVinoGenerator
from support_agent.generation.quote_or_write import QuoteOrWrite
from support_agent.records import Passage
from support_agent.retrieval import build_index, embedders, open_embedder
from support_agent.retrieval.documents import Source
from support_agent.sharing import opened_once


class Engine:
    """Something that is expensive to open."""


def test_one_key_is_opened_once_for_as_long_as_somebody_holds_it() -> None:
    first = opened_once("engine", Engine)
    assert opened_once("engine", Engine) is first
    assert opened_once("another", Engine) is not first


def test_what_nobody_holds_any_more_is_closed() -> None:
    opened: list[int] = []

    def open_one() -> Engine:
        opened.append(1)
        return Engine()

    for _ in range(2):
        opened_once("let go", open_one)
        gc.collect()
    assert len(opened) == 2


def test_threads_that_ask_at_once_get_the_same() -> None:
    start, found = threading.Barrier(8), []

    def ask() -> None:
        start.wait()
        found.append(opened_once("together", Engine))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1


@pytest.fixture
def two_indexes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Two indexes of one passage each, made with the embedder whose opening ``opened_embedders`` counts."""
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        passages = (Passage(f"{folder.name}:1", "How?", f"So it is done in {folder.name}.", "faq"),)
        build_index(folder, [Source("faq.csv", "0" * 64, passages)], open_embedder(str(tmp_path / "model")))
    return folders


@pytest.fixture
def opened_embedders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the embedders that were opened; they are doubles."""
    (tmp_path / "model").mkdir()
    names: list[str] = []

    class Double(embedders.HashingEmbedder):
        def __init__(self, name: str, **_: Any) -> None:
            self.name = name  # type: ignore[misc]
            names.append(name)

    monkeypatch.setattr(embedders, "SentenceTransformersEmbedder", Double)
    return names


@pytest.fixture
def opened_engines(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Folders of the models that OpenVINO would have loaded; nothing is loaded."""
    folders: list[Path] = []

    def open_one(self: OpenVinoGenerator, folder: Path, *, version: str, **_: Any) -> None:
        self.version = version
        folders.append(folder)

    monkeypatch.setattr(OpenVinoGenerator, "__init__", open_one)
    return folders


def test_two_agents_with_one_model_share_generator_and_embedder(
    opened_embedders: list[str], opened_engines: list[Path], two_indexes: list[Path]
) -> None:
    opened_embedders.clear()
    settings = {"generator": "openvino", "threads": 1, "calibration": "none"}
    agents = [Agent.load(index=str(folder), **settings) for folder in two_indexes]
    first, second = (agent.generator for agent in agents)
    assert isinstance(first, QuoteOrWrite)
    assert isinstance(second, QuoteOrWrite)
    assert first.writer is second.writer
    assert (len(opened_engines), len(opened_embedders)) == (1, 1)


@pytest.mark.parametrize("setting", [{"adapter": "smollm2-135m-lamini-docs"}, {"max_new_tokens": 50}], ids=str)
def test_another_adapter_or_length_is_another_generator(
    opened_embedders: list[str], opened_engines: list[Path], two_indexes: list[Path], setting: dict[str, Any]
) -> None:
    settings = {"index": str(two_indexes[0]), "generator": "openvino", "calibration": "none"}
    agents = [Agent.load(**settings, **more) for more in ({}, setting)]
    assert agents[0].generator is not agents[1].generator
    assert len(opened_engines) == 2


def test_an_embedder_whose_files_have_changed_is_opened_again(tmp_path: Path, opened_embedders: list[str]) -> None:
    first = open_embedder(str(tmp_path / "model"))
    (tmp_path / "model" / "config.json").write_text(json.dumps({}))
    assert open_embedder(str(tmp_path / "model")) is not first
