"""Transposed convolution as the adjoint of the convolution.

Its weight (C, F / groups, kH, kW) is that of the convolution from F channels to C that it transposes. So the forward
pass is that convolution's input gradient, its own input gradient is that convolution, and the weight gradient is that
convolution's with the two operands changed over.

Each function returns the kernel that does so by `planes`, which has the kernels of `conv2d`.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from convoracle.fast.conv_geometry import Shape
from convoracle.fast.kernels import all_gradients, bind_kernel, kernel_from

Call = Callable[..., Any]


def conv_transpose2d(planes: Any) -> Call:
    """Return the input gradient of the convolution, and the bias."""
    return kernel_from(partial(_bind_conv_transpose2d, planes), arrays=3)


def conv_transpose2d_input_grad(planes: Any) -> Call:
    """Return the convolution, without the windows that an output padding of a stride or more makes room for."""
    return kernel_from(partial(_bind_input_grad, planes), arrays=2)


def conv_transpose2d_weight_grad(planes: Any) -> Call:
    """Return the weight gradient of the convolution that has `x` for its output gradient."""
    return kernel_from(partial(_bind_weight_grad, planes), arrays=2)


def conv_transpose2d_bias_grad(planes: Any) -> Call:
    """Return the bias gradient: the sum over batch, rows and columns."""
    return kernel_from(partial(_bind_bias_grad, planes), arrays=1)


def conv_transpose2d_backward(planes: Any) -> Call:
    """Return the gradients of input, weight and bias."""
    return all_gradients(
        conv_transpose2d_input_grad(planes), conv_transpose2d_weight_grad(planes), conv_transpose2d_bias_grad(planes)
    )


def _bind_conv_transpose2d(
    planes: Any,
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None,
    output_size: Shape,
    *,
    groups: int,
    **options: Any,
) -> Call:
    """Bind the input gradient of a convolution, to which the bias is added."""
    shape = (len(x), weight.shape[1] * groups, *output_size)
    options = {**options, "groups": groups}
    gather = bind_kernel(planes.conv2d_input_grad, x.dtype.name, (x, weight), (shape,), options)

    @np.errstate(over="ignore", invalid="ignore")
    def add_bias(result: np.ndarray, bias: np.ndarray) -> np.ndarray:
        return np.add(result, bias[:, None, None], out=result)

    def transpose(x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None) -> np.ndarray:
        result: np.ndarray = gather(x, weight)
        return result if bias is None else add_bias(result, bias)

    return transpose


def _bind_input_grad(
    planes: Any, grad_output: np.ndarray, weight: np.ndarray, input_shape: Shape, **options: Any
) -> Call:
    """Bind a convolution, of which what lies beyond the input is cut off."""
    convolve = bind_kernel(planes.conv2d, weight.dtype.name, (grad_output, weight, None), (), options)
    rows, columns = input_shape[2:]

    def convolve_windows(grad_output: np.ndarray, weight: np.ndarray) -> np.ndarray:
        result: np.ndarray = convolve(grad_output, weight, None)
        return result if result.shape == input_shape else np.ascontiguousarray(result[:, :, :rows, :columns])

    return convolve_windows


def _bind_weight_grad(planes: Any, grad_output: np.ndarray, x: np.ndarray, weight_shape: Shape, **options: Any) -> Call:
    """Bind the weight gradient with its two arrays exchanged."""
    add = bind_kernel(planes.conv2d_weight_grad, x.dtype.name, (x, grad_output), (weight_shape,), options)
    return lambda grad_output, x: add(x, grad_output)


def _bind_bias_grad(planes: Any, grad_output: np.ndarray) -> Call:
    """Bind the bias gradient, which is the same."""
    return bind_kernel(planes.conv2d_bias_grad, grad_output.dtype.name, (grad_output,), (), {})
