"""The GPU benchmark's own code, on two small layers: where there is no card it would otherwise never run."""

import json
import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "gpu_llama2_7b.py"


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    without_card = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, str(SCRIPT), *arguments]
    return subprocess.run(command, env=without_card, capture_output=True, text=True, check=False)


def test_the_gpu_benchmark_trains_our_way_in_4_bit_at_its_tiny_size(tmp_path: Path) -> None:
    done = _run("--tiny", "--only", "ours-32-batch1-checkpointing-chunk256", "--json", str(tmp_path / "out.json"))
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "out.json").read_text())
    (row,) = report["rows"]
    assert (report["device"], row["status"]) == ("CPU", "ok")
    assert row["tokens_per_s"] > 0
    assert row["peak_bytes"] > 0


def test_the_gpu_benchmark_says_in_one_sentence_that_there_is_no_card() -> None:
    done = _run()
    assert done.returncode == 1
    assert done.stderr.strip().splitlines() == [
        "There is no CUDA card here to measure; --tiny runs the same code on two small layers."
    ]
