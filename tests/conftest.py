"""Doubles that several rooms' tests share. Nothing here loads a model."""

import json
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from support_agent import Agent, Passage
from support_agent.config import Config
from support_agent.generation.generator import Generator
from support_agent.generation.scripted import ScriptedGenerator
from support_agent.retrieval import HashingEmbedder, Subject
from support_agent.wording import content_words

PASSAGES = [
    Passage(
        "docs:1",
        "How do I get an API key?",
        "You can generate an API key in the API tab at app.lamini.ai. Keep it secret.",
        "docs",
    ),
    Passage(
        "docs:2", "What is the Enterprise plan?", "The Enterprise plan is for large teams. It has support.", "docs"
    ),
    Passage("docs:3", "How much does the Enterprise plan cost?", "The Enterprise plan costs $99 a month.", "docs"),
]


class WordIndex:
    """Finds passages by shared words; the score is the share of the ticket's words that the passage holds."""

    version = "words"
    passages = tuple(PASSAGES)

    def __init__(self, subject: Subject | None = None) -> None:
        self.embedder = HashingEmbedder()
        self.subject = subject or Subject()
        self.searches: list[str] = []

    def search(self, texts: Sequence[str], k: int) -> list[list[Passage]]:
        self.searches.extend(texts)
        return [self._search(text)[:k] for text in texts]

    def _search(self, text: str) -> list[Passage]:
        words = set(content_words(text))
        shares = {p: len(words & set(content_words(f"{p.title} {p.text}"))) / max(1, len(words)) for p in PASSAGES}
        ordered = sorted(PASSAGES, key=lambda passage: -shares[passage])
        # No two of them say the same, and words alone find what the shares find.
        leads = [shares[one] - shares[other] for one, other in pairwise(ordered)] + [1.0]
        return [
            replace(passage, score=shares[passage], lead=lead, word_score=1 / rank if shares[passage] else 0.0)
            for rank, (passage, lead) in enumerate(zip(ordered, leads, strict=True), start=1)
        ]


def make_agent(generator: Generator, **settings: object) -> Agent:
    return Agent(WordIndex(), generator, Config(**{"calibration": "none", **settings}))


@pytest.fixture
def generator() -> ScriptedGenerator:
    return ScriptedGenerator()


@pytest.fixture
def agent(generator: ScriptedGenerator) -> Agent:
    return make_agent(generator)


@pytest.fixture
def unlist() -> Callable[[Path, str], None]:
    """Takes a file out of its folder's manifest, so that nobody would notice if it were another."""

    def take_out(folder: Path, name: str) -> None:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        del manifest["files"][name]
        (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")

    return take_out


OUR_PACKAGES = {"support_agent", "finetune"}
DEPRECATIONS = (DeprecationWarning, PendingDeprecationWarning, FutureWarning)


@pytest.fixture(autouse=True, scope="session")
def own_deprecations_are_errors() -> Iterator[None]:
    """A filter knows the line that a warning is about, not who gave it: other libraries' are often about our lines."""
    plain_warn = warnings.warn

    def warn(message, category=None, stacklevel=1, **more):  # type: ignore[no-untyped-def]
        kind = type(message) if isinstance(message, Warning) else category or UserWarning
        announced_by = sys._getframe(1).f_globals.get("__name__", "").partition(".")[0]
        if announced_by in OUR_PACKAGES and issubclass(kind, DEPRECATIONS):
            raise kind(message)
        plain_warn(message, category, stacklevel + 1, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(warnings, "warn", warn)
        yield
