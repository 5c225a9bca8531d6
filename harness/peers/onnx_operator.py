"""One ONNX operator as a model of its own, run by ONNX Runtime on the CPU."""

import functools
from typing import Any

import numpy as np

OPSET = 22
IR_VERSION = 10


def run(
    operator: str,
    attributes: dict[str, Any],
    operands: tuple[np.ndarray, ...],
    results: tuple[np.dtype, ...],
    dimensions: int | None = None,
) -> list[np.ndarray]:
    """Return what a one-operator model makes of the operands: results of as many dimensions as the first of those."""
    key = tuple((name, value) for name, value in attributes.items())
    rank = operands[0].ndim if dimensions is None else dimensions
    session = _session(operator, key, tuple((array.dtype, array.shape) for array in operands), results, rank)
    feeds = {f"input{i}": np.array(array, order="C") for i, array in enumerate(operands)}
    return [np.asarray(result) for result in session.run(None, feeds)]


@functools.lru_cache(maxsize=16)
def _session(
    operator: str,
    attributes: tuple[tuple[str, Any], ...],
    operands: tuple[tuple[np.dtype, tuple[int, ...]], ...],
    results: tuple[np.dtype, ...],
    rank: int,
) -> Any:
    """Return a session that runs one operator; the last few are kept, since a case makes several calls."""
    import onnx
    import onnxruntime
    from onnx import helper

    inputs = [f"input{i}" for i in range(len(operands))]
    outputs = [f"output{i}" for i in range(len(results))]
    graph = helper.make_graph(
        [helper.make_node(operator, inputs, outputs, **dict(attributes))],
        "one_operator",
        [
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(dtype), shape)
            for name, (dtype, shape) in zip(inputs, operands, strict=True)
        ],
        [
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(dtype), [None] * rank)
            for name, dtype in zip(outputs, results, strict=True)
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    # Threads that spin between small calls would take six sevenths of a verification's processor time.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
