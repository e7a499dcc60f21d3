"""Finding and checking adapters; no engine is loaded."""

import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from support_agent.artefacts import sha256_file, write_manifest
from support_agent.config import Config
from support_agent.errors import ConfigError, ModelFileError
from support_agent.generation.adapters import (
    adapter_name,
    base_fingerprint,
    check_adapter,
    choose_adapter,
    find_adapter,
    list_adapters,
    shipped_for,
)
from support_agent.generation.prompt import prompt_version
from support_agent.shelves import Shelf


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A GGUF file, as far as its name goes: no one here reads it."""
    path = tmp_path / "base.gguf"
    path.write_bytes(b"weights")
    return path


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where own adapters stand; shipped ones stand in ``shipped`` beside it, models in an empty cache."""
    monkeypatch.setenv("SUPPORT_AGENT_ADAPTERS", str(tmp_path / "own"))
    monkeypatch.setenv("SUPPORT_AGENT_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("SUPPORT_AGENT_MODELS", raising=False)
    monkeypatch.setattr(Shelf, "shipped", lambda _: tmp_path / "shipped")
    return tmp_path / "own"


def foreign(folder: Path, base: str = "") -> Path:
    """An adapter as PEFT saves it."""
    folder.mkdir(parents=True)
    (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": base, "peft_type": "LORA"}))
    save_file({"a": np.zeros(3, dtype=np.float32)}, folder / "adapter_model.safetensors")
    return folder


def made(folder: Path, base: str, **facts: Any) -> Path:
    """An adapter as `finetune run` leaves it."""
    foreign(folder, base)
    known = {
        "kind": "support-agent adapter",
        "format": 1,
        "base": base,
        "base_fingerprint": base_fingerprint(base, offline=True),
        "prompt_version": prompt_version(),
        "mode": "retrieval",
        "made": "2026-01-02T03:04:05+00:00",
    }
    write_manifest(folder, known | facts, ["adapter_config.json", "adapter_model.safetensors"])
    return folder


def test_the_fingerprint_of_a_gguf_file_is_its_hash(base: Path) -> None:
    assert base_fingerprint(str(base), offline=True) == sha256_file(base)


def test_the_fingerprint_of_a_folder_changes_with_its_weights(tmp_path: Path) -> None:
    (tmp_path / "hf").mkdir()
    (tmp_path / "hf" / "config.json").write_text("{}")
    first = base_fingerprint(str(tmp_path / "hf"), offline=True)
    save_file({"a": np.ones(3, dtype=np.float32)}, tmp_path / "hf" / "model.safetensors")
    assert base_fingerprint(str(tmp_path / "hf"), offline=True) != first


def test_the_fingerprint_of_a_hub_name_is_the_name() -> None:
    assert base_fingerprint("some-org/some-model", offline=True) == "some-org/some-model"


def test_a_path_wins_over_an_own_adapter_and_that_over_a_shipped_one(
    tmp_path: Path, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shipped = foreign(tmp_path / "shipped" / "a")
    assert find_adapter("a", offline=True) == shipped
    mine = foreign(own / "a")
    assert find_adapter("a", offline=True) == mine
    foreign(tmp_path / "a")
    assert find_adapter("a", offline=True) == Path("a")


@pytest.mark.parametrize("name", ["nowhere", "", "smollm2-135m-instruct"], ids=["unknown", "empty", "a model"])
def test_an_adapter_that_is_not_there_is_an_error_that_lists_those_that_are(own: Path, name: str) -> None:
    foreign(own / "mine")
    with pytest.raises(ConfigError, match=f"There is no adapter '{name}'.*llama-2-7b-lamini-docs, mine"):
        find_adapter(name, offline=True)


def test_a_name_of_the_registry_that_is_not_here_says_how_to_fetch_it() -> None:
    with pytest.raises(ModelFileError, match="models pull llama-2-7b-lamini-docs"):
        find_adapter("llama-2-7b-lamini-docs", offline=True)


def test_an_own_adapter_of_a_registry_name_is_taken(own: Path) -> None:
    mine = foreign(own / "llama-2-7b-lamini-docs")
    assert find_adapter("llama-2-7b-lamini-docs", offline=True) == mine


def test_a_pickle_is_refused_with_the_way_to_safetensors(own: Path) -> None:
    folder = foreign(own / "old")
    (folder / "adapter_model.safetensors").rename(folder / "adapter_model.bin")
    with pytest.raises(ModelFileError, match=r"adapter_model\.bin and no adapter_model\.safetensors.*save_pretrained"):
        find_adapter("old", offline=True)


def test_an_adapter_without_weights_is_refused(own: Path) -> None:
    (foreign(own / "empty") / "adapter_model.safetensors").unlink()
    with pytest.raises(ModelFileError, match=r"has no adapter_model\.safetensors"):
        find_adapter("empty", offline=True)


def test_lists_shipped_and_own_adapters(tmp_path: Path, own: Path, base: Path) -> None:
    made(tmp_path / "shipped" / "b", str(base))
    foreign(own / "a", "some-org/some-model")
    listed = [(adapter.name, adapter.place, adapter.base, adapter.prompt_fits) for adapter in list_adapters()]
    assert listed == [("a", "own", "some-org/some-model", None), ("b", "shipped", str(base), True)]


def test_accepts_an_adapter_for_the_same_weights_under_another_name(tmp_path: Path, own: Path, base: Path) -> None:
    folder = made(own / "a", str(base))
    copy = shutil.copy(base, tmp_path / "copy.gguf")
    assert check_adapter(folder, str(copy), offline=True).name == "a"


def test_refuses_an_adapter_for_another_base_and_names_both(tmp_path: Path, own: Path, base: Path) -> None:
    folder = made(own / "a", str(base))
    other = tmp_path / "other.gguf"
    other.write_bytes(b"other weights")
    with pytest.raises(ConfigError, match=rf"made for {base}, not for the {other}"):
        check_adapter(folder, str(other), offline=True)


def test_refuses_an_adapter_whose_base_has_changed(own: Path, base: Path) -> None:
    folder = made(own / "a", str(base))
    base.write_bytes(b"retrained weights")
    with pytest.raises(ConfigError, match=f"made for other weights of {base}"):
        check_adapter(folder, str(base), offline=True)


def test_refuses_an_adapter_trained_with_another_prompt(own: Path, base: Path) -> None:
    folder = made(own / "a", str(base), prompt_version="0123456789ab")
    with pytest.raises(ConfigError, match="the prompt 0123456789ab.*Train it again"):
        check_adapter(folder, str(base), offline=True)


@pytest.mark.parametrize("name", ["adapter_config.json", "adapter_model.safetensors"])
def test_refuses_an_adapter_with_a_flipped_byte(own: Path, base: Path, name: str) -> None:
    folder = made(own / "a", str(base))
    raw = bytearray((folder / name).read_bytes())
    raw[-3] ^= 1
    (folder / name).write_bytes(raw)
    with pytest.raises(ModelFileError, match=f"{name}"):
        check_adapter(folder, str(base), offline=True)


@pytest.mark.parametrize(
    ("facts", "words"),
    [({"kind": "support-agent index"}, "of the kind 'support-agent index'"), ({"format": 2}, "format 2")],
    ids=["kind", "later format"],
)
def test_refuses_a_manifest_of_something_else(own: Path, base: Path, facts: dict[str, Any], words: str) -> None:
    with pytest.raises(ModelFileError, match=words):
        check_adapter(made(own / "a", str(base), **facts), str(base), offline=True)


@pytest.mark.parametrize("name", ["adapter_config.json", "adapter_model.safetensors"])
def test_refuses_a_manifest_that_leaves_out_a_file_that_is_read(
    own: Path, base: Path, unlist: Callable[[Path, str], None], name: str
) -> None:
    folder = made(own / "a", str(base))
    unlist(folder, name)
    with pytest.raises(ModelFileError, match=f"does not list {name}"):
        check_adapter(folder, str(base), offline=True)


@pytest.mark.parametrize("content", ["{", "[]"], ids=["no JSON", "no object"])
def test_refuses_a_description_that_cannot_be_read(own: Path, content: str) -> None:
    folder = foreign(own / "a")
    (folder / "adapter_config.json").write_text(content)
    with pytest.raises(ModelFileError, match=r"adapter_config\.json"):
        check_adapter(folder, "some-model", offline=True)


def test_a_foreign_adapter_for_another_model_of_the_registry_is_refused(own: Path) -> None:
    folder = foreign(own / "a", "meta-llama/Llama-2-7b-hf")
    with pytest.raises(ConfigError, match="made for meta-llama/Llama-2-7b-hf, not for the smollm2-135m-instruct"):
        check_adapter(folder, "smollm2-135m-instruct", offline=True)


@pytest.mark.parametrize("named", ["meta-llama/Llama-2-7b-hf", "llama-2-7b"], ids=["repository", "name"])
def test_a_foreign_adapter_for_this_model_of_the_registry_is_accepted(
    own: Path, caplog: pytest.LogCaptureFixture, named: str
) -> None:
    check_adapter(foreign(own / "a", named), "llama-2-7b", offline=True)
    assert caplog.text == ""


def test_a_foreign_adapter_whose_base_cannot_be_told_is_accepted_with_a_warning(
    own: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        check_adapter(foreign(own / "a", "someone/Llama-2-7b-copy"), "llama-2-7b", offline=True)
    assert "someone/Llama-2-7b-copy" in caplog.text


FOR_SHOP = {"recipe": {"index": "shop"}}


def test_auto_is_the_shipped_adapter_for_exactly_this_model_and_index(tmp_path: Path, base: Path) -> None:
    folder = made(tmp_path / "shipped" / "for-shop", str(base), **FOR_SHOP)
    made(tmp_path / "shipped" / "for-bikes", str(base), recipe={"index": "bikes"})
    assert shipped_for(str(base), "shop") == "for-shop"
    assert choose_adapter(Config(model=str(base), index="shop")) == folder


def test_an_index_folder_is_known_by_its_name(tmp_path: Path, base: Path) -> None:
    made(tmp_path / "shipped" / "for-shop", str(base), **FOR_SHOP)
    assert adapter_name(Config(model=str(base), index=str(tmp_path / "shop"))) == "for-shop"


def test_an_adapter_that_learned_from_passages_of_any_kind_serves_an_index_without_its_own(
    tmp_path: Path, base: Path
) -> None:
    made(tmp_path / "shipped" / "for-any", str(base), mode="examples")
    assert adapter_name(Config(model=str(base), index="bikes")) == "for-any"
    made(tmp_path / "shipped" / "for-shop", str(base), **FOR_SHOP)
    assert adapter_name(Config(model=str(base), index="shop")) == "for-shop"


@pytest.mark.parametrize("facts", [{}, {"recipe": None}, {"recipe": {}}], ids=["no recipe", "empty", "no index"])
def test_an_adapter_that_names_no_index_is_taken_by_name_only(
    tmp_path: Path, base: Path, facts: dict[str, Any]
) -> None:
    made(tmp_path / "shipped" / "for-base", str(base), **facts)
    assert adapter_name(Config(model=str(base), index="shop")) is None
    assert adapter_name(Config(model=str(base), index="shop", adapter="for-base")) == "for-base"


@pytest.mark.parametrize(
    "settings",
    [
        {"model": "another"},
        {"index": "another"},
        {"adapter": "none"},
        {"generator": "extractive"},
        {"generator": "chat_model", "adapter": "for-base"},
    ],
    ids=["another model", "another index", "none", "no model", "a remote model"],
)
def test_no_adapter_is_used(tmp_path: Path, base: Path, settings: dict[str, str]) -> None:
    made(tmp_path / "shipped" / "for-base", str(base), **FOR_SHOP)
    assert adapter_name(Config(**{"model": str(base), "index": "shop", **settings})) is None


def test_a_named_adapter_is_checked_against_the_model(own: Path, base: Path, tmp_path: Path) -> None:
    made(own / "a", str(base))
    with pytest.raises(ConfigError, match="made for"):
        choose_adapter(Config(model="some-org/some-model", adapter="a"))
