"""The derivative of a 3-D convolution for its weight: a valid correlation of input and output derivative."""

from collections.abc import Callable, Sequence

import numpy as np

from convoracle.reference.geometry import check_shape, conv_geometry
from convoracle.reference.operands import number_type, operand, zero_pad
from convoracle.reference.shapes import Padding


def conv3d_weight_grad_loops(
    dz: np.ndarray,
    Y: np.ndarray,
    dw: np.ndarray,
    stride_s: int,
    stride_x: int,
    stride_y: int,
    dilation_s: int,
    dilation_x: int,
    dilation_y: int,
) -> None:
    """Write the derivative of the weight into ``dw``; source and letters are at `conv3d_weight_grad`."""
    D_z, D_w, K_s, K_x, K_y = dw.shape
    maps_per_group = D_z // (Y.shape[1] // D_w)
    dw[...] = 0
    for t in range(dz.shape[0]):  # (each training example)
        for n in range(D_z):  # for n = 1:D_l
            first = n // maps_per_group * D_w  # (the first input map of n's group)
            for s in range(K_s):  # for s = 1:K_l
                for x in range(K_x):  # for x = 1:K_l
                    for y in range(K_y):  # for y = 1:K_l
                        for m in range(D_w):  # for m = 1:D_{l-1}
                            for sp in range(dz.shape[2]):
                                for xp in range(dz.shape[3]):
                                    for yp in range(dz.shape[4]):
                                        # dw(l,m,n,..) = dz(l,n,..).y(l-1,m,..), a dot product
                                        dw[n, m, s, x, y] += (
                                            dz[t, n, sp, xp, yp]
                                            * Y[
                                                t,
                                                first + m,
                                                s * dilation_s + sp * stride_s,
                                                x * dilation_x + xp * stride_x,
                                                y * dilation_y + yp * stride_y,
                                            ]
                                        )


def conv3d_weight_grad(
    grad_output: np.ndarray,
    x: np.ndarray,
    weight_shape: Sequence[int],
    *,
    stride: int | Sequence[int] = 1,
    padding: Padding = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    loops: Callable[..., None] = conv3d_weight_grad_loops,
) -> np.ndarray:
    """Return the derivative of the loss for the weight of `convoracle.reference.conv3d`.

    Parameters
    ----------
    grad_output : array (N, F, D_out, H_out, W_out)
        Derivative of the loss for the output.
    x : array (N, C, D, H, W)
        The input of the forward pass, of the type of `grad_output`.
    weight_shape : (int, int, int, int, int)
        ``(F, C / groups, kD, kH, kW)``: with a stride, several kernel sizes have the same output size.
    stride, padding, dilation, groups
        As in the forward pass.
    loops : callable
        The loop function to run: `conv3d_weight_grad_loops`, or ``numba.njit`` of it.

    Returns
    -------
    array (F, C / groups, kD, kH, kW)
        Of the type of `grad_output`; int64 for integers. Zeros for an empty batch.

    Raises
    ------
    ValueError
        If the shapes are not those of one convolution.

    Notes
    -----
    Source: CMU 11-785 (Bhiksha Raj, Spring 2024), Convolutional Networks III, "Story so far": "For 2-D (or higher-
    dimensional) scans, the structure is called a convnet". The loops are those of "Derivatives for the filters at
    layer l: Vector notation", with a scan over s, axis -3, around the one over x.
    The letters and errata are at `convoracle.reference.conv2d_weight_grad`.

    Examples
    --------
    >>> grad_output = np.array([1.0, 2.0, 3.0]).reshape(1, 1, 3, 1, 1)
    >>> x = np.array([1.0, 10.0, 100.0, 1000.0]).reshape(1, 1, 4, 1, 1)
    >>> conv3d_weight_grad(grad_output, x, (1, 1, 2, 1, 1)).ravel()
    array([ 321., 3210.])
    """
    dtype = number_type(grad_output, x)
    dz = operand(grad_output, dtype, 5, "conv3d_weight_grad: grad_output")
    Y = operand(x, dtype, 5, "conv3d_weight_grad: x")
    geometry = conv_geometry(
        "conv3d_weight_grad",
        "DHW",
        Y.shape,
        weight_shape,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
    )
    check_shape("conv3d_weight_grad: grad_output", dz.shape, geometry.output_shape)
    dw = np.zeros(tuple(weight_shape), dtype)
    loops(dz, zero_pad(Y, geometry.padding), dw, *geometry.stride, *geometry.dilation)
    return dw
