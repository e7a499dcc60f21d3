"""Two embedders as one: a cosine is the weighted mean of theirs, and a title counts apart."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from support_agent.retrieval import HashingEmbedder
from support_agent.retrieval.joined import WEIGHT, JoinedEmbedder

PASSAGE = "How do I return a bike?\nPack it in its box and print the label."
QUESTION = "Can I send my bike back?"


class Asking:
    """Tells questions from passages, as e5 does."""

    name, fingerprint, dimension = "asking", "b", 512

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return HashingEmbedder().encode([f"passage: {text}" for text in texts])

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return HashingEmbedder().encode([f"query: {text}" for text in texts])


@pytest.fixture
def joined() -> JoinedEmbedder:
    return JoinedEmbedder("both", HashingEmbedder(), Asking())


def test_rows_have_length_one(joined: JoinedEmbedder) -> None:
    rows = np.vstack([joined.encode([PASSAGE, "one line"]), joined.encode_queries([QUESTION])])
    assert rows.shape == (3, joined.dimension) == (3, 1024)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1.0, abs=1e-5)


def test_a_cosine_is_the_weighted_mean_of_both_and_the_title_counts_apart(joined: JoinedEmbedder) -> None:
    first, second = HashingEmbedder(), Asking()
    title = PASSAGE.split("\n", 1)[0]
    mean = (second.encode([PASSAGE]) + second.encode([title]))[0]
    theirs = second.encode_queries([QUESTION])[0] @ mean / np.linalg.norm(mean)
    ours = (first.encode([QUESTION]) @ first.encode([PASSAGE]).T).item()
    found = (joined.encode_queries([QUESTION]) @ joined.encode([PASSAGE]).T).item()
    assert found == pytest.approx((ours + WEIGHT * theirs) / (1 + WEIGHT), abs=1e-5)


def test_no_texts_are_no_rows(joined: JoinedEmbedder) -> None:
    assert joined.encode([]).shape == joined.encode_queries([]).shape == (0, 1024)


def test_its_fingerprint_changes_with_either(joined: JoinedEmbedder) -> None:
    assert JoinedEmbedder("both", Asking(), HashingEmbedder()).fingerprint != joined.fingerprint
