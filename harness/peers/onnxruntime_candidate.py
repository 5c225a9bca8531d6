"""ONNX Runtime as a candidate: each call builds a one-operator model and runs it on the CPU.

The limits are the CPU provider's, found by asking it: it has no float64 ``Conv`` or ``AveragePool``, and ONNX has no
divisor of one's own.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from convoracle import reference
from convoracle.harness.candidates.candidate import Candidate
from convoracle.harness.cases.limits import Limits
from convoracle.harness.operations.geometry import IntOrPair, pair
from convoracle.harness.peers.onnx_operator import run

REQUIRES = ("onnx", "onnxruntime")


def conv2d(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None,
    *,
    stride: IntOrPair,
    padding: Any,
    dilation: IntOrPair,
    groups: int,
) -> np.ndarray:
    """``Conv``, which takes all four pads itself, and both SAME rules unless the kernel is dilated."""
    attributes: dict[str, Any] = {"strides": pair(stride), "dilations": pair(dilation), "group": groups}
    if padding in ("same", "same_lower") and pair(dilation) == (1, 1):
        attributes["auto_pad"] = "SAME_UPPER" if padding == "same" else "SAME_LOWER"
    elif padding == "valid":
        attributes["auto_pad"] = "VALID"
    else:
        (top, bottom), (left, right) = reference.resolve_padding(
            padding, x.shape[2:], weight.shape[2:], pair(stride), pair(dilation)
        )
        attributes["pads"] = (top, left, bottom, right)
    operands = (x, weight) if bias is None else (x, weight, bias)
    return run("Conv", attributes, operands, (x.dtype,))[0]


def conv2d_input_grad(
    grad_output: np.ndarray,
    weight: np.ndarray,
    input_shape: tuple[int, int, int, int],
    *,
    stride: IntOrPair,
    padding: Any,
    dilation: IntOrPair,
    groups: int,
) -> np.ndarray:
    """``ConvTranspose`` without pads to the size of the padded x, then without the padding."""
    (top, bottom), (left, right) = reference.resolve_padding(
        padding, input_shape[2:], weight.shape[2:], pair(stride), pair(dilation)
    )
    h, w = input_shape[2:]
    reached = [
        (out - 1) * s + d * (k - 1) + 1
        for out, s, d, k in zip(grad_output.shape[2:], pair(stride), pair(dilation), weight.shape[2:], strict=True)
    ]
    attributes = {"strides": pair(stride), "dilations": pair(dilation), "group": groups}
    padded = np.zeros((*input_shape[:2], top + h + bottom, left + w + right), grad_output.dtype)
    padded[:, :, : reached[0], : reached[1]] = run(
        "ConvTranspose", attributes, (grad_output, weight), (grad_output.dtype,)
    )[0]
    return np.ascontiguousarray(padded[:, :, top : top + h, left : left + w])


def max_pool2d(
    x: np.ndarray,
    kernel_size: IntOrPair,
    *,
    stride: IntOrPair | None,
    padding: IntOrPair,
    dilation: IntOrPair,
    ceil_mode: bool,
    return_indices: bool,
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    """``MaxPool``; its indices count through the whole tensor, not the plane."""
    kernel = pair(kernel_size)
    attributes = {
        "kernel_shape": kernel,
        "strides": kernel if stride is None else pair(stride),
        "pads": pair(padding) * 2,
        "dilations": pair(dilation),
        "ceil_mode": int(ceil_mode),
    }
    if not return_indices:
        return run("MaxPool", attributes, (x,), (x.dtype,))[0]
    values, indices = run("MaxPool", attributes, (x,), (x.dtype, np.dtype(np.int64)))
    return values, indices % (x.shape[2] * x.shape[3])


def avg_pool2d(
    x: np.ndarray,
    kernel_size: IntOrPair,
    *,
    stride: IntOrPair | None,
    padding: IntOrPair,
    ceil_mode: bool,
    count_include_pad: bool,
) -> np.ndarray:
    """``AveragePool``."""
    kernel = pair(kernel_size)
    attributes = {
        "kernel_shape": kernel,
        "strides": kernel if stride is None else pair(stride),
        "pads": pair(padding) * 2,
        "ceil_mode": int(ceil_mode),
        "count_include_pad": int(count_include_pad),
    }
    return run("AveragePool", attributes, (x,), (x.dtype,))[0]


def softmax(x: np.ndarray, *, axis: int) -> np.ndarray:
    """``Softmax``."""
    return run("Softmax", {"axis": axis}, (x,), (x.dtype,))[0]


def log_softmax(x: np.ndarray, *, axis: int) -> np.ndarray:
    """``LogSoftmax``."""
    return run("LogSoftmax", {"axis": axis}, (x,), (x.dtype,))[0]


def cross_entropy(logits: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """``SoftmaxCrossEntropyLoss``, of the mean."""
    return run("SoftmaxCrossEntropyLoss", {}, (logits, targets), (logits.dtype,), dimensions=0)[0]


def sigmoid(x: np.ndarray) -> np.ndarray:
    """``Sigmoid``: no candidate, because small values of it are known to be wrong (microsoft/onnxruntime#26281)."""
    return run("Sigmoid", {}, (x,), (x.dtype,))[0]


def _candidate(function: Callable[..., Any], dtypes: tuple[str, ...], limits: Limits) -> Candidate:
    return Candidate(function, "onnxruntime", limits, dtypes=dtypes, command="--candidate onnxruntime", concurrent=True)


CANDIDATES = {
    "conv2d": _candidate(conv2d, ("float32",), {}),
    "conv2d_input_grad": _candidate(conv2d_input_grad, ("float32",), {}),
    # Its max pooling skips NaN, and starts from the lowest finite number: docs/semantics.md.
    "max_pool2d": _candidate(max_pool2d, ("float32", "float64"), {"non_finite": {False}}),
    "avg_pool2d": _candidate(avg_pool2d, ("float32",), {"divisor_override": {None}}),
    "softmax": _candidate(softmax, ("float32", "float64"), {}),
    "log_softmax": _candidate(log_softmax, ("float32", "float64"), {}),
    "cross_entropy": _candidate(cross_entropy, ("float32", "float64"), {}),
}
