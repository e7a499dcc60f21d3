"""The E5S1 reader, on a random encoder of two layers written in that format."""

import struct
from pathlib import Path

import numpy as np
import pytest
from gguf import GGMLQuantizationType
from gguf.quants import dequantize, quantize
from numpy.typing import NDArray

from support_agent.errors import ModelFileError
from support_agent.models.e5s1 import Sizes, dequantised, read_e5s1

SIZES = Sizes(64, 2, 2, 96, 40, 16, 2, 1e-12)
HIDDEN, INNER = SIZES.hidden, SIZES.intermediate
PARTS = {"q": (HIDDEN, HIDDEN), "k": (HIDDEN, HIDDEN), "v": (HIDDEN, HIDDEN), "ao": (HIDDEN, HIDDEN)}
PARTS |= {"aln": (HIDDEN,), "fi": (INNER, HIDDEN), "fo": (HIDDEN, INNER), "oln": (HIDDEN,)}


def shapes() -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {"emb.word": (SIZES.vocabulary, HIDDEN), "emb.pos": (SIZES.positions * HIDDEN,)}
    found |= {"emb.type": (SIZES.token_types * HIDDEN,), "emb.ln.w": (HIDDEN,), "emb.ln.b": (HIDDEN,)}
    for layer in range(SIZES.layers):
        for part, shape in PARTS.items():
            found |= {f"l{layer}.{part}.w": shape, f"l{layer}.{part}.b": shape[:1]}
    return found


def random_tensors() -> dict[str, NDArray[np.float32]]:
    random = np.random.default_rng(7)
    return {name: random.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes().items()}


def quantised(values: NDArray[np.float32]) -> bytes:
    if values.ndim == 1:
        return values.tobytes()
    return quantize(values, GGMLQuantizationType.Q4_0).tobytes()


def written(tensors: dict[str, NDArray[np.float32]]) -> bytes:
    """The bytes of a file: the sizes, a vocabulary of two pieces, a table of one character, directory and tensors."""
    sizes = SIZES
    head = b"E5S1" + struct.pack("<I7ifi", 1, *vars(sizes).values(), 32)
    head += struct.pack("<5iQ", 2, 0, 1, 1, 1, 3) + struct.pack("<3I2f", 0, 1, 3, -1.0, -2.0) + b"abc"
    head += struct.pack("<iI", 1, 9) + struct.pack("<IBI", 65, 1, 97) + struct.pack("<i", len(tensors))
    start = _aligned(len(head) + sum(2 + len(name) + 21 for name in tensors))
    directory, content = b"", b""
    for name, values in tensors.items():
        stored = quantised(values)
        at = start + len(content)
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", int(values.ndim > 1), values.size, at, len(stored))
        content += stored + bytes(_aligned(len(stored)) - len(stored))
    body = head + directory
    last = len(stored)
    return body + bytes(start - len(body)) + content[: len(content) - (_aligned(last) - last)]


def _aligned(size: int) -> int:
    return -(-size // 32) * 32


@pytest.fixture
def tensors() -> dict[str, NDArray[np.float32]]:
    return random_tensors()


@pytest.fixture
def file(tmp_path: Path, tensors: dict[str, NDArray[np.float32]]) -> Path:
    path = tmp_path / "tiny.e5s1"
    path.write_bytes(written(tensors))
    return path


def test_reads_every_tensor_with_the_numbers_that_were_written(
    file: Path, tensors: dict[str, NDArray[np.float32]]
) -> None:
    read = read_e5s1(file)

    assert vars(read.sizes) == pytest.approx(vars(SIZES))
    assert list(read.tensors) == list(tensors)
    for name, values in tensors.items():
        found = dequantised(read.tensors[name], values.shape)
        most = 0 if values.ndim == 1 else np.abs(values).max() / 7
        assert np.abs(found - values).max() <= most


def test_the_encoder_computes_what_its_numbers_say(file: Path, tensors: dict[str, NDArray[np.float32]]) -> None:
    import torch

    from support_agent.retrieval.bert_weights import load_transformer

    model = load_transformer(file).eval()
    words = dequantize(quantize(tensors["emb.word"], GGMLQuantizationType.Q4_0), GGMLQuantizationType.Q4_0)
    ids = torch.tensor([[3, 39, 0, 7], [1, 2, 2, 2]])

    with torch.no_grad():
        rows = model.embeddings.word_embeddings(ids)
        hidden = model(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state

    assert np.array_equal(rows.numpy(), words[ids.numpy()])
    assert hidden.shape == (2, 4, HIDDEN)
    query = model.encoder.layer[1].attention.self.query
    assert np.abs(query.weight.detach().numpy() - tensors["l1.q.w"]).max() < 0.3
    assert np.array_equal(query.bias.detach().numpy(), tensors["l1.q.b"])


def _with(content: bytes, at: int, put: bytes) -> bytes:
    return content[:at] + put + content[at + len(put) :]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda content: b"GGUF" + content[4:], "it does not begin with E5S1"),
        (lambda content: _with(content, 4, struct.pack("<I", 2)), "version 2"),
        (lambda content: content + b"x", "1 bytes are left over"),
        (lambda content: content[:-1], "bytes are left over"),
        (lambda content: content[:60], "is not an E5S1 file"),
        (lambda content: b"", "is not an E5S1 file"),
        (lambda content: content.replace(b"emb.pos", b"\xffmb.pos"), "is not an E5S1 file"),
        (lambda content: content.replace(b"emb.type" + b"\x00", b"emb.type" + b"\x05"), "unknown kind 5"),
    ],
    ids=["format", "version", "left-over", "cut", "cut-early", "empty", "no-name", "kind"],
)
def test_a_file_that_is_not_whole_is_refused(file: Path, spoil, said: str) -> None:  # type: ignore[no-untyped-def]
    file.write_bytes(spoil(file.read_bytes()))

    with pytest.raises(ModelFileError, match=said):
        read_e5s1(file)
