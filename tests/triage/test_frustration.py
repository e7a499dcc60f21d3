"""Anger at us fires; bug reports in strong words do not; a conversation adds up; a foreign embedder leaves the cues."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support_agent.errors import ModelFileError
from support_agent.retrieval import Embedder, HashingEmbedder, open_embedder
from support_agent.triage.frustration import (
    LONG_CHARS,
    WEIGHTS,
    FrustrationModel,
    frustration_signal,
    model_for,
    read_model,
    turn_value,
)
from support_agent.triage.frustration_cues import found_cues
from support_agent.triage.signal_folders import folder_for

ROWS = [
    json.loads(line) for line in (Path(__file__).parent / "frustration_tickets.jsonl").read_text("utf-8").splitlines()
]
HELD_OUT = [row for row in ROWS if row["half"] == "held_out"]


@pytest.fixture(scope="session")
def minilm() -> Embedder:
    return open_embedder("all-minilm-l6-v2", threads=1)


@pytest.fixture
def shipped(minilm: Embedder) -> Path:
    found = folder_for(minilm.fingerprint)
    assert found is not None
    return found


@pytest.fixture
def model(shipped: Path) -> FrustrationModel:
    return read_model(shipped)


@pytest.mark.parametrize(
    ("text", "cue"),
    [
        ("It is still not working.", "not yet"),
        ("I’m so frustrated with this.", "own feeling"),
        ("Where is it?!", "exclamation run"),
        ("WHY DO YOU NOT ANSWER", "shouting"),
        ("I did NOT do that", "stressed word"),
        ("Das ist jetzt schon zum dritten Mal kaputt", "asks again"),
    ],
)
def test_finds_a_cue(text: str, cue: str) -> None:
    assert list(found_cues(text)) == [cue]


@pytest.mark.parametrize(
    "text",
    [
        "How do I cancel my subscription?",
        "What is the worst case latency of the platform?",
        "fatal error: cuda.h: No such file or directory",
        "WARNING: CUDA NOT FOUND, FALLING BACK TO CPU",
        "if (a != b) { !!b }",
        "Is a loss of 2.3 acceptable?",
        "How many times do I train?",
        "Can I get a refund for unused credits?",
        "How do I detect frustrated customers?",
        "Wie kann ich mein Passwort ändern?",
    ],
)
def test_an_ordinary_ticket_has_no_strong_cue(text: str) -> None:
    assert not frustration_signal(None, text, None).fired


def test_the_cues_speak_alone_for_another_embedder() -> None:
    model = model_for(HashingEmbedder.fingerprint)

    assert model is None
    assert frustration_signal(model, "I am furious, your support is useless!!", None).fired


@pytest.mark.parametrize(
    "text",
    [
        "The worker was killed by the out-of-memory killer. Which batch size do you recommend?",
        "fatal error: cuda.h: No such file or directory",
        "How do I abort a training job that hangs?",
        "Does the master need more memory than the slaves?",
        "The loss explodes and the process dies with exit code 137.",
        "How do I destroy a deployment?",
        "I have a stupid question: where do I see the version number?",
    ],
    ids=["killed", "fatal", "abort", "master", "explodes", "destroy", "stupid question"],
)
def test_a_calm_report_in_strong_words_does_not_fire(text: str, model: FrustrationModel, minilm: Embedder) -> None:
    assert not frustration_signal(model, text, minilm.encode([text])).fired


@pytest.mark.parametrize(("angry", "least", "most"), [(True, 27, 30), (False, 0, 3)], ids=["angry", "calm"])
def test_tells_most_held_out_tickets_apart(
    angry: bool, least: int, most: int, model: FrustrationModel, minilm: Embedder
) -> None:
    texts = [row["text"] for row in HELD_OUT if row["angry"] is angry]
    vectors = minilm.encode(texts)

    assert (
        least
        <= sum(frustration_signal(model, text, row[None]).fired for text, row in zip(texts, vectors, strict=True))
        <= most
    )


@pytest.mark.parametrize(
    "text",
    [
        "damn, you guys rock!",
        "Fuck yeah, it works! Can I use it offline?",
        "Holy shit, this is the best update you've ever done.",
        "Bloody brilliant support last week, give that Nadia a raise.",
        "The search ranks exact matches below fuzzy ones. It's plainly wrong and has been since 5.1.",
    ],
    ids=["damn", "joy", "best", "bloody brilliant", "harsh report"],
)
def test_praise_and_harsh_reports_are_no_anger(text: str, model: FrustrationModel, minilm: Embedder) -> None:
    assert not frustration_signal(model, text, minilm.encode([text])).fired


@pytest.mark.parametrize(
    "text",
    [
        "Wow, brilliant. Third outage this week and you call it reliable.",
        "Congratulations on making the worst SDK I have ever used.",
        "This is the third time I am asking, and nobody has fixed it. I am furious.",
        "What a useless piece of garbage, your service is a complete joke.",
        "You people are unbelievable. I want my money back!!!",
        "I hate this, nothing works and your support ignores me.",
    ],
    ids=["sarcasm", "congratulations", "third time", "insult to the product", "money back", "ignored"],
)
def test_an_angry_ticket_fires(text: str, model: FrustrationModel, minilm: Embedder) -> None:
    assert frustration_signal(model, text, minilm.encode([text])).fired


@pytest.mark.parametrize(("turns", "fires"), [(1, False), (2, False), (3, True)], ids=["one", "two", "three"])
def test_three_mildly_annoyed_turns_fire_together(turns: int, fires: bool) -> None:
    text = "It is still not working."

    assert frustration_signal(None, text, None, [turn_value(None, text, None)] * (turns - 1)).fired is fires


def test_anger_of_long_ago_is_forgotten() -> None:
    calm = [0.0] * 5

    assert not frustration_signal(None, "Where is the log?", None, [1.0, *calm]).fired


def test_turns_without_anger_do_not_add_up() -> None:
    assert not frustration_signal(None, "And the third question: where is the log?", None, [0.0] * 50).fired


def test_anger_in_a_part_of_a_long_ticket_counts() -> None:
    model = FrustrationModel(np.array([10, 0], dtype=np.float32), -5.0, 2.0)
    vectors = np.array([[0, 1], [1, 0]], dtype=np.float32)

    assert model.log_odds("Where is it? " * LONG_CHARS, vectors) == 5
    assert model.log_odds("Where is it?", vectors) == -5


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=300))
def test_any_text_has_a_value_from_0_to_1(text: str) -> None:
    model = FrustrationModel(np.full(384, 0.1, dtype=np.float32), 0.0, 2.0)

    assert 0 <= turn_value(model, text, np.full((1, 384), 384**-0.5, dtype=np.float32)) <= 1


def test_a_flipped_byte_is_refused(shipped: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(shipped, tmp_path / "model")
    damaged = bytearray((folder / WEIGHTS).read_bytes())
    damaged[-1] ^= 1
    (folder / WEIGHTS).write_bytes(damaged)

    with pytest.raises(ModelFileError, match="changed or damaged"):
        read_model(folder)


def test_a_manifest_that_leaves_out_the_weights_is_refused(
    shipped: Path, tmp_path: Path, unlist: Callable[[Path, str], None]
) -> None:
    unlist(shutil.copytree(shipped, tmp_path / "model"), WEIGHTS)

    with pytest.raises(ModelFileError, match="does not list"):
        read_model(tmp_path / "model")
