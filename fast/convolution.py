"""What `conv1d`, `conv2d` and `conv3d` and all gradients share: checks, geometry and the call of the kernel.

Checks and geometry are gone through once for arguments of the same shapes (`convoracle.fast.remembered`).
`axes` are the letters of the spatial axes: "L", "HW" or "DHW". `options` are those of the geometry, always in the same
order: stride, padding, dilation and groups, and of a transposed convolution the output padding.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from convoracle.fast.arguments import check_shape
from convoracle.fast.arrays import check_array, check_dtype
from convoracle.fast.conv_geometry import ConvGeometry, Shape, conv_geometry
from convoracle.fast.kernels import prepare
from convoracle.fast.remembered import recall, remember
from convoracle.fast.transpose_geometry import transpose_geometry


class Kind(NamedTuple):
    """What convolutions and transposed convolutions differ in, seen from their gradients."""

    weight: str
    """The letters of the first two axes of the weight."""
    geometry: Callable[..., ConvGeometry]


CONVOLUTION, TRANSPOSED = Kind("FC", conv_geometry), Kind("CF", transpose_geometry)


def convolve(
    operation: str,
    axes: str,
    x: Any,
    weight: Any,
    bias: Any,
    backend: str | None,
    accuracy: str | None,
    **options: Any,
) -> np.ndarray:
    """Check the arguments of a convolution and run it."""
    key, call = recall(operation, (x, weight, bias), tuple(options.values()), backend, accuracy)
    if call is None:
        x = check_array(operation, "x", x, f"NC{axes}")
        weight = check_array(operation, "weight", weight, f"FC{axes}")
        bias = None if bias is None else check_array(operation, "bias", bias, "F")
        dtype = check_dtype(operation, x=x, weight=weight, bias=bias)
        if bias is not None:
            check_bias(operation, bias, len(weight))
        geometry = conv_geometry(operation, x.shape, weight.shape, **options)
        call = remember(
            key,
            prepare(
                operation,
                backend,
                dtype,
                (x, weight, bias),
                options=geometry.options(),
                **properties_of(x.shape, weight.shape, accuracy),
            ),
        )
    result: np.ndarray = call(x, weight, bias)
    return result


def input_grad(
    operation: str,
    axes: str,
    grad_output: Any,
    weight: Any,
    input_shape: object,
    backend: str | None,
    accuracy: str | None,
    kind: Kind = CONVOLUTION,
    **options: Any,
) -> np.ndarray:
    """Check the arguments of an input gradient and run it."""
    key, call = recall(operation, (grad_output, weight), (input_shape, *options.values()), backend, accuracy)
    if call is None:
        grad_output = check_array(operation, "grad_output", grad_output, f"NF{axes}")
        weight = check_array(operation, "weight", weight, kind.weight + axes)
        dtype = check_dtype(operation, grad_output=grad_output, weight=weight)
        shape = check_shape(operation, "input_shape", input_shape, f"NC{axes}")
        geometry = kind.geometry(operation, shape, weight.shape, **options)
        check_output_shape(operation, grad_output, geometry.output_shape)
        call = remember(
            key,
            prepare(
                operation,
                backend,
                dtype,
                (grad_output, weight),
                (shape,),
                geometry.options(),
                **properties_of(shape, weight.shape, accuracy),
            ),
        )
    result: np.ndarray = call(grad_output, weight)
    return result


def weight_grad(
    operation: str,
    axes: str,
    grad_output: Any,
    x: Any,
    weight_shape: object,
    backend: str | None,
    accuracy: str | None,
    kind: Kind = CONVOLUTION,
    **options: Any,
) -> np.ndarray:
    """Check the arguments of a weight gradient and run it."""
    key, call = recall(operation, (grad_output, x), (weight_shape, *options.values()), backend, accuracy)
    if call is None:
        grad_output = check_array(operation, "grad_output", grad_output, f"NF{axes}")
        x = check_array(operation, "x", x, f"NC{axes}")
        dtype = check_dtype(operation, grad_output=grad_output, x=x)
        shape = check_shape(operation, "weight_shape", weight_shape, kind.weight + axes)
        geometry = kind.geometry(operation, x.shape, shape, **options)
        check_output_shape(operation, grad_output, geometry.output_shape)
        call = remember(
            key,
            prepare(
                operation,
                backend,
                dtype,
                (grad_output, x),
                (shape,),
                geometry.options(),
                **properties_of(x.shape, shape, accuracy),
            ),
        )
    result: np.ndarray = call(grad_output, x)
    return result


def bias_grad(operation: str, axes: str, grad_output: Any, backend: str | None, accuracy: str | None) -> np.ndarray:
    """Check the argument of a bias gradient and run it."""
    key, call = recall(operation, (grad_output,), (), backend, accuracy)
    if call is None:
        grad_output = check_array(operation, "grad_output", grad_output, f"NF{axes}")
        dtype = check_dtype(operation, grad_output=grad_output)
        call = remember(key, prepare(operation, backend, dtype, (grad_output,), accuracy=accuracy))
    result: np.ndarray = call(grad_output)
    return result


def backward(
    operation: str,
    axes: str,
    grad_output: Any,
    x: Any,
    weight: Any,
    backend: str | None,
    accuracy: str | None,
    kind: Kind = CONVOLUTION,
    **options: Any,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Check the arguments of all three gradients and run them."""
    key, call = recall(operation, (grad_output, x, weight), tuple(options.values()), backend, accuracy)
    if call is None:
        grad_output = check_array(operation, "grad_output", grad_output, f"NF{axes}")
        x = check_array(operation, "x", x, f"NC{axes}")
        weight = check_array(operation, "weight", weight, kind.weight + axes)
        dtype = check_dtype(operation, grad_output=grad_output, x=x, weight=weight)
        geometry = kind.geometry(operation, x.shape, weight.shape, **options)
        check_output_shape(operation, grad_output, geometry.output_shape)
        call = remember(
            key,
            prepare(
                operation,
                backend,
                dtype,
                (grad_output, x, weight),
                options=geometry.options(),
                **properties_of(x.shape, weight.shape, accuracy),
            ),
        )
    grad_x, grad_weight, grad_bias = call(grad_output, x, weight)
    return grad_x, grad_weight, grad_bias


def properties_of(x_shape: Shape, weight_shape: Shape, accuracy: str | None) -> dict[str, Any]:
    """Return what a variant may be limited in, or chosen by, besides its options."""
    return {"kernel_size": weight_shape[2:], "accuracy": accuracy, "x_shape": x_shape, "weight_shape": weight_shape}


def check_bias(operation: str, bias: np.ndarray, filters: int) -> None:
    """Reject a bias that is not one number per filter."""
    if len(bias) != filters:
        raise ValueError(f"{operation}: bias must have shape ({filters},), one per filter, got {bias.shape}")


def check_output_shape(operation: str, grad_output: np.ndarray, expected: tuple[int, ...]) -> None:
    """Reject an output gradient that does not have the shape of the result."""
    if grad_output.shape != expected:
        raise ValueError(
            f"{operation}: grad_output must have the shape of the result, {expected}, got {grad_output.shape}"
        )
