"""ONNX Runtime as it is used: a session for each layer, with the weights as constants that it packs beforehand."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from convoracle.harness.bench.implementation import Implementation, as_tuple
from convoracle.harness.bench.workload import Workload
from convoracle.harness.candidates.source import CannotRun
from convoracle.harness.operations.base import Arrays
from convoracle.harness.operations.geometry import pair
from convoracle.harness.peers.onnx_operator import IR_VERSION, OPSET


def implementation(workload: Workload, direction: str, sets: Sequence[Arrays], threads: int) -> Implementation:
    """Return a one-operator session that runs on so many threads."""
    if direction != "forward":
        raise CannotRun("onnxruntime has no gradients")
    if workload.case.dtype != "float32" and workload.kind != "max_pool2d":
        raise CannotRun(f"onnxruntime has no {workload.kind} in {workload.case.dtype}")
    session = _session(workload, sets[0], threads)
    feeds = [{"x": arrays["x"]} for arrays in sets]
    return Implementation("onnxruntime", lambda number: session.run(None, feeds[number]), as_tuple)


def _session(workload: Workload, arrays: Arrays, threads: int) -> Any:
    """Return a session of one operator; its weights are initializers."""
    import onnxruntime
    from onnx import helper, numpy_helper

    case: Any = workload.case
    constants = {name: array for name, array in arrays.items() if name != "x"}
    element = helper.np_dtype_to_tensor_dtype(np.dtype(case.dtype))
    graph = helper.make_graph(
        [helper.make_node(_OPERATORS[workload.kind], list(arrays), ["result"], **_attributes(workload))],
        "one_layer",
        [helper.make_tensor_value_info("x", element, case.x_shape())],
        [helper.make_tensor_value_info("result", element, case.output_shape())],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


_OPERATORS = {"conv2d": "Conv", "max_pool2d": "MaxPool", "avg_pool2d": "AveragePool"}


def _attributes(workload: Workload) -> dict[str, Any]:
    """Return the operator's attributes; a workload's padding is the same at both ends."""
    case: Any = workload.case
    kernel = pair(case.kernel_size)
    strides = kernel if case.stride is None else pair(case.stride)
    if workload.is_convolution:
        (top, bottom), (left, right) = case.sides()
        return {
            "strides": strides,
            "dilations": pair(case.dilation),
            "group": case.groups,
            "pads": (top, left, bottom, right),
        }
    attributes = {
        "kernel_shape": kernel,
        "strides": strides,
        "pads": pair(case.padding) * 2,
        "ceil_mode": int(case.ceil_mode),
    }
    if workload.kind == "max_pool2d":
        return {**attributes, "dilations": case.dilations()}
    return {**attributes, "count_include_pad": int(case.count_include_pad)}
