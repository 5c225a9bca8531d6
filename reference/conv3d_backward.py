"""The three derivatives of a 3-D convolution in one pass, as the lecture's backward code takes them."""

from collections.abc import Callable, Sequence

import numpy as np

from convoracle.reference.geometry import check_shape, conv_geometry
from convoracle.reference.operands import delete_padding, number_type, operand, zero_pad
from convoracle.reference.shapes import Padding


def conv3d_backward_loops(
    dz: np.ndarray,
    Y: np.ndarray,
    w: np.ndarray,
    dY: np.ndarray,
    dw: np.ndarray,
    db: np.ndarray,
    stride_s: int,
    stride_x: int,
    stride_y: int,
    dilation_s: int,
    dilation_x: int,
    dilation_y: int,
) -> None:
    """Write all three derivatives; source and letters are at `conv3d_backward`."""
    D_z, D_w, K_s, K_x, K_y = w.shape
    maps_per_group = D_z // (Y.shape[1] // D_w)
    dw[...] = 0  # dw(l) = zeros(..)
    db[...] = 0  # (the bias, E-16)
    dY[...] = 0  # dY(l-1) = zeros(..)
    for t in range(dz.shape[0]):  # (each training example)
        for s in range(dz.shape[2] - 1, -1, -1):
            for x in range(dz.shape[3] - 1, -1, -1):
                for y in range(dz.shape[4] - 1, -1, -1):
                    for j in range(D_z - 1, -1, -1):  # for j = D_l:downto:1
                        first = j // maps_per_group * D_w  # (the first input map of j's group)
                        db[j] += dz[t, j, s, x, y]  # (the bias, E-16)
                        for i in range(D_w - 1, -1, -1):  # for i = D_{l-1}:downto:1
                            for sp in range(K_s - 1, -1, -1):  # for s' = K_l:downto:1
                                for xp in range(K_x - 1, -1, -1):  # for x' = K_l:downto:1
                                    for yp in range(K_y - 1, -1, -1):  # for y' = K_l:downto:1
                                        r = s * stride_s + sp * dilation_s
                                        u, v = x * stride_x + xp * dilation_x, y * stride_y + yp * dilation_y
                                        # dY(l-1,i,..) += w(l,j,i,..) dz(l,j,..)
                                        dY[t, first + i, r, u, v] += w[j, i, sp, xp, yp] * dz[t, j, s, x, y]
                                        # dw(l,j,i,..) += dz(l,j,..) Y(l-1,i,..)
                                        dw[j, i, sp, xp, yp] += dz[t, j, s, x, y] * Y[t, first + i, r, u, v]


def conv3d_backward(
    grad_output: np.ndarray,
    x: np.ndarray,
    weight: np.ndarray,
    *,
    stride: int | Sequence[int] = 1,
    padding: Padding = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    loops: Callable[..., None] = conv3d_backward_loops,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the derivatives of the loss for input, weight and bias of `convoracle.reference.conv3d`.

    Parameters
    ----------
    grad_output : array (N, F, D_out, H_out, W_out)
        Derivative of the loss for the output.
    x : array (N, C, D, H, W)
        The input of the forward pass, of the type of `grad_output`.
    weight : array (F, C / groups, kD, kH, kW)
        The filters of the forward pass, of the type of `grad_output`.
    stride, padding, dilation, groups
        As in the forward pass.
    loops : callable
        The loop function to run: `conv3d_backward_loops`, or ``numba.njit`` of it.

    Returns
    -------
    tuple of arrays (N, C, D, H, W), (F, C / groups, kD, kH, kW) and (F,)
        ``(grad_x, grad_weight, grad_bias)``, of the type of `grad_output`; int64 for integers.

    Raises
    ------
    ValueError
        If the shapes are not those of one convolution.

    Notes
    -----
    Source: CMU 11-785 (Bhiksha Raj, Spring 2024), Convolutional Networks III, "Story so far": "For 2-D (or higher-
    dimensional) scans, the structure is called a convnet". The loops are those of "Backward layer l", from dz on,
    with a scan over s, axis -3, around the one over x.
    The letters are at `convoracle.reference.conv2d_backward`.

    Examples
    --------
    >>> grad_output = np.array([1.0, 2.0, 3.0]).reshape(1, 1, 3, 1, 1)
    >>> weight = np.array([10.0, 1.0]).reshape(1, 1, 2, 1, 1)
    >>> x = np.array([1.0, 10.0, 100.0, 1000.0]).reshape(1, 1, 4, 1, 1)
    >>> [gradient.ravel() for gradient in conv3d_backward(grad_output, x, weight)]
    [array([10., 21., 32.,  3.]), array([ 321., 3210.]), array([6.])]
    """
    dtype = number_type(grad_output, x, weight)
    dz = operand(grad_output, dtype, 5, "conv3d_backward: grad_output")
    Y = operand(x, dtype, 5, "conv3d_backward: x")
    w = operand(weight, dtype, 5, "conv3d_backward: weight")
    geometry = conv_geometry(
        "conv3d_backward",
        "DHW",
        Y.shape,
        w.shape,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
    )
    check_shape("conv3d_backward: grad_output", dz.shape, geometry.output_shape)
    dY, dw, db = np.zeros(geometry.padded_shape, dtype), np.zeros(w.shape, dtype), np.zeros(w.shape[0], dtype)
    loops(dz, zero_pad(Y, geometry.padding), w, dY, dw, db, *geometry.stride, *geometry.dilation)
    return delete_padding(dY, geometry.padding), dw, db
