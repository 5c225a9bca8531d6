"""The public mean subtraction and its gradient: check their arguments, then call the kernel of the chosen backend."""

import numpy as np

from convoracle.fast.arguments import check_axis
from convoracle.fast.arrays import FLOATS, check_dtype, check_values
from convoracle.fast.kernels import prepare
from convoracle.fast.remembered import recall, remember


def mean_subtract(x: np.ndarray, axis: int = 1, *, backend: str | None = None) -> np.ndarray:
    """Return each value less the mean along an axis.

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
        New, C-contiguous, of the dtype of `x`.

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
    Cornell CS5670 (Noah Snavely), "Example: Mean Subtraction", the version that broadcasts properly.

    Examples
    --------
    >>> mean_subtract(np.array([[1, 2, 3], [4, 6, 11]], np.float32))
    array([[-1.,  0.,  1.],
           [-3., -1.,  4.]], dtype=float32)
    """
    operation = "mean_subtract"
    key, call = recall(operation, (x,), (axis,), backend)
    if call is None:
        x = check_values(operation, "x", x)
        dtype = check_dtype(operation, FLOATS, x=x)
        options = {"axis": check_axis(operation, axis, x.shape)}
        call = remember(key, prepare(operation, backend, dtype, (x,), options=options))
    result: np.ndarray = call(x)
    return result


def mean_subtract_backward(grad_output: np.ndarray, axis: int = 1, *, backend: str | None = None) -> np.ndarray:
    """Return the gradient of a loss with respect to the input of `mean_subtract`.

    Parameters
    ----------
    grad_output : array of the shape of the input, of float16, float32 or float64
        Gradient of the loss with respect to the result.
    axis : int
        As given to `mean_subtract`.
    backend : str, optional
        Name of the backend; the one in force if not given (see `convoracle.use_backend`).

    Returns
    -------
    array of the shape of `grad_output`
        New, C-contiguous, of its dtype.

    Raises
    ------
    ValueError, TypeError, ImportError
        As `mean_subtract`; also if the shapes do not fit together.

    Notes
    -----
    Cornell CS5670 (Noah Snavely), "Example: Mean Subtraction": the backward pass is the forward pass.

    Examples
    --------
    >>> mean_subtract_backward(np.array([[3, 0, 0]], np.float32))
    array([[ 2., -1., -1.]], dtype=float32)
    """
    operation = "mean_subtract_backward"
    key, call = recall(operation, (grad_output,), (axis,), backend)
    if call is None:
        grad_output = check_values(operation, "grad_output", grad_output)
        dtype = check_dtype(operation, FLOATS, grad_output=grad_output)
        options = {"axis": check_axis(operation, axis, grad_output.shape)}
        call = remember(key, prepare(operation, backend, dtype, (grad_output,), options=options))
    result: np.ndarray = call(grad_output)
    return result
