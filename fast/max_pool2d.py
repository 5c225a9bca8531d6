"""The public max pooling and its gradient: check their arguments, then call the kernel of the chosen backend."""

import math
from typing import Any

import numpy as np

from convoracle.fast.arguments import IntOrSizes, check_flag, check_shape
from convoracle.fast.arrays import check_array, check_dtype
from convoracle.fast.kernels import prepare
from convoracle.fast.pool_geometry import pool2d_geometry
from convoracle.fast.remembered import Call, recall, remember, spell_shape

INDEX_BYTES, MOST_BYTES = 8, 1 << 24
"""Bytes of an index, and of all that are made at a time where they are not returned."""


def max_pool2d(
    x: np.ndarray,
    kernel_size: IntOrSizes,
    stride: IntOrSizes | None = None,
    padding: IntOrSizes = 0,
    dilation: IntOrSizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
    *,
    backend: str | None = None,
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    """Return the largest value of each window.

    The first maximum in row-major order wins, and a NaN wins over all. The output size along an axis is
    ``floor((size + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1``; with `ceil_mode` the quotient is
    rounded up, but no window starts in the right padding.

    Parameters
    ----------
    x : array (N, C, H, W) of float16, float32, float64 or int8 to int64
        The maps; N may be zero.
    kernel_size : int or (height, width)
        Size of the window, at least 1.
    stride : int or (height, width), optional
        At least 1; the kernel size if it is None or ().
    padding : int or (height, width)
        Positions added at both ends, which never win; at most half the kernel.
    dilation : int or (height, width)
        Distance between the positions of a window, at least 1.
    ceil_mode : bool
        Whether a window may overhang the end.
    return_indices : bool
        Whether to return where the maxima are, too.
    backend : str, optional
        Name of the backend; the one in force if not given (see `convoracle.use_backend`).

    Returns
    -------
    values : array (N, C, H_out, W_out)
        New, C-contiguous, of the dtype of `x`; int64 for integers.
    indices : int64 array (N, C, H_out, W_out)
        With `return_indices` only: ``row * W + column`` in the plane without padding.

    Raises
    ------
    ValueError
        For a shape, a size or a name that is not allowed, or a window without any position of `x`.
    TypeError
        For an argument that is not a plain array, an int or a bool, or a dtype that is not allowed.
    ImportError
        If the backend needs a module that is missing here.

    Notes
    -----
    CMU 11-785 (Bhiksha Raj), "Convolutional Networks III", max pooling layer at layer l; the signature is PyTorch's.

    Examples
    --------
    >>> x = np.array([[[[1, 5, 2, 0], [3, 4, 9, 9]]]], np.float32)
    >>> values, indices = max_pool2d(x, 2, return_indices=True)
    >>> values[0, 0], indices[0, 0]
    (array([[5., 9.]], dtype=float32), array([[1, 6]]))
    """
    operation = "max_pool2d"
    options = (kernel_size, stride, padding, dilation, ceil_mode, return_indices)
    key, call = recall(operation, (x,), options, backend)
    if call is None:
        x = check_array(operation, "x", x, "NCHW")
        dtype = check_dtype(operation, x=x)
        ceil_mode = check_flag(operation, "ceil_mode", ceil_mode)
        return_indices = check_flag(operation, "return_indices", return_indices)
        geometry = pool2d_geometry(
            operation,
            x.shape,
            kernel_size=kernel_size,
            stride=stride,
            padding=padding,
            dilation=dilation,
            ceil_mode=ceil_mode,
        )
        normalised = {
            "kernel_size": geometry.kernel_size,
            "stride": geometry.stride,
            "padding": geometry.padding,
            "dilation": geometry.dilation,
            "output_size": geometry.output_size,
        }
        call = prepare(operation, backend, dtype, (x,), options=normalised)
        parts = -(-INDEX_BYTES * math.prod((*x.shape[:2], *geometry.output_size)) // MOST_BYTES)
        if parts > 1 and not return_indices and x.shape[:2] != (1, 1):
            call = _in_parts(x.shape, parts, options[:-1], backend)
        call = remember(key, call)
    values, indices = call(x)
    return (values, indices) if return_indices else values


def max_pool2d_backward(
    grad_output: np.ndarray,
    indices: np.ndarray,
    input_shape: tuple[int, int, int, int],
    *,
    backend: str | None = None,
) -> np.ndarray:
    """Return the gradient of a loss with respect to the input of `max_pool2d`.

    Each value of `grad_output` is added where its maximum was.

    Parameters
    ----------
    grad_output : array (N, C, H_out, W_out) of float16, float32, float64 or int8 to int64
        Gradient of the loss with respect to the result.
    indices : int64 array (N, C, H_out, W_out)
        As returned by `max_pool2d`, between 0 and ``H * W - 1``.
    input_shape : (N, C, H, W)
        Shape of the input.
    backend : str, optional
        Name of the backend.

    Returns
    -------
    array (N, C, H, W)
        New, C-contiguous, of the dtype of `grad_output`; int64 for integers.

    Raises
    ------
    ValueError, TypeError, ImportError
        As `max_pool2d`; also for indices outside the plane.

    Notes
    -----
    CMU 11-785 (Bhiksha Raj), "Convolutional Networks III", derivative of max pooling layer at layer l.

    Examples
    --------
    >>> grad_output = np.array([[[[10, 20]]]], np.float32)
    >>> indices = np.array([[[[1, 6]]]])
    >>> max_pool2d_backward(grad_output, indices, (1, 1, 2, 4))[0, 0]
    array([[ 0., 10.,  0.,  0.],
           [ 0.,  0., 20.,  0.]], dtype=float32)
    """
    operation = "max_pool2d_backward"
    key, call = recall(operation, (grad_output, indices), spell_shape(input_shape), backend)
    if call is None:
        grad_output = check_array(operation, "grad_output", grad_output, "NCHW")
        indices = check_array(operation, "indices", indices, "NCHW")
        dtype = check_dtype(operation, grad_output=grad_output)
        check_dtype(operation, ("int64",), indices=indices)
        shape = check_shape(operation, "input_shape", input_shape, "NCHW")
        if indices.shape != grad_output.shape:
            raise ValueError(
                f"{operation}: indices must have the shape of grad_output, {grad_output.shape}, got {indices.shape}"
            )
        if shape[:2] != grad_output.shape[:2]:
            raise ValueError(
                f"{operation}: input_shape {shape} and grad_output {grad_output.shape} must agree in the axes N and C"
            )
        call = prepare(operation, backend, dtype, (grad_output, indices), (shape,))
        # Shapes are what a call is remembered by; values may be others each time.
        call = remember(key, call if getattr(call, "checks_indices", False) else _checked(call, shape))
    try:
        result: np.ndarray = call(grad_output, indices)
    except IndexError:
        _check_positions(operation, indices, input_shape)
        raise
    return result


def _checked(call: Call, input_shape: tuple[int, ...]) -> Call:
    """Return a function that checks the indices before it calls a kernel that does not."""

    def check_and_call(grad_output: np.ndarray, indices: np.ndarray) -> Any:
        _check_positions("max_pool2d_backward", indices, input_shape)
        return call(grad_output, indices)

    return check_and_call


def _in_parts(shape: tuple[int, ...], parts: int, options: tuple[Any, ...], backend: str | None) -> Any:
    """Return a function that pools some images at a time, or some channels of one image.

    Kernels find maxima and indices together, and indices that nobody asked for may take more than everything else.
    """
    axis = 0 if shape[0] > 1 else 1
    step = max(shape[axis] // parts, 1)

    def pool(x: Any) -> tuple[np.ndarray, None]:
        x = np.asarray(x)
        before = (slice(None),) * axis
        values: np.ndarray | None = None
        for first in range(0, shape[axis], step):
            part = (*before, slice(first, first + step))
            pooled: Any = max_pool2d(x[part], *options, backend=backend)
            if values is None:
                values = np.empty((*shape[:2], *pooled.shape[2:]), pooled.dtype)
            values[part] = pooled
            del pooled  # the next one takes its place
        assert values is not None
        return values, None

    return pool


def _check_positions(operation: str, indices: np.ndarray, input_shape: tuple[int, ...]) -> None:
    """Reject indices outside the plane."""
    positions = input_shape[2] * input_shape[3]
    # Without a sign, a negative index is larger than all others.
    unsigned = indices.view(np.uint64) if indices.dtype.isnative else indices.astype(np.uint64)
    if indices.size and unsigned.max() >= positions:
        raise ValueError(
            f"{operation}: indices must be between 0 and H * W - 1 = {positions - 1}, "
            f"got {indices.min()} to {indices.max()}"
        )
