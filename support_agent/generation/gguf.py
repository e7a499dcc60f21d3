"""A GGUF file in any quantisation → the same model with 8-bit weights.

NumPy and the ``gguf`` package only. On SmolLM2's own Q4_1 file OpenVINO leaves the path of the fp32 model after one or
two tokens; on Q8_0 it stays on it as llama.cpp does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support_agent.errors import ModelFileError

if TYPE_CHECKING:
    import gguf

# What is added to a matrix of this name, computed when it is its turn: all of them at once may not fit into memory.
Deltas = Mapping[str, Callable[[], Any]]

_BLOCK = 32  # weights that share one scale in Q8_0


def open_gguf(path: Path) -> gguf.GGUFReader:
    """Read a GGUF file's header and map its tensors into memory."""
    import gguf

    try:
        return gguf.GGUFReader(path)
    except (ValueError, IndexError, KeyError, OSError) as problem:
        raise ModelFileError(f"{path} is not a readable GGUF file ({problem}). Fetch it again.") from problem


def metadata(reader: gguf.GGUFReader, key: str) -> Any:
    """A value of the header such as ``context_length``, under the name of the file's own architecture."""
    field = reader.fields.get(f"{reader.fields['general.architecture'].contents()}.{key}")
    return field.contents() if field else None


def write_quantised(source: Path, target: Path, deltas: Deltas | None = None) -> None:
    """Write ``source`` with every matrix as Q8_0; norms (F32) and the header are kept. The same bytes every time.

    Args:
        deltas: float matrices to add to the dequantised ones, by tensor name.
    """
    import gguf

    reader = open_gguf(source)
    writer = gguf.GGUFWriter(target, reader.fields["general.architecture"].contents())
    try:
        _copy_header(reader, writer)
        for tensor in reader.tensors:
            data, kind = _quantised(tensor, (deltas or {}).get(tensor.name))
            writer.add_tensor(tensor.name, data, raw_dtype=kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    except NotImplementedError as problem:
        raise ModelFileError(f"{source} has tensors of a kind that cannot be read: {problem}.") from problem
    finally:
        writer.close()


def _copy_header(reader: gguf.GGUFReader, writer: gguf.GGUFWriter) -> None:
    import gguf

    for key, field in reader.fields.items():
        if key.startswith("GGUF.") or key == "general.architecture":
            continue
        value, kind = field.contents(), field.types[0]
        if key == "general.file_type":
            value = int(gguf.LlamaFileType.MOSTLY_Q8_0)
        if kind == gguf.GGUFValueType.ARRAY:
            writer.add_array(key, value)
        else:
            writer.add_key_value(key, value, kind)


def _quantised(tensor: gguf.ReaderTensor, delta: Callable[[], Any] | None) -> tuple[Any, gguf.GGMLQuantizationType]:
    import gguf

    kinds = gguf.GGMLQuantizationType
    if delta is None and tensor.tensor_type in {kinds.F32, kinds.Q8_0}:
        return tensor.data, tensor.tensor_type
    weights = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
    if delta is not None:
        weights = weights + delta()
    if weights.ndim < 2 or weights.shape[-1] % _BLOCK:
        return weights, kinds.F32
    return gguf.quants.quantize(weights, kinds.Q8_0), kinds.Q8_0
