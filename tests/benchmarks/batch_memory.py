"""Peak memory of a batch of 2,000 rows against one of 40,000, each in a process of its own.

    python tests/benchmarks/batch_memory.py

Prints both peaks and their ratio. The agent is the tests' echoing double, so what is measured is the batch itself.
"""

import csv
import importlib.util
import subprocess
import sys
import tempfile
import time
from collections import deque
from pathlib import Path

ECHO_AGENT = Path(__file__).parents[1] / "batch" / "echo_agent.py"
SIZES = (2_000, 40_000)


def main() -> None:
    peaks = {}
    for rows in SIZES:
        peak_mib, seconds = (
            float(word) for word in subprocess.check_output([sys.executable, __file__, str(rows)]).split()
        )
        peaks[rows] = peak_mib
        print(f"{rows:>7,} rows: peak {peak_mib:.1f} MiB, {seconds:.1f} s")
    print(f"ratio {peaks[SIZES[1]] / peaks[SIZES[0]]:.3f}")


def run_one(rows: int) -> None:
    """Run one batch of ``rows`` different tickets of 500 characters; print peak MiB and seconds."""
    import resource

    from support_agent.batch import plan_batch, run_batch

    spec = importlib.util.spec_from_file_location("echo_agent", ECHO_AGENT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    agent = module.EchoAgent()
    agent.asked = deque(maxlen=1)  # the double's own memory of what it was asked would grow
    with tempfile.TemporaryDirectory() as name:
        source, output = Path(name) / "in.csv", Path(name) / "out.csv"
        with source.open("w", newline="") as file:
            csv.writer(file).writerow(["id", "text"])
            csv.writer(file).writerows([n, f"ticket {n} ".ljust(500, "x")] for n in range(rows))
        started = time.perf_counter()
        run_batch(plan_batch(source, output, {}), lambda: agent)
        seconds = time.perf_counter() - started
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, seconds)


if __name__ == "__main__":
    run_one(int(sys.argv[1])) if len(sys.argv) > 1 else main()
