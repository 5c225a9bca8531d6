"""The public downsampling and its gradient: check their arguments, then call the kernel of the chosen backend."""

import numpy as np

from convoracle.fast.arguments import IntOrSizes, check_pair, check_shape
from convoracle.fast.arrays import check_array, check_dtype
from convoracle.fast.convolution import check_output_shape
from convoracle.fast.kernels import prepare
from convoracle.fast.remembered import recall, remember


def downsample2d(x: np.ndarray, factor: IntOrSizes, *, backend: str | None = None) -> np.ndarray:
    """Return the first of every `factor` rows and columns.

    Parameters
    ----------
    x : array (N, C, H, W) of float16, float32, float64 or int8 to int64
        The maps; N may be zero.
    factor : int or (height, width)
        At least 1.
    backend : str, optional
        Name of the backend; the one in force if not given (see `convoracle.use_backend`).

    Returns
    -------
    array (N, C, ceil(H / factor), ceil(W / factor))
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
    CMU 11-785 (Bhiksha Raj), "Convolutional Networks III", the downsampling layer: it "drops S-1 of S rows and
    columns".

    Examples
    --------
    >>> downsample2d(np.arange(12, dtype=np.float32).reshape(1, 1, 3, 4), 2)[0, 0]
    array([[ 0.,  2.],
           [ 8., 10.]], dtype=float32)
    """
    operation = "downsample2d"
    key, call = recall(operation, (x,), (factor,), backend)
    if call is None:
        x = check_array(operation, "x", x, "NCHW")
        dtype = check_dtype(operation, x=x)
        options = {"factor": check_pair(operation, "factor", factor, 1)}
        call = remember(key, prepare(operation, backend, dtype, (x,), options=options))
    result: np.ndarray = call(x)
    return result


def downsample2d_backward(
    grad_output: np.ndarray,
    input_shape: tuple[int, int, int, int],
    factor: IntOrSizes,
    *,
    backend: str | None = None,
) -> np.ndarray:
    """Return the gradient of a loss with respect to the input of `downsample2d`: zero wherever a value was dropped.

    Parameters
    ----------
    grad_output : array (N, C, ceil(H / factor), ceil(W / factor)) of float16, float32, float64 or int8 to int64
        Gradient of the loss with respect to the result.
    input_shape : (N, C, H, W)
        Shape of the input; several sizes have the same result.
    factor : int or (height, width)
        As given to `downsample2d`.
    backend : str, optional
        Name of the backend; the one in force if not given (see `convoracle.use_backend`).

    Returns
    -------
    array (N, C, H, W)
        New, C-contiguous, of the dtype of `grad_output`; int64 for integers.

    Raises
    ------
    ValueError, TypeError, ImportError
        As `downsample2d`; also if the shapes do not fit together.

    Notes
    -----
    CMU 11-785 (Bhiksha Raj), "Convolutional Networks III", backward through resampling.

    Examples
    --------
    >>> downsample2d_backward(np.array([[[[1, 2]]]], np.float32), (1, 1, 1, 4), (1, 2))[0, 0]
    array([[1., 0., 2., 0.]], dtype=float32)
    """
    operation = "downsample2d_backward"
    key, call = recall(operation, (grad_output,), (input_shape, factor), backend)
    if call is None:
        grad_output = check_array(operation, "grad_output", grad_output, "NCHW")
        dtype = check_dtype(operation, grad_output=grad_output)
        shape = check_shape(operation, "input_shape", input_shape, "NCHW")
        factors = check_pair(operation, "factor", factor, 1)
        rows, columns = (-(-n // s) for n, s in zip(shape[2:], factors, strict=True))
        check_output_shape(operation, grad_output, (*shape[:2], rows, columns))
        call = remember(key, prepare(operation, backend, dtype, (grad_output,), (shape,), {"factor": factors}))
    result: np.ndarray = call(grad_output)
    return result
