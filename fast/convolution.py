"""What `conv1d`, `conv2d` and `conv3d` and their gradients share: checks, geometry and the call of the kernel.

`axes` are the letters of the spatial axes: "L", "HW" or "DHW".
"""

import numpy as np

from convoracle.fast.arguments import check_shape
from convoracle.fast.arrays import check_array, check_dtype
from convoracle.fast.conv_geometry import conv_geometry
from convoracle.fast.kernels import run


def convolve(
    operation: str, axes: str, x: object, weight: object, bias: object, backend: str | None, **options: object
) -> np.ndarray:
    """Check the arguments of a convolution and run it."""
    images = check_array(operation, "x", x, f"NC{axes}")
    filters = check_array(operation, "weight", weight, f"OI{axes}")
    offsets = None if bias is None else check_array(operation, "bias", bias, "F")
    dtype = check_dtype(operation, x=images, weight=filters, bias=offsets)
    if offsets is not None:
        check_bias(operation, offsets, len(filters))
    geometry = conv_geometry(operation, images.shape, filters.shape, **options)
    result: np.ndarray = run(
        operation,
        backend,
        dtype,
        (images, filters, offsets),
        geometry.options(),
        kernel_size=filters.shape[2:],
    )
    return result


def input_grad(
    operation: str,
    axes: str,
    grad_output: object,
    weight: object,
    input_shape: object,
    backend: str | None,
    **options: object,
) -> np.ndarray:
    """Check the arguments of an input gradient and run it."""
    grad = check_array(operation, "grad_output", grad_output, f"NF{axes}")
    filters = check_array(operation, "weight", weight, f"OI{axes}")
    dtype = check_dtype(operation, grad_output=grad, weight=filters)
    shape = check_shape(operation, "input_shape", input_shape, f"NC{axes}")
    geometry = conv_geometry(operation, shape, filters.shape, **options)
    check_output_shape(operation, grad, geometry.output_shape)
    result: np.ndarray = run(
        operation, backend, dtype, (grad, filters, shape), geometry.options(), kernel_size=filters.shape[2:]
    )
    return result


def weight_grad(
    operation: str,
    axes: str,
    grad_output: object,
    x: object,
    weight_shape: object,
    backend: str | None,
    **options: object,
) -> np.ndarray:
    """Check the arguments of a weight gradient and run it."""
    grad = check_array(operation, "grad_output", grad_output, f"NF{axes}")
    images = check_array(operation, "x", x, f"NC{axes}")
    dtype = check_dtype(operation, grad_output=grad, x=images)
    shape = check_shape(operation, "weight_shape", weight_shape, f"OI{axes}")
    geometry = conv_geometry(operation, images.shape, shape, **options)
    check_output_shape(operation, grad, geometry.output_shape)
    result: np.ndarray = run(
        operation, backend, dtype, (grad, images, shape), geometry.options(), kernel_size=shape[2:]
    )
    return result


def bias_grad(operation: str, axes: str, grad_output: object, backend: str | None) -> np.ndarray:
    """Check the argument of a bias gradient and run it."""
    grad = check_array(operation, "grad_output", grad_output, f"NF{axes}")
    dtype = check_dtype(operation, grad_output=grad)
    result: np.ndarray = run(operation, backend, dtype, (grad,))
    return result


def backward(
    operation: str, axes: str, grad_output: object, x: object, weight: object, backend: str | None, **options: object
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Check the arguments of all three gradients and run them."""
    grad = check_array(operation, "grad_output", grad_output, f"NF{axes}")
    images = check_array(operation, "x", x, f"NC{axes}")
    filters = check_array(operation, "weight", weight, f"OI{axes}")
    dtype = check_dtype(operation, grad_output=grad, x=images, weight=filters)
    geometry = conv_geometry(operation, images.shape, filters.shape, **options)
    check_output_shape(operation, grad, geometry.output_shape)
    grad_x, grad_weight, grad_bias = run(
        operation, backend, dtype, (grad, images, filters), geometry.options(), kernel_size=filters.shape[2:]
    )
    return grad_x, grad_weight, grad_bias


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
