import errno
import os
from pathlib import Path

import pytest

from support_agent.disk import put_in_place, translated_errors
from support_agent.errors import BatchError


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "cannot be written: no space is left"),
        (errno.EDQUOT, "cannot be written: no space is left"),
        (errno.EFBIG, "may not grow further: a file-size limit is reached"),
        (errno.EACCES, "cannot be written: Permission denied"),
    ],
    ids=["full", "quota", "file size limit", "no permission"],
)
def test_an_error_of_the_disk_is_named_for_what_it_is(tmp_path: Path, number: int, words: str) -> None:
    with (
        pytest.raises(BatchError, match=rf"out.csv {words}.*Mend it\."),
        translated_errors(tmp_path / "out.csv", BatchError, "Mend it."),
    ):
        raise OSError(number, os.strerror(number))


def test_what_is_made_takes_the_place_of_what_stood_there(tmp_path: Path) -> None:
    target = tmp_path / "some" / "folder"
    for text in ("old", "new"):
        with put_in_place(target) as made:
            made.mkdir()
            (made / text).touch()
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == [
        "some",
        "some/folder",
        "some/folder/new",
    ]


def test_what_stood_there_comes_back_where_nothing_was_made(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_text("old")
    with pytest.raises(FileNotFoundError), put_in_place(target):
        pass
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]
