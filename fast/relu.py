"""The public relu and its gradient: check their arguments, then call the kernel of the chosen backend."""

import numpy as np

from convoracle.fast.arrays import check_dtype, check_same_shape, check_values
from convoracle.fast.kernels import prepare
from convoracle.fast.remembered import recall, remember


def relu(x: np.ndarray, *, backend: str | None = None) -> np.ndarray:
    """Return the larger of zero and each value.

    Parameters
    ----------
    x : array of any shape, of float16, float32, float64 or int8 to int64
        At least one dimension; the first may be empty.
    backend : str, optional
        Name of the backend; the one in force if not given (see `convoracle.use_backend`).

    Returns
    -------
    array of the shape of `x`
        New, C-contiguous, of the dtype of `x`; int64 for integers. A NaN stays NaN, as in PyTorch.

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
    UW CSE 493G1, Lecture 5, "Backprop with Vectors", ``f(x) = max(0, x)``.

    Examples
    --------
    >>> relu(np.array([1, -2, 3, -1], np.float32))
    array([1., 0., 3., 0.], dtype=float32)
    """
    operation = "relu"
    key, call = recall(operation, (x,), (), backend)
    if call is None:
        x = check_values(operation, "x", x)
        dtype = check_dtype(operation, x=x)
        call = remember(key, prepare(operation, backend, dtype, (x,)))
    result: np.ndarray = call(x)
    return result


def relu_backward(grad_output: np.ndarray, x: np.ndarray, *, backend: str | None = None) -> np.ndarray:
    """Return the gradient of a loss with respect to the input of `relu`.

    Parameters
    ----------
    grad_output : array of the shape of `x`, of float16, float32, float64 or int8 to int64
        Gradient of the loss with respect to the result.
    x : array of any shape, of the same dtype
        The input.
    backend : str, optional
        Name of the backend; the one in force if not given (see `convoracle.use_backend`).

    Returns
    -------
    array of the shape of `x`
        New, C-contiguous, of the dtype of `x`; int64 for integers. Zero where x is not positive: at 0, and at NaN.

    Raises
    ------
    ValueError, TypeError, ImportError
        As `relu`; also if the shapes do not fit together.

    Notes
    -----
    UW CSE 493G1, Lecture 5, "Backprop with Vectors": the gradient "if x_i > 0, otherwise 0"; the inequality is strict.

    Examples
    --------
    >>> relu_backward(np.array([4, -1, 5, 9], np.float32), np.array([1, -2, 3, 0], np.float32))
    array([4., 0., 5., 0.], dtype=float32)
    """
    operation = "relu_backward"
    key, call = recall(operation, (grad_output, x), (), backend)
    if call is None:
        grad_output = check_values(operation, "grad_output", grad_output)
        x = check_values(operation, "x", x)
        dtype = check_dtype(operation, grad_output=grad_output, x=x)
        check_same_shape(operation, grad_output=grad_output, x=x)
        call = remember(key, prepare(operation, backend, dtype, (grad_output, x)))
    result: np.ndarray = call(grad_output, x)
    return result
