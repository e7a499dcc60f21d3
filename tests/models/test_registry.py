"""The registry's data can be read and holds what others rely on."""

import re

import pytest

from support_agent.errors import ModelFileError
from support_agent.models import HubMirror, JoinedWheelsMirror, find, is_known, registry


@pytest.mark.parametrize(
    "name",
    [
        "smollm2-135m-instruct",
        "qwen2.5-coder-0.5b-instruct",
        "qwen2.5-coder-1.5b-instruct",
        "all-minilm-l6-v2",
        "llama-2-7b",
        "llama-2-7b-lamini-docs",
    ],
    ids=str,
)
def test_knows_the_models_that_the_package_speaks_of(name: str) -> None:
    assert is_known(name)
    assert find(name).mirrors


@pytest.mark.parametrize("entry", registry().values(), ids=lambda entry: entry.name)
def test_every_pinned_hash_is_a_sha256_with_a_size(entry) -> None:
    pinned = [file for file in entry.files if file.sha256]
    assert all(re.fullmatch("[0-9a-f]{64}", file.sha256) for file in pinned)
    assert all(file.size_bytes for file in pinned)


@pytest.mark.parametrize("name", ["smollm2-135m-instruct", "all-minilm-l6-v2"], ids=str)
def test_the_embedded_models_are_pinned_whole_and_come_from_hub_or_wheel(name: str) -> None:
    entry = find(name)
    assert all(file.sha256 for file in entry.files)
    assert [source.label.split()[0] for source in entry.mirrors] == ["hub", "wheel"]


REWRITTEN = ["multilingual-e5-small", "bge-small-en-v1.5"]


@pytest.mark.parametrize("name", REWRITTEN, ids=str)
def test_files_that_others_than_the_makers_wrote_are_pinned_and_said_to_be_theirs(name: str) -> None:
    entry = find(name)
    assert all(file.sha256 for file in entry.files)
    assert f"{entry.files[0].path} is " in entry.provenance


@pytest.mark.parametrize("name", ["multilingual-e5-small-original", "bge-small-en-v1.5-original"], ids=str)
def test_the_makers_own_files_are_an_entry_of_their_own(name: str) -> None:
    entry = find(name)
    assert not entry.provenance
    assert all(file.sha256 for file in entry.files)


@pytest.mark.parametrize("name", ["qwen2.5-coder-0.5b-instruct", "qwen2.5-coder-1.5b-instruct"], ids=str)
def test_the_larger_writers_are_pinned_whole_and_come_from_hub_or_several_wheels(name: str) -> None:
    entry = find(name)
    (joined,) = [mirror for mirror in entry.mirrors if isinstance(mirror, JoinedWheelsMirror)]
    assert [file.path for file in entry.files if file.sha256] == [joined.path]


def test_an_unknown_name_is_met_with_the_nearest_one() -> None:
    with pytest.raises(ModelFileError, match="Did you mean 'llama-2-7b'"):
        find("llama-2-7B")


@pytest.mark.parametrize(
    "name",
    [
        "smollm2-135m-instruct",
        "all-minilm-l6-v2",
        "multilingual-e5-small-original",
        "bge-small-en-v1.5-original",
        "llama-2-7b",
    ],
    ids=str,
)
def test_models_come_from_one_commit_of_the_hub(name: str) -> None:
    hub = find(name).mirrors[0]
    assert isinstance(hub, HubMirror)
    assert re.fullmatch("[0-9a-f]{40}", hub.revision)


def test_no_model_is_fetched_as_a_pickle() -> None:
    assert not [file.path for entry in registry().values() for file in entry.files if file.path.endswith(".bin")]
