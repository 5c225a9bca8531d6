"""The public locally connected layer and its gradients: check arguments, then call the backend's kernel."""

from typing import Any

import numpy as np

from convoracle.fast.arguments import IntOrSizes
from convoracle.fast.arrays import check_array, check_dtype
from convoracle.fast.conv_geometry import ConvGeometry, ConvPadding, Shape, conv_geometry
from convoracle.fast.convolution import check_output_shape
from convoracle.fast.kernels import prepare
from convoracle.fast.remembered import recall, remember


def locally_connected2d(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    stride: IntOrSizes = 1,
    padding: ConvPadding = 0,
    dilation: IntOrSizes = 1,
    backend: str | None = None,
) -> np.ndarray:
    """Return a convolution whose filters differ from position to position: no weights are shared.

    ``out[n, f, p, q] = bias[f, p, q] + sum over c, i, j of
    weight[p, q, f, c, i, j] * x[n, c, p * sh + i * dh, q * sw + j * dw]`` with `x` zero-padded.

    Parameters
    ----------
    x : array (N, C, H, W) of float16, float32, float64 or int8 to int64
        The images. N may be zero.
    weight : array (H_out, W_out, F, C, kH, kW) of the same dtype
        The filters of each output position.
    bias : array (F, H_out, W_out) of the same dtype, optional
        Added to the result of every image.
    stride, padding, dilation
        As of `conv2d`.
    backend : str, optional
        Name of the backend; the one in force if not given (see `convoracle.use_backend`).

    Returns
    -------
    array (N, F, H_out, W_out)
        New, C-contiguous, of the dtype of `x`; int64 for integers. float16 is accumulated in float32.

    Raises
    ------
    ValueError
        For a shape, a size or a name that is not allowed.
    TypeError
        For an argument that is not a plain array or an int, or dtypes that are not allowed or not the same.
    ImportError
        If the backend needs a module that is missing here.

    Notes
    -----
    Cornell CS5670 (Noah Snavely): "Without weight sharing, this is called a locally connected layer".

    Examples
    --------
    >>> weight = np.array([[10, 1], [0, 5]], np.float32).reshape(1, 2, 1, 1, 1, 2)
    >>> locally_connected2d(np.array([[[[1, 2, 3]]]], np.float32), weight)[0, 0]
    array([[12., 15.]], dtype=float32)
    """
    operation = "locally_connected2d"
    key, call = recall(operation, (x, weight, bias), (stride, padding, dilation), backend)
    if call is None:
        x = check_array(operation, "x", x, "NCHW")
        weight = check_array(operation, "weight", weight, WEIGHT_AXES)
        if bias is not None:
            bias = check_array(operation, "bias", bias, "FHW")
        dtype = check_dtype(operation, x=x, weight=weight, bias=bias)
        geometry = _geometry(operation, x.shape, weight.shape, stride=stride, padding=padding, dilation=dilation)
        if bias is not None and bias.shape != geometry.output_shape[1:]:
            raise ValueError(f"{operation}: bias must have shape {geometry.output_shape[1:]}, got {bias.shape}")
        arrays, options = (x, weight, bias), _options(geometry)
        call = remember(key, prepare(operation, backend, dtype, arrays, options=options, kernel_size=weight.shape[4:]))
    result: np.ndarray = call(x, weight, bias)
    return result


def locally_connected2d_backward(
    grad_output: np.ndarray,
    x: np.ndarray,
    weight: np.ndarray,
    *,
    stride: IntOrSizes = 1,
    padding: ConvPadding = 0,
    dilation: IntOrSizes = 1,
    backend: str | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients of a loss with respect to the input, the weight and the bias of `locally_connected2d`.

    Parameters
    ----------
    grad_output : array (N, F, H_out, W_out) of float16, float32, float64 or int8 to int64
        Gradient of the loss with respect to the result.
    x : array (N, C, H, W) of the same dtype
        The input.
    weight : array (H_out, W_out, F, C, kH, kW) of the same dtype
        The filters.
    stride, padding, dilation
        As given to `locally_connected2d`.
    backend : str, optional
        Name of the backend; the one in force if not given (see `convoracle.use_backend`).

    Returns
    -------
    grad_x : array (N, C, H, W)
        New, C-contiguous, of the dtype of `grad_output`; int64 for integers.
    grad_weight : array (H_out, W_out, F, C, kH, kW)
        Likewise; zeros for an empty batch.
    grad_bias : array (F, H_out, W_out)
        Likewise.

    Raises
    ------
    ValueError, TypeError, ImportError
        As `locally_connected2d`; also if the shapes do not fit together.

    Notes
    -----
    Not in the lectures; the gradients of the convolution, each weight's summed over the batch only.

    Examples
    --------
    >>> grad_output, x = np.array([[[[1, 2]]]], np.float32), np.array([[[[1, 2, 3]]]], np.float32)
    >>> weight = np.array([[10, 1], [0, 5]], np.float32).reshape(1, 2, 1, 1, 1, 2)
    >>> [grad.ravel().tolist() for grad in locally_connected2d_backward(grad_output, x, weight)]
    [[10.0, 1.0, 10.0], [1.0, 2.0, 4.0, 6.0], [1.0, 2.0]]
    """
    operation = "locally_connected2d_backward"
    key, call = recall(operation, (grad_output, x, weight), (stride, padding, dilation), backend)
    if call is None:
        grad_output = check_array(operation, "grad_output", grad_output, "NFHW")
        x = check_array(operation, "x", x, "NCHW")
        weight = check_array(operation, "weight", weight, WEIGHT_AXES)
        dtype = check_dtype(operation, grad_output=grad_output, x=x, weight=weight)
        geometry = _geometry(operation, x.shape, weight.shape, stride=stride, padding=padding, dilation=dilation)
        check_output_shape(operation, grad_output, geometry.output_shape)
        arrays, options = (grad_output, x, weight), _options(geometry)
        call = remember(key, prepare(operation, backend, dtype, arrays, options=options, kernel_size=weight.shape[4:]))
    grad_x, grad_weight, grad_bias = call(grad_output, x, weight)
    return grad_x, grad_weight, grad_bias


WEIGHT_AXES = "PQFCHW"
"""Rows and columns of the result, then those of a convolution's weight."""


def _geometry(operation: str, input_shape: Shape, weight_shape: Shape, **options: object) -> ConvGeometry:
    """Return the geometry of the convolution of the same sizes."""
    stride, padding, dilation = (options[name] for name in ("stride", "padding", "dilation"))
    geometry = conv_geometry(
        operation, input_shape, weight_shape[2:], stride=stride, padding=padding, dilation=dilation, groups=1
    )
    expected = (*geometry.output_shape[2:], *weight_shape[2:])
    if weight_shape != expected:
        raise ValueError(
            f"{operation}: weight must have filters for every position of the result, shape {expected}, "
            f"got {weight_shape}"
        )
    return geometry


def _options(geometry: ConvGeometry) -> dict[str, Any]:
    return {"stride": geometry.stride, "padding": geometry.padding, "dilation": geometry.dilation}
