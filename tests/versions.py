"""Which releases the tests run with.

    python tests/versions.py pin             # makes tests/constraints.txt anew, from what pip resolves today
    python tests/versions.py newest [-k …]   # runs the tests against the newest releases, whatever the bounds say

Each works in a virtual environment of its own, which is deleted afterwards. torch keeps its bound in both: an open one
takes a build of several gigabytes.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import tomllib
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
CONSTRAINTS = ROOT / "tests" / "constraints.txt"
HEADER = "# Every release that the tests ran with. Made by `python tests/versions.py pin`.\n"


def pin() -> None:
    with environment() as python:
        run(python, "-m", "pip", "install", "--quiet", f"{ROOT}[test]")
        frozen = run(python, "-m", "pip", "freeze", "--exclude", "support-agent").stdout
    # "+cpu" names a build that only some indexes have; without it the constraint fits every build of that release.
    CONSTRAINTS.write_text(HEADER + re.sub(r"\+\w+$", "", frozen, flags=re.MULTILINE), "utf-8")


def newest(arguments: list[str]) -> int:
    with environment() as python:
        run(python, "-m", "pip", "install", "--quiet", *unbounded())
        run(python, "-m", "pip", "install", "--quiet", "--no-deps", str(ROOT))
        return subprocess.run([python, "-m", "pytest", *arguments], cwd=ROOT, check=False).returncode


def unbounded() -> list[str]:
    """Every dependency by its name alone; those of the package's own extras are taken from their lists."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    stated = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    others = [one for one in stated if not one.startswith(project["name"])]
    return [one if one.startswith("torch>") else re.split(r"[<>=!~]", one)[0] for one in others]


@contextmanager
def environment() -> Iterator[str]:
    """The Python of a fresh virtual environment."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        yield str(next(Path(folder).glob("[Bb]in/python")))


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["pin"]:
            pin()
        case ["newest", *arguments]:
            sys.exit(newest(arguments))
        case _:
            sys.exit(__doc__)
