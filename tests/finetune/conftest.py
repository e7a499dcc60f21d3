"""A two-layer random Llama on disk, and the recipe that trains it in a few seconds."""

from pathlib import Path

import pytest

from finetune.recipe import Recipe, load_recipe
from finetune.tiny_llama import write_tiny_llama


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny_llama")
    write_tiny_llama(folder)
    return folder


@pytest.fixture
def rows_file(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    answers = ["Press the blue key.", "Ask your administrator.", "It takes three days."]
    lines = [f"How do I do task {n}?,{answers[n % 3]}" for n in range(24)]
    path.write_text("\n".join(["question,answer", *lines]), "utf-8")
    return path


@pytest.fixture
def recipe(tiny_base: Path, rows_file: Path) -> Recipe:
    """Six steps on 24 short rows."""
    changes = {"base": str(tiny_base), "data": str(rows_file), "max_rows": 0, "epochs": 2, "dev_share": 0.0}
    return load_recipe("smoke", changes)
