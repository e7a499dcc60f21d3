from pathlib import Path

import gguf
import numpy as np
import pytest

from support_agent.errors import ConfigError, ModelFileError
from support_agent.generation.find_model import find_gguf
from support_agent.generation.gguf import metadata, open_gguf, write_quantised

KINDS = gguf.GGMLQuantizationType
WEIGHTS = np.linspace(-1, 1, 4 * 64, dtype=np.float32).reshape(4, 64)
NORM = np.linspace(0, 1, 64, dtype=np.float32)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A GGUF file with a norm, a 4-bit matrix, an 8-bit one, a half-precision one, and one too narrow for blocks."""
    path = tmp_path / "tiny.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(256)
    writer.add_token_list(["a", "b"])
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q4_1)
    writer.add_tensor("norm", NORM)
    writer.add_tensor("four", gguf.quants.quantize(WEIGHTS, KINDS.Q4_1), raw_dtype=KINDS.Q4_1)
    writer.add_tensor("eight", gguf.quants.quantize(WEIGHTS, KINDS.Q8_0), raw_dtype=KINDS.Q8_0)
    writer.add_tensor("half", WEIGHTS.astype(np.float16))
    writer.add_tensor("narrow", WEIGHTS[:, :20].astype(np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture
def tensors(source: Path, tmp_path: Path) -> dict[str, gguf.ReaderTensor]:
    target = tmp_path / "out.gguf"
    write_quantised(source, target)
    return {tensor.name: tensor for tensor in open_gguf(target).tensors}


def test_every_matrix_becomes_8_bit_and_the_rest_stays(tensors: dict[str, gguf.ReaderTensor]) -> None:
    kinds = {name: tensor.tensor_type.name for name, tensor in tensors.items()}
    assert kinds == {"norm": "F32", "four": "Q8_0", "eight": "Q8_0", "half": "Q8_0", "narrow": "F32"}


def test_keeps_norms_and_8_bit_weights_byte_for_byte(tensors: dict[str, gguf.ReaderTensor]) -> None:
    assert np.array_equal(tensors["norm"].data, NORM)
    assert np.array_equal(tensors["eight"].data, gguf.quants.quantize(WEIGHTS, KINDS.Q8_0))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("half", WEIGHTS, id="half precision"),
        pytest.param("four", gguf.quants.dequantize(gguf.quants.quantize(WEIGHTS, KINDS.Q4_1), KINDS.Q4_1), id="4 bit"),
    ],
)
def test_weights_change_by_less_than_a_256th(
    tensors: dict[str, gguf.ReaderTensor], name: str, expected: np.ndarray
) -> None:
    found = gguf.quants.dequantize(tensors[name].data, KINDS.Q8_0)
    assert np.abs(found - expected).max() < 1 / 200


def test_keeps_the_header(source: Path, tmp_path: Path) -> None:
    write_quantised(source, tmp_path / "out.gguf")
    reader = open_gguf(tmp_path / "out.gguf")
    assert metadata(reader, "context_length") == 256
    assert reader.fields["tokenizer.ggml.tokens"].contents() == ["a", "b"]
    assert reader.fields["general.file_type"].contents() == gguf.LlamaFileType.MOSTLY_Q8_0


def test_writes_the_same_bytes_every_time(source: Path, tmp_path: Path) -> None:
    write_quantised(source, tmp_path / "first.gguf")
    write_quantised(source, tmp_path / "second.gguf")
    assert (tmp_path / "first.gguf").read_bytes() == (tmp_path / "second.gguf").read_bytes()


@pytest.mark.parametrize("content", [b"", b"GGUF", b"not a model" * 99], ids=["empty", "truncated", "foreign"])
def test_refuses_a_file_that_is_no_gguf(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match=r"bad\.gguf is not a readable GGUF file"):
        open_gguf(path)


def test_finds_the_one_gguf_file_of_a_folder(source: Path) -> None:
    assert find_gguf(source.parent) == source


def test_does_not_guess_between_two_gguf_files(source: Path) -> None:
    (source.parent / "other.gguf").write_bytes(b"")
    with pytest.raises(ConfigError, match=r"other\.gguf, tiny\.gguf"):
        find_gguf(source.parent)
