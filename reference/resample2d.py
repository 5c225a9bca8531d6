"""Resampling: maps made smaller by dropping rows and columns, and larger by inserting rows and columns of zeros.

Each is the other's derivative: the zeros of an upsampled map carry none, and what is dropped gets none.
"""

from collections.abc import Callable, Sequence

import numpy as np

from convoracle.reference.geometry import check_shape
from convoracle.reference.operands import number_type, operand
from convoracle.reference.shapes import pair


def downsample2d_loops(Y: np.ndarray, u: np.ndarray, S_x: int, S_y: int) -> None:
    """Write every S-th row and column of ``Y`` into ``u``; source and letters are at `downsample2d`."""
    for t in range(u.shape[0]):  # (each training example)
        for j in range(u.shape[1]):  # (every map in the layer)
            m = 0
            for x in range(0, Y.shape[2], S_x):  # for x = 1:S:W_{l-1}
                n = 0
                for y in range(0, Y.shape[3], S_y):  # for y = 1:S:H_{l-1}
                    u[t, j, m, n] = Y[t, j, x, y]
                    n += 1
                m += 1


def upsample2d_loops(Y: np.ndarray, u: np.ndarray, S_x: int, S_y: int) -> None:
    """Write ``Y`` into ``u`` with S-1 rows and columns of zeros between; source and letters are at `upsample2d`."""
    u[...] = 0
    for t in range(Y.shape[0]):  # (each training example)
        for j in range(Y.shape[1]):  # (every map in the layer)
            for x in range(Y.shape[2]):
                for y in range(Y.shape[3]):
                    u[t, j, x * S_x, y * S_y] = Y[t, j, x, y]


def downsample2d(
    x: np.ndarray, factor: int | Sequence[int], *, loops: Callable[..., None] = downsample2d_loops
) -> np.ndarray:
    """Return the first of every `factor` rows and columns of every map.

    Parameters
    ----------
    x : array (N, C, H, W)
        Input maps, of any number type.
    factor : int or (int, int)
        The lecture's S, along axes -2 and -1.
    loops : callable
        The loop function to run: `downsample2d_loops`, or ``numba.njit`` of it.

    Returns
    -------
    array (N, C, ceil(H / S), ceil(W / S))
        Of the type of `x`; int64 for integers.

    Raises
    ------
    ValueError
        If `x` does not have four dimensions or `factor` is not positive.

    Notes
    -----
    Source: CMU 11-785 (Bhiksha Raj, Spring 2024), Convolutional Networks III, "The Downsampling Layer": "drops S-1 of S
    rows and columns for every map". Which one of S stays is said by the loops of "Convolution with downsampling" of the
    same lecture, ``x = 1:stride(l):...``: the first. ``Y[t, j, x, y]`` is the input, ``u[t, j, m, n]`` the result.

    Examples
    --------
    >>> downsample2d(np.arange(12).reshape(1, 1, 3, 4), 2)[0, 0]
    array([[ 0,  2],
           [ 8, 10]])
    """
    Y = operand(x, number_type(x), 4, "downsample2d: x")
    S_x, S_y = pair(factor, "downsample2d: factor")
    u = np.zeros((*Y.shape[:2], -(-Y.shape[2] // S_x), -(-Y.shape[3] // S_y)), Y.dtype)
    loops(Y, u, S_x, S_y)
    return u


def downsample2d_backward(
    grad_output: np.ndarray,
    input_shape: Sequence[int],
    factor: int | Sequence[int],
    *,
    loops: Callable[..., None] = upsample2d_loops,
) -> np.ndarray:
    """Return the derivative of the loss for the input of `downsample2d`: `grad_output`, upsampled to the input's size.

    Parameters
    ----------
    grad_output : array (N, C, ceil(H / S), ceil(W / S))
        Derivative of the loss for the output.
    input_shape : (int, int, int, int)
        ``(N, C, H, W)``: several input sizes have the same output size.
    factor : int or (int, int)
        As in the forward pass.
    loops : callable
        The loop function to run: `upsample2d_loops`, or ``numba.njit`` of it.

    Returns
    -------
    array (N, C, H, W)
        Of the type of `grad_output`; int64 for integers.

    Raises
    ------
    ValueError
        If the shapes are not those of one downsampling.

    Notes
    -----
    Source: CMU 11-785 (Bhiksha Raj, Spring 2024), Convolutional Networks III, "\\* with resampling", which leaves it to
    the next class; it follows from the rule that what does not enter the loss has no derivative.

    Examples
    --------
    >>> downsample2d_backward(np.array([[[[1, 2]]]]), (1, 1, 1, 4), (1, 2))[0, 0]
    array([[1, 0, 2, 0]])
    """
    dy = operand(grad_output, number_type(grad_output), 4, "downsample2d_backward: grad_output")
    S_x, S_y = pair(factor, "downsample2d_backward: factor")
    dY = _zeros("downsample2d_backward", input_shape, dy.dtype)
    expected = (*dY.shape[:2], -(-dY.shape[2] // S_x), -(-dY.shape[3] // S_y))
    check_shape("downsample2d_backward: grad_output", dy.shape, expected)
    loops(dy, dY, S_x, S_y)
    return dY


def upsample2d(
    x: np.ndarray,
    factor: int | Sequence[int],
    output_size: Sequence[int] | None = None,
    *,
    loops: Callable[..., None] = upsample2d_loops,
) -> np.ndarray:
    """Return every map with `factor` - 1 rows and columns of zeros between adjacent entries.

    Parameters
    ----------
    x : array (N, C, H, W)
        Input maps, of any number type.
    factor : int or (int, int)
        The lecture's S, along axes -2 and -1.
    output_size : (int, int), optional
        Size of the upsampled maps: ``(n - 1) * S + 1`` when left out, and up to S - 1 more rows or columns of zeros
        after the last entry. Backpropagation through a stride needs them, one for each position the stride left over.
    loops : callable
        The loop function to run: `upsample2d_loops`, or ``numba.njit`` of it.

    Returns
    -------
    array (N, C, output_size[0], output_size[1])
        Of the type of `x`; int64 for integers.

    Raises
    ------
    ValueError
        If `x` does not have four dimensions, `factor` is not positive, or `output_size` is not one that downsampling
        by the same factor brings back to the size of `x`.

    Notes
    -----
    Source: CMU 11-785 (Bhiksha Raj, Spring 2024), Convolutional Networks III, "The Upsampling Layer" and "Recap:
    Resampling". Erratum E-6: inserting "S-1 rows/columns of zeros between adjacent entries" makes (W-1)S+1 of W, while
    "increasing the size of the map by factor S" would make W*S; both are ``output_size``, the first is the default.
    ``Y[t, j, x, y]`` are the input maps, ``u`` the result.

    Examples
    --------
    >>> upsample2d(np.array([[[[1, 2, 3]]]]), (1, 2))[0, 0]
    array([[1, 0, 2, 0, 3]])
    >>> upsample2d(np.array([[[[1, 2, 3]]]]), (1, 2), (1, 6))[0, 0]
    array([[1, 0, 2, 0, 3, 0]])
    """
    Y = operand(x, number_type(x), 4, "upsample2d: x")
    factors = pair(factor, "upsample2d: factor")
    size = upsampled_size("upsample2d", Y.shape[2:], factors, output_size)
    u = np.zeros((*Y.shape[:2], *size), Y.dtype)
    loops(Y, u, *factors)
    return u


def upsample2d_backward(
    grad_output: np.ndarray,
    input_shape: Sequence[int],
    factor: int | Sequence[int],
    *,
    loops: Callable[..., None] = downsample2d_loops,
) -> np.ndarray:
    """Return the derivative of the loss for the input of `upsample2d`: `grad_output`, downsampled.

    Parameters
    ----------
    grad_output : array (N, C, H_out, W_out)
        Derivative of the loss for the output; its size is the ``output_size`` of the forward pass.
    input_shape : (int, int, int, int)
        ``(N, C, H, W)`` of the input.
    factor : int or (int, int)
        As in the forward pass.
    loops : callable
        The loop function to run: `downsample2d_loops`, or ``numba.njit`` of it.

    Returns
    -------
    array (N, C, H, W)
        Of the type of `grad_output`; int64 for integers.

    Raises
    ------
    ValueError
        If the shapes are not those of one upsampling.

    Notes
    -----
    Source: as `downsample2d_backward`.

    Examples
    --------
    >>> upsample2d_backward(np.array([[[[1, 2, 3, 4]]]]), (1, 1, 1, 2), (1, 2))[0, 0]
    array([[1, 3]])
    """
    dy = operand(grad_output, number_type(grad_output), 4, "upsample2d_backward: grad_output")
    factors = pair(factor, "upsample2d_backward: factor")
    dY = _zeros("upsample2d_backward", input_shape, dy.dtype)
    size = upsampled_size("upsample2d_backward", dY.shape[2:], factors, dy.shape[2:])
    check_shape("upsample2d_backward: grad_output", dy.shape, (*dY.shape[:2], *size))
    loops(dy, dY, *factors)
    return dY


def upsampled_size(
    operation: str, size: Sequence[int], factor: Sequence[int], output_size: Sequence[int] | None
) -> tuple[int, int]:
    """Return the size of upsampled maps, the given one or the smallest, or raise ValueError."""
    smallest = ((size[0] - 1) * factor[0] + 1, (size[1] - 1) * factor[1] + 1)
    if output_size is None:
        return smallest
    if len(output_size) != 2 or any(
        not smallest[axis] <= output_size[axis] < smallest[axis] + factor[axis] for axis in (0, 1)
    ):
        largest = (size[0] * factor[0], size[1] * factor[1])
        raise ValueError(f"{operation}: got output_size {tuple(output_size)}; allowed: {smallest} to {largest}")
    return output_size[0], output_size[1]


def _zeros(operation: str, input_shape: Sequence[int], dtype: np.dtype) -> np.ndarray:
    """Return maps of the shape of the forward pass's input, or raise ValueError."""
    if len(input_shape) != 4:
        raise ValueError(f"{operation}: got input_shape {tuple(input_shape)}; allowed: (N, C, H, W)")
    return np.zeros(tuple(input_shape), dtype)
