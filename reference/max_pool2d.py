"""Max pooling, forward and backward, keeping the location of every maximum."""

from collections.abc import Callable, Sequence

import numpy as np

from convoracle.reference.geometry import check_shape, pool2d_geometry
from convoracle.reference.operands import number_type, operand


def max_pool2d_loops(
    Y: np.ndarray,
    pidx: np.ndarray,
    u: np.ndarray,
    K_x: int,
    K_y: int,
    stride_x: int,
    stride_y: int,
    padding_x: int,
    padding_y: int,
    dilation_x: int,
    dilation_y: int,
) -> None:
    """Write the place of each window's maximum into ``pidx`` and its value into ``u``; letters are at `max_pool2d`."""
    W, H = Y.shape[2:]
    for t in range(Y.shape[0]):  # (each training example)
        for j in range(Y.shape[1]):  # for j = 1:D_l
            for x in range(u.shape[2]):  # for x = 1:W_{l-1}-K_l+1
                for y in range(u.shape[3]):  # for y = 1:H_{l-1}-K_l+1
                    best = -1  # pidx(l,j,x,y) = maxidx(Y(l-1,j,x:x+K_l-1,y:y+K_l-1))
                    for xp in range(K_x):
                        for yp in range(K_y):
                            k = x * stride_x - padding_x + xp * dilation_x
                            n = y * stride_y - padding_y + yp * dilation_y
                            if 0 <= k < W and 0 <= n < H:  # (padding is no candidate)
                                if best < 0:
                                    best = k * H + n
                                value, largest = Y[t, j, k, n], Y[t, j, best // H, best % H]
                                # a NaN differs from itself: the first one wins over every number
                                if value > largest or (value != value and largest == largest):
                                    best = k * H + n
                    pidx[t, j, x, y] = best
                    u[t, j, x, y] = Y[t, j, pidx[t, j, x, y] // H, pidx[t, j, x, y] % H]  # Y(l-1,j,pidx(l,j,x,y))


def max_pool2d_backward_loops(dy: np.ndarray, pidx: np.ndarray, dY: np.ndarray) -> None:
    """Write the derivative of the pool's input into ``dY``; source and letters are at `max_pool2d_backward`."""
    H = dY.shape[3]
    dY[...] = 0  # dy(:,:,:) = zeros(D_{l-1}xW_{l-1}xH_{l-1})
    for t in range(dy.shape[0]):  # (each training example)
        for j in range(dy.shape[1]):  # for j = 1:D_l
            for x in range(dy.shape[2]):  # for x = 1:W_l
                for y in range(dy.shape[3]):  # for y = 1:H_l
                    # dy(l-1,j,pidx(l,j,x,y)) += dy(l,j,x,y)
                    dY[t, j, pidx[t, j, x, y] // H, pidx[t, j, x, y] % H] += dy[t, j, x, y]


def max_pool2d(
    x: np.ndarray,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
    *,
    loops: Callable[..., None] = max_pool2d_loops,
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    """Return the maximum of every window of every map, and where it was.

    The first maximum in row-major order wins; a NaN wins over every number, and the first NaN over the others. Padding
    is left out of a window rather than filled with a number, so it never wins.

    Parameters
    ----------
    x : array (N, C, H, W)
        Input maps, of any number type that can be compared.
    kernel_size : int or (int, int)
        Size of the window along axes -2 and -1.
    stride : int, (int, int), () or None
        Step between two windows; None and () mean `kernel_size`.
    padding : int or (int, int)
        Positions added on both sides, at most half the kernel.
    dilation : int or (int, int)
        Distance between two positions of a window.
    ceil_mode : bool
        Whether the last window may reach past the padded input.
    return_indices : bool
        Whether to return the indices as well.
    loops : callable
        The loop function to run: `max_pool2d_loops`, or ``numba.njit`` of it.

    Returns
    -------
    array (N, C, H_out, W_out), or two of them
        The maxima, of the type of `x` (int64 for integers); with `return_indices` also their places, int64, flat in
        the unpadded plane (``row * W + column``). Sizes: `convoracle.reference.shapes.pool_output_size`.

    Raises
    ------
    ValueError
        If no window fits, the padding is more than half the kernel, or a dilated window holds nothing but padding.

    Notes
    -----
    Source: CMU 11-785 (Bhiksha Raj, Spring 2024), Convolutional Networks III, "Max Pooling layer at layer l" and "Max
    Pooling with Downsampling". Erratum E-3: an earlier slide of the same lecture prints ``pidx(l,j,m,n)`` for
    ``pidx(l,j,x,y)``; maxidx of a window must return a place in the whole map; ties are not specified. Padding,
    dilation and `ceil_mode` follow ``torch.nn.functional.max_pool2d``.

    =====================  ==========================  ==================================================
    lecture                here                        meaning
    =====================  ==========================  ==================================================
    Y(l-1, j, x, y)        ``Y[t, j, x, y]``           input maps, x is axis -2
    pidx(l, j, x, y)       ``pidx[t, j, x, y]``        place of the maximum, x * H + y of the input map
    u(l, j, x, y)          ``u[t, j, x, y]``           pooled maps
    K_l                    ``K_x``, ``K_y``            window size, one per axis
    W_{l-1}, H_{l-1}       ``W``, ``H``                axes -2 and -1 of the input
    =====================  ==========================  ==================================================

    Examples
    --------
    >>> x = np.array([[[[1, 1, 2, 4], [5, 6, 7, 8], [3, 2, 1, 0], [1, 2, 3, 4]]]])
    >>> values, indices = max_pool2d(x, 2, return_indices=True)
    >>> values[0, 0].tolist(), indices[0, 0].tolist(), values.shape
    ([[6, 8], [3, 4]], [[5, 7], [8, 15]], (1, 1, 2, 2))
    """
    Y = operand(x, number_type(x), 4, "max_pool2d: x")
    geometry = pool2d_geometry(
        "max_pool2d",
        Y.shape[2:],
        kernel_size,
        stride=stride,
        padding=padding,
        dilation=dilation,
        ceil_mode=ceil_mode,
    )
    shape = (*Y.shape[:2], *geometry.output_size)
    pidx, u = np.zeros(shape, np.int64), np.zeros(shape, Y.dtype)
    loops(Y, pidx, u, *geometry.kernel_size, *geometry.stride, *geometry.padding, *geometry.dilation)
    return (u, pidx) if return_indices else u


def max_pool2d_backward(
    grad_output: np.ndarray,
    indices: np.ndarray,
    input_shape: Sequence[int],
    *,
    loops: Callable[..., None] = max_pool2d_backward_loops,
) -> np.ndarray:
    """Return the derivative of the loss for the input of `max_pool2d`.

    Parameters
    ----------
    grad_output : array (N, C, H_out, W_out)
        Derivative of the loss for the maxima.
    indices : int array (N, C, H_out, W_out)
        The places of the maxima, as `max_pool2d` returns them.
    input_shape : (int, int, int, int)
        ``(N, C, H, W)`` of the pool's input.
    loops : callable
        The loop function to run: `max_pool2d_backward_loops`, or ``numba.njit`` of it.

    Returns
    -------
    array (N, C, H, W)
        Of the type of `grad_output`; int64 for integers.

    Raises
    ------
    ValueError
        If the shapes do not belong together or an index lies outside the plane.

    Notes
    -----
    Source: CMU 11-785 (Bhiksha Raj, Spring 2024), Convolutional Networks III, "Derivative of max pooling
    layer at layer l": ``+=`` "because this entry may be selected in multiple adjacent overlapping windows". Erratum
    E-4: the slide prints ``zeros(D_l x W_l x H_l)`` for an array that holds the derivative of layer l-1. Erratum E-7:
    the formula of "Derivative of Max pooling" has no sum over the windows; the code is right. Letters as in
    `max_pool2d`.

    Examples
    --------
    >>> max_pool2d_backward(np.array([[[[5, 7]]]]), np.array([[[[1, 1]]]]), (1, 1, 1, 3))[0, 0]
    array([[ 0, 12,  0]])
    """
    dy = operand(grad_output, number_type(grad_output), 4, "max_pool2d_backward: grad_output")
    pidx = operand(indices, np.dtype(np.int64), 4, "max_pool2d_backward: indices")
    check_shape("max_pool2d_backward: indices", pidx.shape, dy.shape)
    dY = np.zeros(tuple(input_shape), dy.dtype)
    check_shape("max_pool2d_backward: input_shape[:2]", dY.shape[:2], dy.shape[:2])
    plane = dY.shape[2] * dY.shape[3]
    if pidx.size and not (0 <= pidx.min() and pidx.max() < plane):
        raise ValueError(
            f"max_pool2d_backward: got indices from {pidx.min()} to {pidx.max()}; allowed: 0 to {plane - 1}"
        )
    loops(dy, pidx, dY)
    return dY
