"""The public logarithm of the softmax and its gradient: check arguments, then call the backend's kernel."""

import numpy as np

from convoracle.fast.arguments import check_axis
from convoracle.fast.arrays import FLOATS, check_dtype, check_same_shape, check_values
from convoracle.fast.kernels import prepare
from convoracle.fast.remembered import recall, remember


def log_softmax(x: np.ndarray, axis: int = 1, *, backend: str | None = None) -> np.ndarray:
    """Return ``x - log(sum of exp(x))`` along an axis: the logarithm of `softmax`, also where that underflows.

    Parameters
    ----------
    x : array of any shape, of float16, float32 or float64
        (N, classes) unless another axis is given; the first dimension may be empty.
    axis : int
        The axis, from the end if it is negative.
    backend : str, optional
        Name of the backend; the one in force if not given (see `convoracle.use_backend`).

    Returns
    -------
    array of the shape of `x`
        New, C-contiguous, of the dtype of `x`; NaN along an axis that holds a NaN or +Inf, or nothing but -Inf.

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
    Cornell CS4670 (Sean Bell), "Example: Softmax (for N inputs)", whose fraction is never formed here.

    Examples
    --------
    >>> log_softmax(np.array([[1000, 0]], np.float32))
    array([[    0., -1000.]], dtype=float32)
    """
    operation = "log_softmax"
    key, call = recall(operation, (x,), (axis,), backend)
    if call is None:
        x = check_values(operation, "x", x)
        dtype = check_dtype(operation, FLOATS, x=x)
        options = {"axis": check_axis(operation, axis, x.shape)}
        call = remember(key, prepare(operation, backend, dtype, (x,), options=options))
    result: np.ndarray = call(x)
    return result


def log_softmax_backward(
    grad_output: np.ndarray, x: np.ndarray, axis: int = 1, *, backend: str | None = None
) -> np.ndarray:
    """Return the gradient of a loss with respect to the input of `log_softmax`.

    Parameters
    ----------
    grad_output : array of the shape of the input, of float16, float32 or float64
        Gradient of the loss with respect to the result.
    x : array of any shape, of the same dtype
        The input.
    axis : int
        As given to `log_softmax`.
    backend : str, optional
        Name of the backend; the one in force if not given (see `convoracle.use_backend`).

    Returns
    -------
    array of the shape of `grad_output`
        New, C-contiguous, of its dtype.

    Raises
    ------
    ValueError, TypeError, ImportError
        As `log_softmax`; also if the shapes do not fit together.

    Notes
    -----
    ``grad_output - softmax(x) * sum of grad_output``.

    Examples
    --------
    >>> log_softmax_backward(np.array([[4, 0]], np.float32), np.array([[1, 1]], np.float32))
    array([[ 2., -2.]], dtype=float32)
    """
    operation = "log_softmax_backward"
    key, call = recall(operation, (grad_output, x), (axis,), backend)
    if call is None:
        grad_output = check_values(operation, "grad_output", grad_output)
        x = check_values(operation, "x", x)
        dtype = check_dtype(operation, FLOATS, grad_output=grad_output, x=x)
        check_same_shape(operation, grad_output=grad_output, x=x)
        options = {"axis": check_axis(operation, axis, grad_output.shape)}
        call = remember(key, prepare(operation, backend, dtype, (grad_output, x), options=options))
    result: np.ndarray = call(grad_output, x)
    return result
