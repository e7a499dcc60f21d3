"""The weights of a quantised ONNX file, read from a graph such as OpenVINO makes of one."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support_agent.errors import ModelFileError
from support_agent.models.int8_onnx import read_int8_onnx
from support_agent.openvino_import import import_openvino

MATRIX = np.array([[1, -2, 3], [4, 5, -6]], dtype=np.int8)
SCALE = np.array([0.5, 0.25, 2.0], dtype=np.float32)
ZERO = np.array([1, 0, -1], dtype=np.int8)
TABLE = np.array([[128, 130], [0, 255]], dtype=np.uint8)
BIAS = np.array([1.0, 2.0, 3.0], dtype=np.float32)


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    """Rows of a table, rounded, times a matrix, plus a bias."""
    openvino = import_openvino()
    ops = openvino.opset13
    ids = ops.parameter([-1], np.int64, name="input_ids")

    def constant(values: Any, name: str) -> Any:
        found = ops.constant(values)
        found.set_friendly_name(name)
        return found

    def less_zero(base: str, values: Any, zero: Any) -> Any:
        kept = ops.convert(constant(values, f"{base}_quantized"), "f32")
        return ops.subtract(kept, ops.convert(constant(zero, f"{base}_zero_point"), "f32"))

    table = ops.multiply(
        less_zero("words.weight", TABLE, np.uint8(128)), constant(np.float32(0.1), "words.weight_scale")
    )
    rows = ops.gather(table, ids, ops.constant(0))
    product = ops.matmul(rows, less_zero("onnx::MatMul_7", MATRIX, ZERO), False, False)
    product.set_friendly_name("/layer.0/query/MatMul_quant")
    scaled = ops.multiply(product, constant(SCALE, "onnx::MatMul_7_scale"))
    model = openvino.Model([ops.add(scaled, constant(BIAS, "layer.0.query.bias"))], [ids], "tiny")
    openvino.save_model(model, str(tmp_path / "tiny.xml"), compress_to_fp16=False)
    return tmp_path / "tiny.xml"


def test_matrices_and_tables_are_scaled_about_their_zero_point(graph: Path) -> None:
    weights = read_int8_onnx(graph)

    assert sorted(weights) == ["layer.0.query.bias", "layer.0.query.weight", "words.weight"]
    assert weights["layer.0.query.weight"] == pytest.approx(((MATRIX - ZERO) * SCALE).T)
    assert weights["words.weight"] == pytest.approx((TABLE.astype(np.float32) - 128) * 0.1, rel=1e-6)
    assert weights["layer.0.query.bias"] == pytest.approx(BIAS)


def test_a_file_that_is_no_graph_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"no graph")

    with pytest.raises(ModelFileError, match=r"model\.onnx is no ONNX file"):
        read_int8_onnx(tmp_path / "model.onnx")
