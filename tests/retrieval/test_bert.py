"""Converting an encoder and running it, on random ones of two layers."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_agent.models.e5s1 import Sizes
from support_agent.openvino_import import import_openvino
from support_agent.retrieval import bert
from support_agent.retrieval.bert import ENCODERS, GRAPH, TOKENIZER, BertEmbedder, BertGraph, Encoder
from support_agent.retrieval.bert_weights import packed_table
from support_agent.retrieval.embedders import BERT

TEXTS = ["a b", "", "c d a b c d a b", "d", "unknown \ud800 words"]
WORDS = ["[PAD]", "[UNK]", "a", "b", "c", "d", "query:", "passage:"]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random BERT with its tokenizer, as a hub's folder has them."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("bert")
    torch.manual_seed(3)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 48}
    BertModel(BertConfig(vocab_size=len(WORDS), max_position_embeddings=16, **sizes)).save_pretrained(folder)
    tokenizer = Tokenizer(models.WordLevel({word: at for at, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.save(str(folder / TOKENIZER))
    return folder


def opened(source: Path, encoder: Encoder, place: Path) -> BertEmbedder:
    bert._convert(source, encoder, place)
    return BertEmbedder(encoder, BertGraph(place / GRAPH, source / TOKENIZER, encoder.max_tokens, threads=1), "f")


@pytest.mark.parametrize("pooled", ["mean", "first"])
def test_the_converted_encoder_equals_torch(source: Path, pooled: str, tmp_path: Path) -> None:
    import torch
    from transformers import AutoModel

    rows = opened(source, Encoder("tiny", max_tokens=6, pooled=pooled), tmp_path).encode([TEXTS[0], TEXTS[2]])

    model = AutoModel.from_pretrained(str(source)).eval()
    for row, ids in zip(rows, ([2, 3], [4, 5, 2, 3, 4, 5]), strict=True):
        with torch.no_grad():
            hidden = model(torch.tensor([ids])).last_hidden_state[0].numpy()
        expected = hidden.mean(axis=0) if pooled == "mean" else hidden[0]
        assert row == pytest.approx(expected / np.linalg.norm(expected), abs=1e-5)


def test_questions_and_passages_carry_the_words_that_the_encoder_was_trained_with(source: Path, tmp_path: Path) -> None:
    plain = Encoder("tiny")
    asking = replace(plain, query_prefix="query: ", passage_prefix="passage: ")
    embedder, bare = opened(source, asking, tmp_path), opened(source, plain, tmp_path)

    assert embedder.encode_queries(["a b"]) == pytest.approx(bare.encode(["query: a b"]))
    assert embedder.encode(["a b"]) == pytest.approx(bare.encode(["passage: a b"]))


def test_a_text_is_embedded_alike_alone_and_among_others_and_the_rows_keep_their_order(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bert, "BATCH_TOKENS", 16)
    embedder = opened(source, Encoder("tiny", passage_prefix="passage: "), tmp_path)

    together = embedder.encode(TEXTS)

    assert together == pytest.approx(np.concatenate([embedder.encode([text]) for text in TEXTS]), abs=1e-5)
    assert embedder.encode([]).shape == (0, 32)


@given(st.lists(st.integers(1, 512), max_size=40))
def test_every_text_is_in_one_batch_and_no_batch_is_larger_than_it_may(lengths: list[int]) -> None:
    batches = list(bert._batches(lengths))

    assert sorted(position for batch in batches for position in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) * max(lengths[position] for position in batch) <= bert.BATCH_TOKENS or len(batch) == 1


def test_a_packed_table_gives_the_very_numbers_of_its_blocks() -> None:
    import torch
    from gguf import GGMLQuantizationType
    from gguf.quants import dequantize, quantize

    values = np.random.default_rng(5).normal(0, 1, (20, 64)).astype(np.float32)
    blocks = quantize(values, GGMLQuantizationType.Q4_0)
    table = packed_table(blocks.reshape(-1, 18), Sizes(64, 1, 1, 1, 20, 1, 1, 1e-12))
    ids = np.array([[3, 19], [0, 7]])

    converted = import_openvino().convert_model(table, example_input=torch.from_numpy(ids))
    [rows] = import_openvino().compile_model(converted, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})([ids]).values()

    assert np.array_equal(rows, dequantize(blocks, GGMLQuantizationType.Q4_0)[ids])


def test_every_encoder_is_an_embedder_by_name_and_stands_in_the_registry() -> None:
    from support_agent.models import find

    assert tuple(ENCODERS) == BERT
    for name, encoder in ENCODERS.items():
        assert {encoder.weights, TOKENIZER} <= {file.path for file in find(name).files}


def test_the_fingerprint_is_of_the_weights_and_the_tokenizer() -> None:
    fingerprints = {name: bert.fingerprint_of(name, encoder.weights) for name, encoder in ENCODERS.items()}

    assert len(set(fingerprints.values())) == len(fingerprints)
    assert fingerprints["all-minilm-l6-v2"].startswith("77d3a681d549")
