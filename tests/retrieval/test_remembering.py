from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from support_agent.retrieval import HashingEmbedder, remembering
from support_agent.retrieval.embedders import encode_queries
from support_agent.retrieval.remembering import RememberingEmbedder


class Counting(HashingEmbedder):
    def __init__(self) -> None:
        super().__init__()
        self.met: list[str] = []

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.met.extend(texts)
        return super().encode(texts)


def test_a_text_is_embedded_once_and_gets_the_same_vector() -> None:
    inner = Counting()
    embedder = RememberingEmbedder(inner)
    first = embedder.encode(["one", "two", "one"])
    second = embedder.encode(["two", "three"])
    assert inner.met == ["one", "two", "three"]
    assert np.array_equal(first, HashingEmbedder().encode(["one", "two", "one"]))
    assert np.array_equal(second[0], first[1])


class Asking(Counting):
    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self.encode([f"query: {text}" for text in texts])


def test_a_question_is_another_text_than_a_passage_where_the_embedder_tells_them_apart() -> None:
    inner = Asking()
    embedder = RememberingEmbedder(inner)
    asked, passage = embedder.encode_queries(["one", "one"]), embedder.encode(["one"])
    assert inner.met == ["query: one", "one"]
    assert np.array_equal(asked[0], HashingEmbedder().encode(["query: one"])[0])
    assert np.array_equal(passage, HashingEmbedder().encode(["one"]))


def test_a_question_and_a_passage_share_a_vector_where_the_embedder_does_not() -> None:
    inner = Counting()
    embedder = RememberingEmbedder(inner)
    assert np.array_equal(encode_queries(embedder, ["one"]), embedder.encode(["one"]))
    assert inner.met == ["one"]


def test_what_was_met_longest_ago_is_forgotten(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(remembering, "TEXTS_KEPT", 2)
    inner = Counting()
    embedder = RememberingEmbedder(inner)
    embedder.encode(["one", "two"])
    embedder.encode(["one", "three"])
    embedder.encode(["two"])
    assert inner.met == ["one", "two", "three", "two"]


def test_it_is_the_embedder_to_everybody_else() -> None:
    inner = Counting()
    embedder = RememberingEmbedder(inner)
    assert (embedder.name, embedder.fingerprint, embedder.dimension) == (inner.name, inner.fingerprint, inner.dimension)
    assert embedder.encode([]).shape == (0, inner.dimension)
