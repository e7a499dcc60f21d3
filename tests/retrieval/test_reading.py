"""The cross-encoder, on its real weights."""

from pathlib import Path

import numpy as np
import pytest

from support_agent.errors import ModelFileError
from support_agent.retrieval.reading import CrossEncoder

ANSWERED = ("How many people live in Berlin?", "Berlin has a population of 3,520,031 registered inhabitants.")
UNANSWERED = ("How many people live in Berlin?", "New York City is famous for the Metropolitan Museum of Art.")


@pytest.fixture(scope="module")
def reader() -> CrossEncoder:
    return CrossEncoder(threads=1)


def test_a_passage_that_answers_is_far_above_one_that_does_not(reader: CrossEncoder) -> None:
    answered, unanswered = reader.logits([ANSWERED, UNANSWERED])

    assert answered > 5
    assert unanswered < -5


def test_a_pair_is_read_alike_alone_and_among_others(reader: CrossEncoder) -> None:
    pairs = [ANSWERED, ("a", "b " * 600), UNANSWERED, ("", ""), ("\ud800", "half")]

    together = reader.logits(pairs)

    assert together.dtype == np.float32
    assert together == pytest.approx(np.concatenate([reader.logits([pair]) for pair in pairs]), abs=1e-3)


def test_no_pairs_have_no_logits(reader: CrossEncoder) -> None:
    assert reader.logits([]).shape == (0,)


def test_nothing_is_fetched_or_opened_before_the_first_pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPPORT_AGENT_CACHE", str(tmp_path))
    reader = CrossEncoder(offline=True)

    assert len(reader.fingerprint) == 64
    with pytest.raises(ModelFileError, match="support-agent models pull ms-marco-minilm-l-12-v2"):
        reader.logits([ANSWERED])
