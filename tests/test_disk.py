import errno
import os
from pathlib import Path

import pytest

from support_agent.disk import translated_errors
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
