"""1-D convolution as the 2-D convolution of planes of height 1.

Each function returns the kernel that does so by `planes`, which has the kernels of `conv2d`.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from convoracle.fast.conv_geometry import Shape
from convoracle.fast.kernels import all_gradients, bind_kernel, kernel_from

Call = Callable[..., Any]


def conv1d(planes: Any) -> Call:
    """Convolve planes of height 1."""
    return kernel_from(partial(_bind_conv1d, planes), arrays=3)


def conv1d_input_grad(planes: Any) -> Call:
    """Return the input gradient of planes of height 1."""
    return kernel_from(partial(_bind_input_grad, planes), arrays=2)


def conv1d_weight_grad(planes: Any) -> Call:
    """Return the weight gradient of planes of height 1."""
    return kernel_from(partial(_bind_weight_grad, planes), arrays=2)


def conv1d_bias_grad(planes: Any) -> Call:
    """Return the bias gradient of planes of height 1."""
    return kernel_from(partial(_bind_bias_grad, planes), arrays=1)


def conv1d_backward(planes: Any) -> Call:
    """Return the gradients of input, weight and bias."""
    return all_gradients(conv1d_input_grad(planes), conv1d_weight_grad(planes), conv1d_bias_grad(planes))


def _bind_conv1d(planes: Any, x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, **options: Any) -> Call:
    """Bind the convolution of planes of height 1."""
    arrays = _plane(x), _plane(weight), bias
    convolve = bind_kernel(planes.conv2d, x.dtype.name, arrays, (), _with_height(**options))

    def convolve_lines(x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None) -> np.ndarray:
        return _line(convolve(_plane(x), _plane(weight), bias))

    return convolve_lines


def _bind_input_grad(
    planes: Any, grad_output: np.ndarray, weight: np.ndarray, input_shape: Shape, **options: Any
) -> Call:
    """Bind the input gradient of planes of height 1."""
    arrays = _plane(grad_output), _plane(weight)
    shape = (*input_shape[:2], 1, input_shape[2])
    gather = bind_kernel(planes.conv2d_input_grad, weight.dtype.name, arrays, (shape,), _with_height(**options))

    def gather_lines(grad_output: np.ndarray, weight: np.ndarray) -> np.ndarray:
        return _line(gather(_plane(grad_output), _plane(weight)))

    return gather_lines


def _bind_weight_grad(planes: Any, grad_output: np.ndarray, x: np.ndarray, weight_shape: Shape, **options: Any) -> Call:
    """Bind the weight gradient of planes of height 1."""
    arrays = _plane(grad_output), _plane(x)
    shape = (*weight_shape[:2], 1, weight_shape[2])
    add = bind_kernel(planes.conv2d_weight_grad, x.dtype.name, arrays, (shape,), _with_height(**options))

    def add_lines(grad_output: np.ndarray, x: np.ndarray) -> np.ndarray:
        return _line(add(_plane(grad_output), _plane(x)))

    return add_lines


def _bind_bias_grad(planes: Any, grad_output: np.ndarray) -> Call:
    """Bind the bias gradient of planes of height 1."""
    add = bind_kernel(planes.conv2d_bias_grad, grad_output.dtype.name, (_plane(grad_output),), (), {})
    return lambda grad_output: add(_plane(grad_output))


def _plane(lines: np.ndarray) -> np.ndarray:
    """Return lines (N, C, L) as planes of height 1."""
    return lines[:, :, None]


def _line(planes: np.ndarray) -> np.ndarray:
    """Return planes of height 1 as lines."""
    return planes[:, :, 0]


def _with_height(
    *, stride: tuple[int], padding: tuple[tuple[int, int]], dilation: tuple[int], groups: int
) -> dict[str, Any]:
    """Return the options of the 2-D convolution."""
    return {"stride": (1, *stride), "padding": ((0, 0), *padding), "dilation": (1, *dilation), "groups": groups}
