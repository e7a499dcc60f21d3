import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = str(Path(sys.executable).with_name("support-agent"))


@pytest.mark.parametrize(
    ("arguments", "word"),
    [(["frob"], "frob"), (["ask"], "text"), (["batch", "in.csv"], "--output"), (["ask", "-x"], "-x")],
    ids=["command", "argument", "option", "dash"],
)
def test_wrong_usage_is_one_message_and_exit_code_2(arguments: list[str], word: str) -> None:
    done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert word in done.stderr
    assert "Traceback" not in done.stderr


def test_a_closed_standard_output_is_no_traceback() -> None:
    done = subprocess.run(f"{PROGRAM} config show <&- >&-", shell=True, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
