"""Transposed convolution as the adjoint of the convolution; `planes` is a module with the kernels of `conv2d`.

Its weight (C, F / groups, kH, kW) is that of the convolution from F channels to C that it transposes. So the forward
pass is that convolution's input gradient, its own input gradient is that convolution, and the weight gradient is that
convolution's with the two operands changed over.
"""

from types import ModuleType
from typing import Any

import numpy as np

from convoracle.fast.conv_geometry import Shape


def conv_transpose2d(
    planes: ModuleType,
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None,
    output_size: Shape,
    *,
    groups: int,
    **options: Any,
) -> np.ndarray:
    """Return the input gradient of the convolution, and the bias."""
    shape = (len(x), weight.shape[1] * groups, *output_size)
    result: np.ndarray = planes.conv2d_input_grad(x, weight, shape, groups=groups, **options)
    if bias is not None:
        result += bias[:, None, None]
    return result


def conv_transpose2d_input_grad(
    planes: ModuleType, grad_output: np.ndarray, weight: np.ndarray, input_shape: Shape, **options: Any
) -> np.ndarray:
    """Return the convolution, without the windows that an output padding of a stride or more makes room for."""
    rows, columns = input_shape[2:]
    result: np.ndarray = planes.conv2d(grad_output, weight, None, **options)
    return result[:, :, :rows, :columns]


def conv_transpose2d_weight_grad(
    planes: ModuleType, grad_output: np.ndarray, x: np.ndarray, weight_shape: Shape, **options: Any
) -> np.ndarray:
    """Return the weight gradient of the convolution that has `x` for its output gradient."""
    result: np.ndarray = planes.conv2d_weight_grad(x, grad_output, weight_shape, **options)
    return result


def conv_transpose2d_bias_grad(planes: ModuleType, grad_output: np.ndarray) -> np.ndarray:
    """Return the bias gradient: the sum over batch, rows and columns."""
    result: np.ndarray = planes.conv2d_bias_grad(grad_output)
    return result


def conv_transpose2d_backward(
    planes: ModuleType, grad_output: np.ndarray, x: np.ndarray, weight: np.ndarray, **options: Any
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients of input, weight and bias."""
    return (
        conv_transpose2d_input_grad(planes, grad_output, weight, x.shape, **options),
        conv_transpose2d_weight_grad(planes, grad_output, x, weight.shape, **options),
        conv_transpose2d_bias_grad(planes, grad_output),
    )
