"""What is wrong with the answers a company gives its agent.

It changes nothing: a person mends what it finds. What a build leaves out by itself is decided in sifting.py.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from support_agent.records import Passage
from support_agent.retrieval import pairs
from support_agent.retrieval.embedders import Embedder, encode_queries
from support_agent.retrieval.sifting import has_orders, is_empty, is_refusal, sift
from support_agent.wording import token_f1

# Two questions this close ask the same, such as "Can Lamini …?" and "Is Lamini able to …?".
NEAR_COSINE = 0.9
# Two answers that share fewer of their words say different things.
SAME_ANSWER_F1 = 0.5
ROWS_AT_ONCE = 512

EMAIL = re.compile(r"\b[\w.+-]+@(?!example\.)[\w-]+(?:\.[\w-]+)+\b")
PHONE = re.compile(
    r"(?<![\w.+-])(?:\+\d{1,3}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d{2,4}(?:[ .-]?\d{2,4}){1,4}"
    r"|(?:1[ .-])?(?:\(\d{3}\)[ .-]?|\d{3}[ .-])\d{3}[ .-]\d{4})(?![\w-])"
)


@dataclass(frozen=True)
class Finding:
    """One thing to look at: "refusal", "empty", "orders", "duplicate", "contradiction", "email" or "phone"."""

    kind: str
    passage_ids: tuple[str, ...]
    message: str


def lint(passages: Sequence[Passage], embedder: Embedder) -> list[Finding]:
    """Every finding, in the order of the kinds above."""
    return [
        *_unfit(passages),
        *_duplicates(passages),
        *_contradictions(passages, embedder),
        *_matches(passages, "email", EMAIL, "an e-mail address"),
        *_matches(passages, "phone", PHONE, "a phone number"),
    ]


def _unfit(passages: Sequence[Passage]) -> Iterator[Finding]:
    for passage in passages:
        if is_refusal(passage.text):
            yield Finding("refusal", (passage.passage_id,), f"answers with a refusal: {_short(passage.text)}")
    for passage in passages:
        if is_empty(passage) and not is_refusal(passage.text):
            side = "question" if not re.search(r"\w", passage.title) else "answer"
            yield Finding("empty", (passage.passage_id,), f"has no words as its {side}")
    for passage in passages:
        if has_orders(passage):
            message = f"holds orders for a model or marks of a chat template: {_short(passage.text)}"
            yield Finding("orders", (passage.passage_id,), message)


def _duplicates(passages: Sequence[Passage]) -> Iterator[Finding]:
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for passage in passages:
        groups[" ".join(passage.title.split()), " ".join(passage.text.split())].append(passage.passage_id)
    for (title, _), ids in groups.items():
        if len(ids) > 1:
            yield Finding("duplicate", tuple(ids), f"stand {len(ids)} times with the same answer: {_short(title)}")


def _contradictions(passages: Sequence[Passage], embedder: Embedder) -> Iterator[Finding]:
    """Pairs of like questions with unlike answers. Pieces of documents share headings, so only pairs are compared."""
    asked, _ = sift(passage for passage in passages if Path(passage.source).suffix.lower() in pairs.SUFFIXES)
    for first, second, cosine in _near(embedder, asked):
        f1 = token_f1(first.text, second.text)
        if f1 < SAME_ANSWER_F1:
            yield Finding(
                "contradiction",
                (first.passage_id, second.passage_id),
                f"ask the same (cosine {cosine:.2f}) and answer differently (F1 {f1:.2f}): "
                f"{_short(first.title)} / {_short(second.title)}",
            )


def _near(embedder: Embedder, passages: Sequence[Passage]) -> Iterator[tuple[Passage, Passage, float]]:
    import numpy as np

    vectors = encode_queries(embedder, [passage.title for passage in passages])
    for start in range(0, len(passages), ROWS_AT_ONCE):
        cosines = vectors[start : start + ROWS_AT_ONCE] @ vectors[start:].T
        for row, column in np.argwhere(np.triu(cosines >= NEAR_COSINE, k=1)):
            yield passages[start + row], passages[start + column], float(cosines[row, column])


def _matches(passages: Sequence[Passage], kind: str, pattern: re.Pattern[str], what: str) -> Iterator[Finding]:
    for passage in passages:
        found = pattern.search(passage.text)
        if found:
            yield Finding(kind, (passage.passage_id,), f"holds {what}: {found.group()}")


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 60 else words[:59] + "…"
