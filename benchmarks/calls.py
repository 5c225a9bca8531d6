"""One call of an operation on a layer, with its arrays made beforehand.

convoracle is imported inside the functions, so that asv can list the benchmarks of a commit that lacks something.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.layers import (
    REFERENCE_CONV,
    REFERENCE_POOL,
    SMALLEST_CONV,
    SMALLEST_POOL,
    ConvLayer,
    Layer,
    PoolLayer,
    ValueLayer,
    draw,
)

Call = Callable[[], Any]
GRADIENTS = ("input_grad", "weight_grad", "bias_grad", "backward")


def call_of(operation: str, backend: str, layer: Layer, dtype: str = "float32") -> Call:
    """Return a call of an operation in a backend."""
    import convoracle

    arguments, options = arguments_of(operation, layer, dtype)
    return partial(getattr(convoracle, operation), *arguments, **options, backend=backend)


def smallest_call(operation: str, backend: str) -> Call:
    """Return a call on so small an input that what is left is the way to the kernel."""
    return call_of(operation, backend, SMALLEST_CONV if "conv" in operation else SMALLEST_POOL)


def reference_call(operation: str) -> Call:
    """Return a call of the interpreted reference."""
    from convoracle import reference

    arguments, options = arguments_of(operation, REFERENCE_CONV if "conv" in operation else REFERENCE_POOL)
    return partial(getattr(reference, operation), *arguments, **options)


def arguments_of(operation: str, layer: Layer, dtype: str = "float32") -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return what an operation is called with on a layer: arguments by position, and options."""
    gradient = next((ending for ending in GRADIENTS if operation.endswith(f"_{ending}")), "")
    if isinstance(layer, ConvLayer):
        return _weighted(gradient, layer, dtype), {} if gradient == "bias_grad" else layer.options
    if isinstance(layer, PoolLayer):
        return _pooled(operation, layer, dtype)
    return _by_value(operation.removesuffix("_backward"), gradient == "backward", layer, dtype), layer.options


def _weighted(gradient: str, layer: ConvLayer, dtype: str) -> tuple[Any, ...]:
    """Return the arguments of what has weights."""
    x, weight, grad_output = (draw(shape, dtype) for shape in (layer.x, layer.weight, layer.output))
    arguments: dict[str, tuple[Any, ...]] = {
        "": (x, weight),
        "input_grad": (grad_output, weight, layer.x),
        "weight_grad": (grad_output, x, layer.weight),
        "bias_grad": (grad_output,),
        "backward": (grad_output, x, weight),
    }
    return arguments[gradient]


def _pooled(operation: str, layer: PoolLayer, dtype: str) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments of a pooling; its gradient goes to the maxima of the same values."""
    x = draw(layer.x, dtype)
    if operation == "max_pool2d_backward":
        import convoracle

        _, indices = convoracle.max_pool2d(x, **layer.options, return_indices=True, backend="im2col")
        return (draw(layer.output, dtype), indices, layer.x), {}
    if operation == "avg_pool2d_backward":
        return (draw(layer.output, dtype), layer.x), layer.options
    return (x,), layer.options


def _by_value(primitive: str, is_backward: bool, layer: ValueLayer, dtype: str) -> tuple[Any, ...]:
    """Return the arguments of an activation, a loss or a resampling."""
    x = draw(layer.x, dtype)
    if primitive == "cross_entropy":
        return x, np.arange(len(x)) % x.shape[1]
    if primitive == "euclidean_loss":
        return x, x[::-1].copy()
    if not is_backward:
        return (x,)
    if primitive in ("downsample2d", "upsample2d"):
        import convoracle

        result = getattr(convoracle, primitive)(x, **layer.options, backend="im2col")
        return draw(result.shape, dtype), layer.x
    return (x,) if primitive == "mean_subtract" else (x[::-1].copy(), x)


def steps_of(operation: str, layer: Layer) -> int:
    """Return the multiply-accumulates, the values of all windows, or the values."""
    if operation.endswith("_bias_grad"):
        return math.prod(layer.output) if isinstance(layer, ConvLayer) else 0
    if isinstance(layer, ConvLayer):
        return layer.macs * (2 if operation.endswith("_backward") else 1)  # backward: of both large gradients
    return layer.window_values if isinstance(layer, PoolLayer) else math.prod(layer.x)
