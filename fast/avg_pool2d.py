"""The public mean pooling and its gradient: check their arguments, then call the kernel of the chosen backend."""

import numpy as np

from convoracle.fast.arguments import LARGEST_INT, IntOrSizes, check_flag, check_int, check_shape
from convoracle.fast.arrays import FLOATS, accumulator, check_array, check_dtype
from convoracle.fast.kernels import prepare
from convoracle.fast.pool_geometry import PoolGeometry, pool2d_geometry, window_divisors
from convoracle.fast.remembered import recall, remember, spell_shape


def avg_pool2d(
    x: np.ndarray,
    kernel_size: IntOrSizes,
    stride: IntOrSizes | None = None,
    padding: IntOrSizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
    *,
    backend: str | None = None,
) -> np.ndarray:
    """Return the mean of each window.

    The sum of the window's values is divided by its number of positions: those inside the padded plane, or with
    ``count_include_pad=False`` those inside the plane itself, or by `divisor_override`. The output size along an axis
    is ``floor((size + 2 * padding - kernel) / stride) + 1``; with `ceil_mode` the quotient is rounded up, but no
    window starts in the right padding.

    Parameters
    ----------
    x : array (N, C, H, W) of float16, float32 or float64
        The maps; N may be zero.
    kernel_size : int or (height, width)
        Size of the window, at least 1.
    stride : int or (height, width), optional
        At least 1; the kernel size if it is None or ().
    padding : int or (height, width)
        Zeros added at both ends, at most half the kernel.
    ceil_mode : bool
        Whether a window may overhang the end.
    count_include_pad : bool
        Whether padding counts as positions.
    divisor_override : int, optional
        Divides every sum instead; not zero, negative allowed.
    backend : str, optional
        Name of the backend; the one in force if not given (see `convoracle.use_backend`).

    Returns
    -------
    array (N, C, H_out, W_out)
        New, C-contiguous, of the dtype of `x`; float16 is accumulated in float32.

    Raises
    ------
    ValueError
        For a shape, a size or a name that is not allowed.
    TypeError
        For an argument that is not a plain array, an int or a bool, or a dtype that is not allowed: the mean of
        integers is not an integer.
    ImportError
        If the backend needs a module that is missing here.

    Notes
    -----
    CMU 11-785 (Bhiksha Raj), "Convolutional Networks III", mean pooling layer at layer l; the signature is PyTorch's.

    Examples
    --------
    >>> x = np.array([[[[1, 5, 2, 0], [3, 7, 9, 9]]]], np.float32)
    >>> avg_pool2d(x, 2)[0, 0]
    array([[4., 5.]], dtype=float32)
    >>> avg_pool2d(x, 2, padding=1, count_include_pad=False)[0, 0]
    array([[1. , 3.5, 0. ],
           [3. , 8. , 9. ]], dtype=float32)
    """
    operation = "avg_pool2d"
    options = (kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
    key, call = recall(operation, (x,), options, backend)
    if call is None:
        x = check_array(operation, "x", x, "NCHW")
        dtype = check_dtype(operation, FLOATS, x=x)
        geometry, divisors = _geometry(operation, x.shape, dtype, *options)
        call = remember(key, prepare(operation, backend, dtype, (x,), (divisors,), _options(geometry)))
    result: np.ndarray = call(x)
    return result


def avg_pool2d_backward(
    grad_output: np.ndarray,
    input_shape: tuple[int, int, int, int],
    kernel_size: IntOrSizes,
    stride: IntOrSizes | None = None,
    padding: IntOrSizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
    *,
    backend: str | None = None,
) -> np.ndarray:
    """Return the gradient of a loss with respect to the input of `avg_pool2d`.

    Each value of `grad_output`, divided as the sum was, is added to every position of its window.

    Parameters
    ----------
    grad_output : array (N, C, H_out, W_out) of float16, float32 or float64
        Gradient of the loss with respect to the result.
    input_shape : (N, C, H, W)
        Shape of the input.
    kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
        As given to `avg_pool2d`.
    backend : str, optional
        Name of the backend.

    Returns
    -------
    array (N, C, H, W)
        New, C-contiguous, of the dtype of `grad_output`.

    Raises
    ------
    ValueError, TypeError, ImportError
        As `avg_pool2d`; also if `grad_output` does not have the shape of the result.

    Notes
    -----
    CMU 11-785 (Bhiksha Raj), "Convolutional Networks III", derivative of mean pooling layer at layer l.

    Examples
    --------
    >>> avg_pool2d_backward(np.array([[[[4, 8]]]], np.float32), (1, 1, 2, 5), 2)[0, 0]
    array([[1., 1., 2., 2., 0.],
           [1., 1., 2., 2., 0.]], dtype=float32)
    """
    operation = "avg_pool2d_backward"
    options = (kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
    key, call = recall(operation, (grad_output,), (*spell_shape(input_shape), *options), backend)
    if call is None:
        grad_output = check_array(operation, "grad_output", grad_output, "NCHW")
        dtype = check_dtype(operation, FLOATS, grad_output=grad_output)
        shape = check_shape(operation, "input_shape", input_shape, "NCHW")
        geometry, divisors = _geometry(operation, shape, dtype, *options)
        expected = (*shape[:2], *geometry.output_size)
        if grad_output.shape != expected:
            raise ValueError(
                f"{operation}: grad_output must have the shape of the result, {expected}, got {grad_output.shape}"
            )
        call = remember(key, prepare(operation, backend, dtype, (grad_output,), (divisors, shape), _options(geometry)))
    result: np.ndarray = call(grad_output)
    return result


def _geometry(
    operation: str,
    input_shape: tuple[int, ...],
    dtype: str,
    kernel_size: object,
    stride: object,
    padding: object,
    ceil_mode: object,
    count_include_pad: object,
    divisor_override: object,
) -> tuple[PoolGeometry, np.ndarray]:
    """Check the options both directions share; return the geometry and the divisors of the windows."""
    include_pad = check_flag(operation, "count_include_pad", count_include_pad)
    divisor = None
    if divisor_override is not None:
        divisor = check_int(operation, "divisor_override", divisor_override, -LARGEST_INT)
        if divisor == 0:
            raise ValueError(f"{operation}: divisor_override must not be zero")
    geometry = pool2d_geometry(
        operation,
        input_shape,
        kernel_size=kernel_size,
        stride=stride,
        padding=padding,
        ceil_mode=check_flag(operation, "ceil_mode", ceil_mode),
    )
    divisors = window_divisors(input_shape, geometry, count_include_pad=include_pad, divisor_override=divisor)
    return geometry, divisors.astype(accumulator(dtype))


def _options(geometry: PoolGeometry) -> dict[str, tuple[int, int]]:
    return {"kernel_size": geometry.kernel_size, "stride": geometry.stride, "padding": geometry.padding}
