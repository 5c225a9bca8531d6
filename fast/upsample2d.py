"""The public upsampling and its gradient: check their arguments, then call the kernel of the chosen backend."""

import numpy as np

from convoracle.fast.arguments import IntOrSizes, check_addressable, check_pair, check_shape
from convoracle.fast.arrays import check_array, check_dtype
from convoracle.fast.kernels import prepare
from convoracle.fast.remembered import recall, remember


def upsample2d(
    x: np.ndarray, factor: IntOrSizes, output_size: tuple[int, int] | None = None, *, backend: str | None = None
) -> np.ndarray:
    """Return every map with ``factor - 1`` rows and columns of zeros between adjacent values.

    Parameters
    ----------
    x : array (N, C, H, W) of float16, float32, float64 or int8 to int64
        The maps; N may be zero.
    factor : int or (height, width)
        At least 1.
    output_size : (height, width), optional
        ``(size - 1) * factor + 1`` if not given, and up to ``factor - 1`` more: zeros after the last value.
    backend : str, optional
        Name of the backend; the one in force if not given (see `convoracle.use_backend`).

    Returns
    -------
    array (N, C, *output_size)
        New, C-contiguous, of the dtype of `x`; int64 for integers.

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
    CMU 11-785 (Bhiksha Raj), "Convolutional Networks III", the upsampling layer; the backward pass through a stride
    needs the zeros at the end, one for each position the stride left over.

    Examples
    --------
    >>> upsample2d(np.array([[[[1, 2, 3]]]], np.float32), (1, 2))[0, 0]
    array([[1., 0., 2., 0., 3.]], dtype=float32)
    >>> upsample2d(np.array([[[[1, 2, 3]]]], np.float32), (1, 2), (1, 6)).shape
    (1, 1, 1, 6)
    """
    operation = "upsample2d"
    key, call = recall(operation, (x,), (factor, output_size), backend)
    if call is None:
        x = check_array(operation, "x", x, "NCHW")
        dtype = check_dtype(operation, x=x)
        factors = check_pair(operation, "factor", factor, 1)
        least = tuple((n - 1) * s + 1 for n, s in zip(x.shape[2:], factors, strict=True))
        size = least if output_size is None else check_shape(operation, "output_size", output_size, "HW")
        if any(not low <= n < low + s for n, low, s in zip(size, least, factors, strict=True)):
            most = tuple(low + s - 1 for low, s in zip(least, factors, strict=True))
            raise ValueError(f"{operation}: output_size must be between {least} and {most}, got {size}")
        check_addressable(operation, "result", (*x.shape[:2], *size))
        call = remember(key, prepare(operation, backend, dtype, (x,), (size,), {"factor": factors}))
    result: np.ndarray = call(x)
    return result


def upsample2d_backward(
    grad_output: np.ndarray,
    input_shape: tuple[int, int, int, int],
    factor: IntOrSizes,
    *,
    backend: str | None = None,
) -> np.ndarray:
    """Return the gradient of a loss with respect to the input of `upsample2d`: the inserted zeros get none.

    Parameters
    ----------
    grad_output : array (N, C, *output_size) of float16, float32, float64 or int8 to int64
        Gradient of the loss with respect to the result.
    input_shape : (N, C, H, W)
        Shape of the input.
    factor : int or (height, width)
        As given to `upsample2d`.
    backend : str, optional
        Name of the backend; the one in force if not given (see `convoracle.use_backend`).

    Returns
    -------
    array (N, C, H, W)
        New, C-contiguous, of the dtype of `grad_output`; int64 for integers.

    Raises
    ------
    ValueError, TypeError, ImportError
        As `upsample2d`; also if the shapes do not fit together.

    Notes
    -----
    CMU 11-785 (Bhiksha Raj), "Convolutional Networks III", backward through resampling: downsampling.

    Examples
    --------
    >>> upsample2d_backward(np.array([[[[1, 2, 3, 4]]]], np.float32), (1, 1, 1, 2), (1, 2))[0, 0]
    array([[1., 3.]], dtype=float32)
    """
    operation = "upsample2d_backward"
    key, call = recall(operation, (grad_output,), (input_shape, factor), backend)
    if call is None:
        grad_output = check_array(operation, "grad_output", grad_output, "NCHW")
        dtype = check_dtype(operation, grad_output=grad_output)
        shape = check_shape(operation, "input_shape", input_shape, "NCHW")
        factors = check_pair(operation, "factor", factor, 1)
        batch, channels, *size = grad_output.shape
        came_from = (batch, channels, *(-(-n // s) for n, s in zip(size, factors, strict=True)))
        if came_from != shape:
            raise ValueError(
                f"{operation}: grad_output of shape {grad_output.shape} with factor {factors} comes from an input of "
                f"shape {came_from}, got input_shape {shape}"
            )
        call = remember(key, prepare(operation, backend, dtype, (grad_output,), options={"factor": factors}))
    result: np.ndarray = call(grad_output)
    return result
