"""The public sigmoid and its gradient: check their arguments, then call the kernel of the chosen backend."""

import numpy as np

from convoracle.fast.arrays import FLOATS, check_dtype, check_same_shape, check_values
from convoracle.fast.kernels import prepare
from convoracle.fast.remembered import recall, remember


def sigmoid(x: np.ndarray, *, backend: str | None = None) -> np.ndarray:
    """Return ``1 / (1 + exp(-x))`` of each value, without overflow whatever the value.

    Parameters
    ----------
    x : array of any shape, of float16, float32 or float64
        At least one dimension; the first may be empty.
    backend : str, optional
        Name of the backend; the one in force if not given (see `convoracle.use_backend`).

    Returns
    -------
    array of the shape of `x`
        New, C-contiguous, of the dtype of `x`. 0 at -Inf, 1 at +Inf; a NaN stays NaN.

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
    UW CSE 493G1, Lecture 5, the sigmoid gate. For a negative x the fraction is extended by exp(x).

    Examples
    --------
    >>> sigmoid(np.array([0, -1000, 1000], np.float32))
    array([0.5, 0. , 1. ], dtype=float32)
    """
    operation = "sigmoid"
    key, call = recall(operation, (x,), (), backend)
    if call is None:
        x = check_values(operation, "x", x)
        dtype = check_dtype(operation, FLOATS, x=x)
        call = remember(key, prepare(operation, backend, dtype, (x,)))
    result: np.ndarray = call(x)
    return result


def sigmoid_backward(grad_output: np.ndarray, x: np.ndarray, *, backend: str | None = None) -> np.ndarray:
    """Return the gradient of a loss with respect to the input of `sigmoid`.

    Parameters
    ----------
    grad_output : array of the shape of `x`, of float16, float32 or float64
        Gradient of the loss with respect to the result.
    x : array of any shape, of the same dtype
        The input.
    backend : str, optional
        Name of the backend; the one in force if not given (see `convoracle.use_backend`).

    Returns
    -------
    array of the shape of `x`
        New, C-contiguous, of the dtype of `x`.

    Raises
    ------
    ValueError, TypeError, ImportError
        As `sigmoid`; also if the shapes do not fit together.

    Notes
    -----
    ``sigmoid(x) * (1 - sigmoid(x))``, whose second factor is computed as ``sigmoid(-x)``, which does not cancel.

    Examples
    --------
    >>> sigmoid_backward(np.array([8], np.float32), np.array([0], np.float32))
    array([2.], dtype=float32)
    """
    operation = "sigmoid_backward"
    key, call = recall(operation, (grad_output, x), (), backend)
    if call is None:
        grad_output = check_values(operation, "grad_output", grad_output)
        x = check_values(operation, "x", x)
        dtype = check_dtype(operation, FLOATS, grad_output=grad_output, x=x)
        check_same_shape(operation, grad_output=grad_output, x=x)
        call = remember(key, prepare(operation, backend, dtype, (grad_output, x)))
    result: np.ndarray = call(grad_output, x)
    return result
