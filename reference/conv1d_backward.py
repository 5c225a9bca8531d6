"""The three derivatives of a 1-D convolution in one pass, as the lecture's backward code takes them."""

from collections.abc import Callable, Sequence

import numpy as np

from convoracle.reference.geometry import check_shape, conv_geometry
from convoracle.reference.operands import delete_padding, number_type, operand, zero_pad
from convoracle.reference.shapes import Padding


def conv1d_backward_loops(
    dz: np.ndarray,
    Y: np.ndarray,
    w: np.ndarray,
    dY: np.ndarray,
    dw: np.ndarray,
    db: np.ndarray,
    stride_x: int,
    dilation_x: int,
) -> None:
    """Write all three derivatives; source and letters are at `conv1d_backward`."""
    D_z, D_w, K_x = w.shape
    maps_per_group = D_z // (Y.shape[1] // D_w)
    dw[...] = 0  # dw(l) = zeros(..)
    db[...] = 0  # (the bias, E-16)
    dY[...] = 0  # dY(l-1) = zeros(..)
    for t in range(dz.shape[0]):  # (each training example)
        for x in range(dz.shape[2] - 1, -1, -1):
            for j in range(D_z - 1, -1, -1):  # for j = D_l:downto:1
                first = j // maps_per_group * D_w  # (the first input map of j's group)
                db[j] += dz[t, j, x]  # (the bias, E-16)
                for i in range(D_w - 1, -1, -1):  # for i = D_{l-1}:downto:1
                    for xp in range(K_x - 1, -1, -1):  # for x' = K_l:downto:1
                        u = x * stride_x + xp * dilation_x
                        # dY(l-1,i,..) += w(l,j,i,..) dz(l,j,..)
                        dY[t, first + i, u] += w[j, i, xp] * dz[t, j, x]
                        # dw(l,j,i,..) += dz(l,j,..) Y(l-1,i,..)
                        dw[j, i, xp] += dz[t, j, x] * Y[t, first + i, u]


def conv1d_backward(
    grad_output: np.ndarray,
    x: np.ndarray,
    weight: np.ndarray,
    *,
    stride: int | Sequence[int] = 1,
    padding: Padding = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    loops: Callable[..., None] = conv1d_backward_loops,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the derivatives of the loss for input, weight and bias of `convoracle.reference.conv1d`.

    Parameters
    ----------
    grad_output : array (N, F, L_out)
        Derivative of the loss for the output.
    x : array (N, C, L)
        The input of the forward pass, of the type of `grad_output`.
    weight : array (F, C / groups, kL)
        The filters of the forward pass, of the type of `grad_output`.
    stride, padding, dilation, groups
        As in the forward pass.
    loops : callable
        The loop function to run: `conv1d_backward_loops`, or ``numba.njit`` of it.

    Returns
    -------
    tuple of arrays (N, C, L), (F, C / groups, kL) and (F,)
        ``(grad_x, grad_weight, grad_bias)``, of the type of `grad_output`; int64 for integers.

    Raises
    ------
    ValueError
        If the shapes are not those of one convolution.

    Notes
    -----
    Source: CMU 11-785 (Bhiksha Raj, Spring 2024), Convolutional Networks III, "Story so far": "For 1-D scan along
    time, it is called a Time-delay neural network". The loops are those of "Backward layer l", from dz on, with the
    scan over y left out.
    The letters are at `convoracle.reference.conv2d_backward`.

    Examples
    --------
    >>> grad_output, weight = np.array([[[1.0, 2.0, 3.0]]]), np.array([[[10.0, 1.0]]])
    >>> x = np.array([[[1.0, 10.0, 100.0, 1000.0]]])
    >>> [gradient.ravel() for gradient in conv1d_backward(grad_output, x, weight)]
    [array([10., 21., 32.,  3.]), array([ 321., 3210.]), array([6.])]
    """
    dtype = number_type(grad_output, x, weight)
    dz = operand(grad_output, dtype, 3, "conv1d_backward: grad_output")
    Y = operand(x, dtype, 3, "conv1d_backward: x")
    w = operand(weight, dtype, 3, "conv1d_backward: weight")
    geometry = conv_geometry(
        "conv1d_backward",
        "L",
        Y.shape,
        w.shape,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
    )
    check_shape("conv1d_backward: grad_output", dz.shape, geometry.output_shape)
    dY, dw, db = np.zeros(geometry.padded_shape, dtype), np.zeros(w.shape, dtype), np.zeros(w.shape[0], dtype)
    loops(dz, zero_pad(Y, geometry.padding), w, dY, dw, db, *geometry.stride, *geometry.dilation)
    return delete_padding(dY, geometry.padding), dw, db
