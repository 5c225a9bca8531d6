"""Mean pooling, forward and backward."""

from collections.abc import Callable, Sequence

import numpy as np

from convoracle.reference.geometry import Pool2dGeometry, check_shape, pool2d_geometry
from convoracle.reference.operands import divisible_type, operand


def avg_pool2d_loops(
    Y: np.ndarray,
    divisors: np.ndarray,
    u: np.ndarray,
    K_x: int,
    K_y: int,
    stride_x: int,
    stride_y: int,
    padding_x: int,
    padding_y: int,
) -> None:
    """Write the mean of each window into ``u``; source and letters are at `avg_pool2d`."""
    W, H = Y.shape[2:]
    for t in range(Y.shape[0]):  # (each training example)
        for j in range(Y.shape[1]):  # for j = 1:D_l
            for x in range(u.shape[2]):  # for x = 1:W_{l-1}-K_l+1
                for y in range(u.shape[3]):  # for y = 1:H_{l-1}-K_l+1
                    u[t, j, x, y] = 0  # u(l,j,x,y) = mean(Y(l-1,j,x:x+K_l-1,y:y+K_l-1)): the sum
                    for xp in range(K_x):
                        for yp in range(K_y):
                            k, n = x * stride_x - padding_x + xp, y * stride_y - padding_y + yp
                            if 0 <= k < W and 0 <= n < H:  # (padding adds nothing)
                                u[t, j, x, y] += Y[t, j, k, n]
                    u[t, j, x, y] = u[t, j, x, y] / divisors[x, y]  # the sum, divided by K_l^2


def avg_pool2d_backward_loops(
    dy: np.ndarray,
    divisors: np.ndarray,
    dY: np.ndarray,
    K_x: int,
    K_y: int,
    stride_x: int,
    stride_y: int,
    padding_x: int,
    padding_y: int,
) -> None:
    """Write the derivative of the pool's input into ``dY``; source and letters are at `avg_pool2d_backward`."""
    W, H = dY.shape[2:]
    dY[...] = 0  # dy(:,:,:) = zeros(D_{l-1}xW_{l-1}xH_{l-1})
    for t in range(dy.shape[0]):  # (each training example)
        for k in range(dy.shape[1]):  # for k = 1:D_l
            for x in range(dy.shape[2]):  # for x = 1:W_l
                for y in range(dy.shape[3]):  # for y = 1:H_l
                    for i in range(K_x):  # for i = 1:K_lpool
                        for j in range(K_y):  # for j = 1:K_lpool
                            p, q = x * stride_x - padding_x + i, y * stride_y - padding_y + j
                            if 0 <= p < W and 0 <= q < H:  # (padding has no derivative)
                                # dy(l-1,k,x+i-1,y+j-1) += (1/K_lpool^2)dy(l,k,x,y)
                                dY[t, k, p, q] += dy[t, k, x, y] / divisors[x, y]


def avg_pool2d(
    x: np.ndarray,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
    *,
    loops: Callable[..., None] = avg_pool2d_loops,
) -> np.ndarray:
    """Return the mean of every window of every map.

    Parameters
    ----------
    x : array (N, C, H, W)
        Input maps, of a number type that can be divided: floats, or objects with ``+`` and ``/``.
    kernel_size, stride, padding, ceil_mode
        As in `convoracle.reference.max_pool2d`.
    count_include_pad, divisor_override
        What the sum is divided by; see `avg_pool2d_divisors`.
    loops : callable
        The loop function to run: `avg_pool2d_loops`, or ``numba.njit`` of it.

    Returns
    -------
    array (N, C, H_out, W_out)
        Of the type of `x`. Sizes: `convoracle.reference.shapes.pool_output_size`.

    Raises
    ------
    ValueError
        If no window fits, the padding is more than half the kernel, or `divisor_override` is zero.
    TypeError
        If `x` is an array of integers, whose means are not integers.

    Notes
    -----
    Source: CMU 11-785 (Bhiksha Raj, Spring 2024), Convolutional Networks III, "Mean Pooling layer at layer l" and "Mean
    Pooling with Downsampling". Padding, `ceil_mode` and the divisor follow ``torch.nn.functional.avg_pool2d``.

    =================  ====================  =============================================
    lecture            here                  meaning
    =================  ====================  =============================================
    Y(l-1, j, x, y)    ``Y[t, j, x, y]``     input maps, x is axis -2
    u(l, j, x, y)      ``u[t, j, x, y]``     pooled maps
    K_l                ``K_x``, ``K_y``      window size, one per axis
    K_l^2              ``divisors[x, y]``    `avg_pool2d_divisors`, in the type of `x`
    =================  ====================  =============================================

    Examples
    --------
    >>> x = np.array([[[[1.0, 1, 2, 4], [5, 6, 7, 8], [3, 2, 1, 0], [1, 2, 3, 4]]]])
    >>> avg_pool2d(x, 2)[0, 0]
    array([[3.25, 5.25],
           [2.  , 2.  ]])
    """
    Y = operand(x, divisible_type("avg_pool2d", x), 4, "avg_pool2d: x")
    geometry = _geometry("avg_pool2d", Y.shape[2:], kernel_size, stride, padding, ceil_mode)
    divisors = _divisors("avg_pool2d", Y.shape[2:], geometry, count_include_pad, divisor_override)
    u = np.zeros((*Y.shape[:2], *geometry.output_size), Y.dtype)
    loops(Y, divisors.astype(Y.dtype), u, *geometry.kernel_size, *geometry.stride, *geometry.padding)
    return u


def avg_pool2d_backward(
    grad_output: np.ndarray,
    input_shape: Sequence[int],
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
    *,
    loops: Callable[..., None] = avg_pool2d_backward_loops,
) -> np.ndarray:
    """Return the derivative of the loss for the input of `avg_pool2d`.

    Parameters
    ----------
    grad_output : array (N, C, H_out, W_out)
        Derivative of the loss for the means.
    input_shape : (int, int, int, int)
        ``(N, C, H, W)`` of the pool's input.
    kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
        As in the forward pass.
    loops : callable
        The loop function to run: `avg_pool2d_backward_loops`, or ``numba.njit`` of it.

    Returns
    -------
    array (N, C, H, W)
        Of the type of `grad_output`.

    Raises
    ------
    ValueError
        If the shapes are not those of one pool, or `divisor_override` is zero.
    TypeError
        If `grad_output` is an array of integers.

    Notes
    -----
    Source: CMU 11-785 (Bhiksha Raj, Spring 2024), Convolutional Networks III, "Derivative of mean pooling layer at
    layer l": ``+=`` "because adjacent windows may overlap". Erratum E-4: the slide prints ``zeros(D_l x W_l x H_l)``
    for an array that holds the derivative of layer l-1. Erratum E-5: it prints ``dy(l-1,k,p,x+i,y+j)``, with a stray p
    and 1-based indices one too large. Erratum E-8: the formula of "Derivative of mean pooling" has ``dy(l,m,k,n)`` on
    its right for ``dy(l,m,i,j)``. ``(1/K^2) dy`` is computed as ``dy / K^2``, with one rounding.

    =================  ====================  =============================================
    lecture            here                  meaning
    =================  ====================  =============================================
    dy(l, k, x, y)     ``dy[t, k, x, y]``    `grad_output`
    dy(l-1, k, ., .)   ``dY[t, k, p, q]``    derivative of the pool's input
    K_lpool            ``K_x``, ``K_y``      window size, one per axis
    =================  ====================  =============================================

    Examples
    --------
    >>> avg_pool2d_backward(np.array([[[[1.0, 2.0]]]]), (1, 1, 1, 3), (1, 2), stride=1)[0, 0]
    array([[0.5, 1.5, 1. ]])
    """
    dy = operand(grad_output, divisible_type("avg_pool2d_backward", grad_output), 4, "avg_pool2d_backward: grad_output")
    dY = np.zeros(tuple(input_shape), dy.dtype)
    geometry = _geometry("avg_pool2d_backward", dY.shape[2:], kernel_size, stride, padding, ceil_mode)
    check_shape("avg_pool2d_backward: grad_output", dy.shape, (*dY.shape[:2], *geometry.output_size))
    divisors = _divisors("avg_pool2d_backward", dY.shape[2:], geometry, count_include_pad, divisor_override)
    loops(dy, divisors.astype(dy.dtype), dY, *geometry.kernel_size, *geometry.stride, *geometry.padding)
    return dY


def avg_pool2d_divisors(
    input_size: Sequence[int],
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> np.ndarray:
    """Return the number each window's sum is divided by.

    Parameters
    ----------
    input_size : (int, int)
        ``(H, W)`` of the maps.
    kernel_size, stride, padding, ceil_mode
        As in `avg_pool2d`.
    count_include_pad : bool
        Whether padding counts as an element of the window. What lies beyond the padding, where `ceil_mode` lets the
        last window reach, never counts.
    divisor_override : int or None
        The divisor of all windows, if given.

    Returns
    -------
    int64 array (H_out, W_out)

    Raises
    ------
    ValueError
        If no window fits, the padding is more than half the kernel, or `divisor_override` is zero.

    Examples
    --------
    >>> avg_pool2d_divisors((3, 3), 2, padding=1, count_include_pad=False)
    array([[1, 2],
           [2, 4]])
    >>> avg_pool2d_divisors((4, 5), 2, ceil_mode=True)
    array([[4, 4, 2],
           [4, 4, 2]])
    """
    geometry = _geometry("avg_pool2d_divisors", input_size, kernel_size, stride, padding, ceil_mode)
    return _divisors("avg_pool2d_divisors", input_size, geometry, count_include_pad, divisor_override)


def _geometry(
    operation: str,
    input_size: Sequence[int],
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None,
    padding: int | Sequence[int],
    ceil_mode: bool,
) -> Pool2dGeometry:
    """Return the geometry of a mean pool, which has no dilation."""
    return pool2d_geometry(
        operation, input_size, kernel_size, stride=stride, padding=padding, dilation=1, ceil_mode=ceil_mode
    )


def _divisors(
    operation: str,
    input_size: Sequence[int],
    geometry: Pool2dGeometry,
    count_include_pad: bool,
    divisor_override: int | None,
) -> np.ndarray:
    """Return the divisors of a pool whose geometry is known."""
    if divisor_override is not None:
        if divisor_override == 0:
            raise ValueError(f"{operation}: got divisor_override 0; allowed: any other int, or None")
        return np.full(geometry.output_size, divisor_override, np.int64)
    extents = []
    for axis in (0, 1):  # a window's divisor is what it covers down times what it covers across
        start = np.arange(geometry.output_size[axis]) * geometry.stride[axis] - geometry.padding[axis]
        end = np.minimum(start + geometry.kernel_size[axis], input_size[axis] + geometry.padding[axis])
        if not count_include_pad:
            start, end = np.maximum(start, 0), np.minimum(end, input_size[axis])
        extents.append(end - start)
    return np.outer(*extents)
