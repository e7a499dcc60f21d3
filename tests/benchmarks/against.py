"""Seconds and peak memory of this checkout beside another one, in one run.

    python tests/benchmarks/against.py FOLDER [--rounds 3]

FOLDER is a checkout of the project, for example of an earlier commit (`git worktree add FOLDER COMMIT`). Each command
is run in both, in turns; printed are the medians and the ratio this ÷ other of CPU seconds and of peak memory. Both use
the same installed libraries and the same model cache; the first run of each command is not counted.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parents[2]
QUESTIONS = ["Where is Lamini located?", "What is the best pizza in Naples?", "I want to speak to a human"]


def commands(folder: Path) -> dict[str, list[str]]:
    """What is measured, by name; ``folder`` takes the files that a command writes."""
    tickets = folder / "tickets.csv"
    rows = [f'{number},"{QUESTIONS[number % 3]} ({number})"' for number in range(200)]
    tickets.write_text("id,text\n" + "\n".join(rows) + "\n", "utf-8")
    batch = ["batch", str(tickets), "-o", str(folder / "answered.csv"), "--map", "text=text"]
    return {
        "--help": ["--help"],
        "ask": ["ask", QUESTIONS[0]],
        "ask, handed over": ["ask", QUESTIONS[2]],
        "batch of 200, extractive": [*batch, "--generator", "extractive", "--calibration", "none"],
        "doctor": ["doctor"],
    }


def run(checkout: Path, arguments: list[str]) -> tuple[float, float]:
    """CPU seconds and peak MiB of one command in a process of its own."""
    program = [sys.executable, "-c", "from support_agent.cli import main; main()", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    with subprocess.Popen(
        program, env=environment, cwd=checkout, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(arguments)} ended with {process.returncode} in {checkout}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main() -> None:
    """Print a line for each command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("other", type=Path, help="the other checkout")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name, arguments in commands(Path(folder)).items():
            seen: dict[str, list[tuple[float, float]]] = {"this": [], "other": []}
            for number in range(options.rounds + 1):
                for which, checkout in (("this", HERE), ("other", options.other.resolve())):
                    measured = run(checkout, arguments)
                    if number:
                        seen[which].append(measured)
            this, other = ([statistics.median(column) for column in zip(*seen[which], strict=True)] for which in seen)
            print(
                f"{name:28} {this[0]:6.2f} / {other[0]:6.2f} CPU s = {this[0] / other[0]:.2f}   "
                f"{this[1]:6.0f} / {other[1]:6.0f} MiB = {this[1] / other[1]:.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
