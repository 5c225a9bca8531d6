"""1-D convolution as the 2-D convolution of planes of height 1; `planes` is a module with the kernels of `conv2d`."""

from types import ModuleType
from typing import Any

import numpy as np

from convoracle.fast.conv_geometry import Shape


def conv1d(
    planes: ModuleType, x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, **options: Any
) -> np.ndarray:
    """Convolve planes of height 1."""
    result: np.ndarray = planes.conv2d(_plane(x), _plane(weight), bias, **_with_height(**options))
    return result[:, :, 0]


def conv1d_input_grad(
    planes: ModuleType, grad_output: np.ndarray, weight: np.ndarray, input_shape: Shape, **options: Any
) -> np.ndarray:
    """Return the input gradient of planes of height 1."""
    batch, channels, length = input_shape
    result: np.ndarray = planes.conv2d_input_grad(
        _plane(grad_output), _plane(weight), (batch, channels, 1, length), **_with_height(**options)
    )
    return result[:, :, 0]


def conv1d_weight_grad(
    planes: ModuleType, grad_output: np.ndarray, x: np.ndarray, weight_shape: Shape, **options: Any
) -> np.ndarray:
    """Return the weight gradient of planes of height 1."""
    filters, channels, length = weight_shape
    result: np.ndarray = planes.conv2d_weight_grad(
        _plane(grad_output), _plane(x), (filters, channels, 1, length), **_with_height(**options)
    )
    return result[:, :, 0]


def conv1d_bias_grad(planes: ModuleType, grad_output: np.ndarray) -> np.ndarray:
    """Return the bias gradient of planes of height 1."""
    result: np.ndarray = planes.conv2d_bias_grad(_plane(grad_output))
    return result


def conv1d_backward(
    planes: ModuleType, grad_output: np.ndarray, x: np.ndarray, weight: np.ndarray, **options: Any
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients of input, weight and bias."""
    return (
        conv1d_input_grad(planes, grad_output, weight, x.shape, **options),
        conv1d_weight_grad(planes, grad_output, x, weight.shape, **options),
        conv1d_bias_grad(planes, grad_output),
    )


def _plane(array: np.ndarray) -> np.ndarray:
    return array[:, :, None]


def _with_height(
    *, stride: tuple[int], padding: tuple[tuple[int, int]], dilation: tuple[int], groups: int
) -> dict[str, Any]:
    """Return the options of the 2-D convolution."""
    return {"stride": (1, *stride), "padding": ((0, 0), *padding), "dilation": (1, *dilation), "groups": groups}
