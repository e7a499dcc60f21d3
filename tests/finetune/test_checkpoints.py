from collections.abc import Callable
from pathlib import Path

import pytest

from finetune import checkpoints
from support_agent.errors import TrainingError


def make_checkpoint(work: Path, step: int) -> Path:
    folder = work / f"checkpoint-{step}"
    folder.mkdir(parents=True)
    (folder / "weights").write_bytes(b"weights")
    checkpoints.seal(folder)
    return folder


def test_newest_whole_checkpoint_is_taken_by_number(tmp_path: Path) -> None:
    make_checkpoint(tmp_path, 9)
    assert checkpoints.last_whole(tmp_path) != make_checkpoint(tmp_path, 8)
    assert checkpoints.last_whole(tmp_path) != make_checkpoint(tmp_path, 1)
    assert checkpoints.last_whole(tmp_path) == tmp_path / "checkpoint-9"
    newest = make_checkpoint(tmp_path, 10)
    assert checkpoints.last_whole(tmp_path) == newest


def test_half_written_checkpoint_is_skipped(tmp_path: Path) -> None:
    whole = make_checkpoint(tmp_path, 3)
    (make_checkpoint(tmp_path, 6) / "manifest.json").unlink()
    assert checkpoints.last_whole(tmp_path) == whole


def test_damaged_checkpoint_is_skipped(tmp_path: Path) -> None:
    whole = make_checkpoint(tmp_path, 3)
    (make_checkpoint(tmp_path, 6) / "weights").write_bytes(b"weighty")
    assert checkpoints.last_whole(tmp_path) == whole


def test_no_checkpoint_is_no_error(tmp_path: Path) -> None:
    assert checkpoints.last_whole(tmp_path) is None


def test_run_of_another_recipe_is_not_gone_on_with(tmp_path: Path) -> None:
    checkpoints.begin(tmp_path / "work", {"recipe": {"rank": 8, "layers": ("q", "v")}})
    checkpoints.check_same_run(tmp_path / "work", {"recipe": {"rank": 8, "layers": ("q", "v")}})
    with pytest.raises(TrainingError, match="was begun with rank = 8, not 16"):
        checkpoints.check_same_run(tmp_path / "work", {"recipe": {"rank": 16, "layers": ("q", "v")}})


def test_run_without_its_note_is_not_gone_on_with(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="Begin anew"):
        checkpoints.check_same_run(tmp_path, {})


def test_checkpoint_that_was_damaged_and_written_again_is_whole(tmp_path: Path) -> None:
    folder = make_checkpoint(tmp_path, 3)
    (folder / "weights").write_bytes(b"damaged")
    checkpoints.seal(folder)
    assert checkpoints.last_whole(tmp_path) == folder


def test_what_was_written_after_the_last_whole_checkpoint_is_dropped(tmp_path: Path) -> None:
    whole = make_checkpoint(tmp_path, 3)
    (make_checkpoint(tmp_path, 6) / "weights").write_bytes(b"damaged")
    checkpoints.drop_broken(tmp_path)
    assert list(tmp_path.iterdir()) == [whole]


def test_checkpoint_with_an_unlisted_file_is_skipped(tmp_path: Path, unlist: Callable[[Path, str], None]) -> None:
    whole = make_checkpoint(tmp_path, 3)
    unlist(make_checkpoint(tmp_path, 6), "weights")
    assert checkpoints.last_whole(tmp_path) == whole
