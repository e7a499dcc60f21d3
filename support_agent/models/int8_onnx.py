"""The weights of an encoder in an ONNX file that onnxruntime's dynamic quantisation wrote, as float32.

Run as it is, such a graph rounds the activations of a whole batch on one scale, so that a text's result would depend
on the texts beside it. Only the weights are taken: 8-bit numbers, minus their zero point, times their scale, by matrix
or by column.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from support_agent.errors import ModelFileError
from support_agent.openvino_import import import_openvino

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_QUANTISED = "_quantized"


def read_int8_onnx(path: Path) -> dict[str, NDArray[np.float32]]:
    """Every weight by its name in torch, matrices as torch has them: a row for each number that comes out.

    Raises:
        ModelFileError: it is no such file.
    """
    import numpy as np

    try:
        graph = import_openvino().Core().read_model(str(path))
    except RuntimeError as problem:
        raise ModelFileError(f"{path} is no ONNX file. Pull the model again with --again.") from problem
    constants = {one.get_friendly_name(): one for one in graph.get_ordered_ops() if one.get_type_name() == "Constant"}
    weights = {
        name: np.array(one.data, dtype=np.float32)
        for name, one in constants.items()
        if name.endswith((".weight", ".bias")) and not name.startswith("/")
    }
    for name, one in constants.items():
        if name.endswith(_QUANTISED):
            base = name.removesuffix(_QUANTISED)
            scale, zero = (constants[f"{base}_{part}"].data.astype(np.float32) for part in ("scale", "zero_point"))
            weight = (one.data.astype(np.float32) - zero) * scale
            matrix = _matrix_name(one)
            weights[matrix or base] = np.ascontiguousarray(weight.T) if matrix else weight
    return weights


def _matrix_name(constant: Any) -> str:
    """``encoder.layer.0.attention.self.query.weight`` for the weight of the product that the graph calls
    ``/encoder/layer.0/attention/self/query/MatMul_quant``; "" for a table, whose name is the constant's own.
    """
    node = constant
    for _ in range(3):  # to float, minus the zero point, the product
        (target, *_) = node.output(0).get_target_inputs()
        node = target.get_node()
        if node.get_type_name() == "MatMul":
            path = str(node.get_friendly_name()).strip("/").rpartition("/")[0]
            return f"{path.replace('/', '.')}.weight"
    return ""
