"""Adapters saved as pickles, good ones and hostile ones; the hostile ones are written by hand."""

import json
import os
import pickle
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from support_agent.errors import ConfigError, ModelFileError
from support_agent.generation import pickles
from support_agent.generation.adapters import check_adapter, find_adapter
from support_agent.generation.pickles import convert_pickle

TENSORS = {
    "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight": torch.arange(6, dtype=torch.float16).view(2, 3),
    "base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight": torch.ones(3, 2).T,
}


class Bomb:
    """Runs a program when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.system, (f"touch {self.trace}",))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "old"
    place.mkdir()
    (place / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA"}))
    torch.save(TENSORS, place / "adapter_model.bin")
    return place


def test_writes_the_same_tensors_as_safetensors(folder: Path, tmp_path: Path) -> None:
    convert_pickle(folder, tmp_path / "new")
    found = load_file(tmp_path / "new" / "adapter_model.safetensors")
    assert found.keys() == TENSORS.keys()
    assert all(
        torch.equal(found[name], tensor) and found[name].dtype == tensor.dtype for name, tensor in TENSORS.items()
    )


def test_what_it_writes_is_an_adapter_with_a_manifest(folder: Path, tmp_path: Path) -> None:
    convert_pickle(folder, tmp_path / "new")
    assert find_adapter(str(tmp_path / "new"), offline=True) == tmp_path / "new"
    assert check_adapter(tmp_path / "new", "some-model", offline=True).prompt_fits is None
    (tmp_path / "new" / "adapter_model.safetensors").write_bytes(b"changed")
    with pytest.raises(ModelFileError, match="bytes instead of"):
        check_adapter(tmp_path / "new", "some-model", offline=True)


def _by_torch(path: Path, trace: Path) -> None:
    torch.save({**TENSORS, "bomb": Bomb(trace)}, path)


def _by_pickle(path: Path, trace: Path) -> None:
    path.write_bytes(pickle.dumps(Bomb(trace), protocol=2))


def _by_hand(path: Path, trace: Path) -> None:
    program = b"\x80\x02cbuiltins\nexec\nX%sq\x00\x85R." % _text(f"open({str(trace)!r}, 'w').close()")
    path.write_bytes(program)


def _text(text: str) -> bytes:
    return len(text).to_bytes(4, "little") + text.encode()


@pytest.mark.parametrize("write", [_by_torch, _by_pickle, _by_hand], ids=["in torch's archive", "plain", "by hand"])
def test_a_pickle_that_is_a_program_is_refused_and_not_run(
    folder: Path, tmp_path: Path, write: Callable[[Path, Path], None]
) -> None:
    write(folder / "adapter_model.bin", tmp_path / "it-ran")
    with pytest.raises(ModelFileError, match="could be a program") as refused:
        convert_pickle(folder, tmp_path / "new")
    assert not (tmp_path / "it-ran").exists()
    assert "weights_only" not in str(refused.value)
    assert "\n" not in str(refused.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["old"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no file that torch has saved"),
        (b"PK\x03\x04 and then nothing", "no file that torch has saved"),
        ([1, 2], "no table of tensors"),
        ({}, "no table of tensors"),
        ({"weight": "a word"}, "'weight' is no tensor"),
    ],
    ids=["empty", "truncated", "list", "no tensors", "a word"],
)
def test_what_is_no_adapter_is_refused(folder: Path, tmp_path: Path, content: Any, words: str) -> None:
    file = folder / "adapter_model.bin"
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        torch.save(content, file)
    with pytest.raises(ModelFileError, match=words):
        convert_pickle(folder, tmp_path / "new")


def test_the_child_sees_no_token(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "secret")
    seen: dict[str, Any] = {}

    def note(*_: Any, **settings: Any) -> Any:
        seen.update(settings)
        raise subprocess.TimeoutExpired("python", 1)

    monkeypatch.setattr(pickles.subprocess, "run", note)
    with pytest.raises(ModelFileError, match="was not read within 600 s"):
        convert_pickle(folder, tmp_path / "new")
    assert "secret" not in seen["env"].values()
    assert seen["timeout"] == 600


def test_a_module_beside_the_adapter_is_not_imported(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "torch.py").write_text(f"open({str(tmp_path / 'it-ran')!r}, 'w').close()")
    monkeypatch.setenv("PYTHONPATH", str(Path(pickles.__file__).parents[2]))
    monkeypatch.chdir(folder)
    convert_pickle(folder, tmp_path / "new")
    assert not (tmp_path / "it-ran").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda folder, _: (folder / "adapter_model.bin").unlink(), r"it has no adapter_model\.bin"),
        (
            lambda folder, _: (folder / "adapter_model.bin").rename(folder / "adapter_model.safetensors"),
            r"it has adapter_model\.safetensors already",
        ),
        (lambda folder, _: (folder / "adapter_config.json").unlink(), r"it has no adapter_config\.json"),
        (lambda _, target: target.mkdir(), "is there already"),
    ],
    ids=["nothing", "done already", "no adapter", "target there"],
)
def test_says_why_there_is_nothing_to_do(
    folder: Path, tmp_path: Path, change: Callable[[Path, Path], Any], words: str
) -> None:
    change(folder, tmp_path / "new")
    with pytest.raises(ConfigError, match=words):
        convert_pickle(folder, tmp_path / "new")
