"""ONNX's node tests: stored inputs and outputs of one operator, with the tolerance of ONNX's own test runner.

The tests are those of ``onnx.backend.test.case.node``, in the wheel; its ``expect`` writes rtol 1e-3 and atol 1e-7
into each, and ``Runner.assert_similar_outputs`` compares shapes and dtypes first. A test whose attributes this
package's operations do not have (an average pool with dilations, three-dimensional pools, ``output_shape``, pads of a
pool that differ between the sides) is left out, and counted by `left_out`. ONNX has no tests of these operations'
gradients.
"""

import functools
import importlib
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from convoracle.harness.bugs.mutants.planting import right
from convoracle.harness.score.side_by_side.problem import Call, Problem, as_tuple
from convoracle.harness.score.side_by_side.rule import Rule, by_values

RTOL, ATOL = 1e-3, 1e-7

Translated = tuple[str, tuple[Any, ...], dict[str, Any]]


class NotOurs(Exception):
    """A test asks for what this package's operation does not have."""


def _take(attributes: dict[str, Any], **wanted: Any) -> None:
    """Remove attributes that have to have these values, where they are given at all."""
    for name, value in wanted.items():
        if attributes.pop(name, value) != value:
            raise NotOurs(name)


def _sides(attributes: dict[str, Any]) -> Any:
    """Remove and return the padding of a convolution: a rule, or before and after for every axis."""
    rule = attributes.pop("auto_pad", "NOTSET")
    pads = attributes.pop("pads", None)
    if rule != "NOTSET":
        return {"SAME_UPPER": "same", "SAME_LOWER": "same_lower", "VALID": "valid"}[rule]
    if pads is None:
        return 0
    half = len(pads) // 2
    return tuple(zip(pads[:half], pads[half:], strict=True))


def _equal_sides(attributes: dict[str, Any]) -> tuple[int, ...] | int:
    """Remove and return padding that has to be the same on both sides of an axis."""
    sides = _sides(attributes)
    if isinstance(sides, str) or (sides and any(before != after for before, after in sides)):
        raise NotOurs("pads")
    return tuple(before for before, _ in sides) if sides else 0


def _conv(attributes: dict[str, Any], inputs: Sequence[np.ndarray]) -> Translated:
    attributes.pop("kernel_shape", None)
    options = {
        "padding": _sides(attributes),
        "stride": attributes.pop("strides", 1),
        "dilation": attributes.pop("dilations", 1),
        "groups": attributes.pop("group", 1),
    }
    return f"conv{inputs[0].ndim - 2}d", (*inputs, None)[:3], options


def _conv_transpose(attributes: dict[str, Any], inputs: Sequence[np.ndarray]) -> Translated:
    attributes.pop("kernel_shape", None)
    options = {
        "padding": _equal_sides(attributes),
        "stride": attributes.pop("strides", 1),
        "dilation": attributes.pop("dilations", 1),
        "groups": attributes.pop("group", 1),
        "output_padding": attributes.pop("output_padding", 0),
    }
    return f"conv_transpose{inputs[0].ndim - 2}d", (*inputs, None)[:3], options


def _pool(name: str, attributes: dict[str, Any], inputs: Sequence[np.ndarray]) -> Translated:
    kernel = attributes.pop("kernel_shape")
    options = {
        "stride": attributes.pop("strides", (1,) * len(kernel)),
        "padding": _equal_sides(attributes),
        "ceil_mode": bool(attributes.pop("ceil_mode", 0)),
    }
    return f"{name}{inputs[0].ndim - 2}d", (inputs[0], kernel), options


def _max_pool(attributes: dict[str, Any], inputs: Sequence[np.ndarray]) -> Translated:
    _take(attributes, storage_order=0)
    dilation = attributes.pop("dilations", 1)
    name, operands, options = _pool("max_pool", attributes, inputs)
    return name, operands, {**options, "dilation": dilation}


def _avg_pool(attributes: dict[str, Any], inputs: Sequence[np.ndarray]) -> Translated:
    include = bool(attributes.pop("count_include_pad", 0))
    name, operands, options = _pool("avg_pool", attributes, inputs)
    return name, operands, {**options, "count_include_pad": include}


def _gemm(attributes: dict[str, Any], inputs: Sequence[np.ndarray]) -> Translated:
    is_transposed = attributes.pop("transB", 0)
    _take(attributes, alpha=1.0, beta=1.0, transA=0)
    x, weight, *bias = inputs
    if bias and bias[0].size != weight.shape[0 if is_transposed else 1]:
        raise NotOurs("C")
    return "linear", (x, weight if is_transposed else weight.T, bias[0].reshape(-1) if bias else None), {}


def _along(name: str) -> Callable[..., Translated]:
    """Return the translation of an operator with an axis, by default the last."""
    return lambda attributes, inputs: (name, (inputs[0],), {"axis": attributes.pop("axis", -1)})


def _cross_entropy(attributes: dict[str, Any], inputs: Sequence[np.ndarray]) -> Translated:
    _take(attributes, reduction="mean")
    if len(inputs) != 2 or inputs[0].ndim != 2:
        raise NotOurs("weights")
    return "cross_entropy", tuple(inputs), {}


TRANSLATIONS: dict[str, Callable[..., Translated]] = {
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "MaxPool": _max_pool,
    "AveragePool": _avg_pool,
    "Gemm": _gemm,
    "Softmax": _along("softmax"),
    "LogSoftmax": _along("log_softmax"),
    "SoftmaxCrossEntropyLoss": _cross_entropy,
    "Relu": lambda attributes, inputs: ("relu", tuple(inputs), {}),
    "Sigmoid": lambda attributes, inputs: ("sigmoid", tuple(inputs), {}),
}
"""An operator's attributes and inputs to an operation's name, operands and options."""

MODULES = (
    *("conv", "convtranspose", "maxpool", "averagepool", "gemm"),
    *("softmax", "logsoftmax", "softmax_cross_entropy_loss", "relu", "sigmoid"),
)
"""Where ONNX has these operators' tests."""


@functools.cache
def _collected() -> tuple[dict[str, list[Call]], list[str]]:
    """Return the calls of every operation, and the names of the tests that are left out."""
    import onnx
    from onnx.backend.test.case import node

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what ONNX's generators warn about is not ours
        for module in MODULES:  # importing one writes its tests down; `collect_testcases` would import all 1,900
            importlib.import_module(f"{node.__name__}.{module}")
        tests = list(node._NodeTestCases)
    found: dict[str, list[Call]] = {}
    others = []
    for test in tests:
        nodes: Sequence[Any] = test.model.graph.node if test.model is not None else ()
        if len(nodes) != 1 or nodes[0].op_type not in TRANSLATIONS or nodes[0].domain:
            continue
        attributes = {one.name: _value(onnx.helper.get_attribute_value(one)) for one in nodes[0].attribute}
        for inputs, outputs in test.data_sets or ():
            try:
                name, call = _translated(nodes[0].op_type, attributes, inputs, outputs)
            except (NotOurs, ValueError, TypeError, AttributeError):
                others.append(test.name)
            else:
                found.setdefault(name, []).append(call)
    return found, others


def _translated(
    operator: str, attributes: dict[str, Any], inputs: Sequence[Any], outputs: Sequence[np.ndarray]
) -> tuple[str, Call]:
    """Return a test as a call; an error where it is not one that the reference takes."""
    rest = dict(attributes)
    name, operands, options = TRANSLATIONS[operator](rest, [np.asarray(one) for one in inputs])
    if rest:
        raise NotOurs(", ".join(rest))
    if name == "max_pool2d":
        options["return_indices"] = len(outputs) == 2
    problem = Problem(name, operands, options)
    if len(as_tuple(right(name)(*operands, **problem.keywords))) != len(outputs):
        raise NotOurs("a second output")
    expected = [np.asarray(one) for one in outputs]
    if name == "max_pool2d" and len(expected) == 2:  # ONNX counts through the whole tensor
        expected[1] = expected[1] % (operands[0].shape[2] * operands[0].shape[3])
    return name, Call(operands, problem.keywords, tuple(expected), problem.case)


def _value(value: Any) -> Any:
    """Return an attribute as plain values."""
    if isinstance(value, bytes):
        return value.decode()
    return tuple(value) if isinstance(value, list) else value


def left_out() -> list[str]:
    """Return the names of the tests of these operators that this package's operations cannot be asked."""
    return _collected()[1]


def calls(operation: str, dtype: str, scale: float) -> Sequence[Call]:
    """Return the tests of an operation whose first input is of a dtype."""
    return [call for call in _collected()[0].get(operation, ()) if call.positional[0].dtype == dtype]


def agree(got: np.ndarray, expected: np.ndarray, operation: str) -> None:
    """Compare as ONNX's runner does: shape, dtype, values."""
    assert got.shape == expected.shape
    assert got.dtype == expected.dtype
    np.testing.assert_allclose(expected, got, rtol=RTOL, atol=ATOL, verbose=False)


RULES = (
    Rule(
        "ONNX node tests",
        "stored inputs and outputs",
        f"rtol={RTOL:g}, atol={ATOL:g}",
        by_values(calls, agree),
        needs=("onnx",),
    ),
)
