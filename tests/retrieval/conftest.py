"""A small index made with the hashing embedder, and the real embedder."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from support_agent.records import Passage
from support_agent.retrieval import Embedder, HashingEmbedder, build_index, open_embedder
from support_agent.retrieval.documents import Source

ROWS = [
    ("How do I reset my password?", "Open Settings, choose Security, then Reset password."),
    ("What does the Pro plan cost?", "The Pro plan costs 20 euros a month."),
    ("Can I export my data?", "Yes, under Settings, Export, as a CSV file."),
    ("Which browsers are supported?", "Firefox, Chrome and Safari, each in its last two versions."),
    ("How do I cancel?", "I'm sorry, I can't help with that."),
    ("", "An answer without a question."),
    ("Can I export my data?", "Yes, under Settings, Export, as a CSV file."),
]


def source_of(rows: Sequence[tuple[str, str]], name: str = "faq") -> Source:
    passages = tuple(Passage(f"{name}:{n}", title, text, f"{name}.csv") for n, (title, text) in enumerate(rows, 1))
    return Source(f"{name}.csv", "0" * 64, passages)


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("index") / "faq"
    build_index(folder, [source_of(ROWS)], HashingEmbedder())
    return folder


@pytest.fixture
def folder(made_once: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made_once, tmp_path / "faq")


@pytest.fixture(scope="session")
def minilm() -> Embedder:
    """The embedded embedder on its real weights, fetched and converted at most once for this machine."""
    return open_embedder("all-minilm-l6-v2", threads=1)
