"""The derivative of a 3-D convolution for its input: every output hands its share to the inputs it was made of."""

from collections.abc import Callable, Sequence

import numpy as np

from convoracle.reference.geometry import check_shape, conv_geometry
from convoracle.reference.operands import delete_padding, number_type, operand
from convoracle.reference.shapes import Padding


def conv3d_input_grad_loops(
    dz: np.ndarray,
    w: np.ndarray,
    dY: np.ndarray,
    stride_s: int,
    stride_x: int,
    stride_y: int,
    dilation_s: int,
    dilation_x: int,
    dilation_y: int,
) -> None:
    """Write the derivative of the padded input into ``dY``; source and letters are at `conv3d_input_grad`."""
    D_z, D_w, K_s, K_x, K_y = w.shape
    maps_per_group = D_z // (dY.shape[1] // D_w)
    dY[...] = 0  # dY(l-1) = zeros(..)
    for t in range(dz.shape[0]):  # (each training example)
        for s in range(dz.shape[2] - 1, -1, -1):
            for x in range(dz.shape[3] - 1, -1, -1):
                for y in range(dz.shape[4] - 1, -1, -1):
                    for j in range(D_z - 1, -1, -1):  # for j = D_l:downto:1
                        first = j // maps_per_group * D_w  # (the first input map of j's group)
                        for i in range(D_w - 1, -1, -1):  # for i = D_{l-1}:downto:1
                            for sp in range(K_s - 1, -1, -1):  # for s' = K_l:downto:1
                                for xp in range(K_x - 1, -1, -1):  # for x' = K_l:downto:1
                                    for yp in range(K_y - 1, -1, -1):  # for y' = K_l:downto:1
                                        # dY(l-1,i,..) += w(l,j,i,..) dz(l,j,..)
                                        dY[
                                            t,
                                            first + i,
                                            s * stride_s + sp * dilation_s,
                                            x * stride_x + xp * dilation_x,
                                            y * stride_y + yp * dilation_y,
                                        ] += w[j, i, sp, xp, yp] * dz[t, j, s, x, y]


def conv3d_input_grad(
    grad_output: np.ndarray,
    weight: np.ndarray,
    input_shape: Sequence[int],
    *,
    stride: int | Sequence[int] = 1,
    padding: Padding = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    loops: Callable[..., None] = conv3d_input_grad_loops,
) -> np.ndarray:
    """Return the derivative of the loss for the input of `convoracle.reference.conv3d`.

    Parameters
    ----------
    grad_output : array (N, F, D_out, H_out, W_out)
        Derivative of the loss for the output.
    weight : array (F, C / groups, kD, kH, kW)
        The filters of the forward pass, of the type of `grad_output`.
    input_shape : (int, int, int, int, int)
        ``(N, C, D, H, W)``: several input sizes have the same output size.
    stride, padding, dilation, groups
        As in the forward pass.
    loops : callable
        The loop function to run: `conv3d_input_grad_loops`, or ``numba.njit`` of it.

    Returns
    -------
    array (N, C, D, H, W)
        Of the type of `grad_output`; int64 for integers.

    Raises
    ------
    ValueError
        If the shapes are not those of one convolution.

    Notes
    -----
    Source: CMU 11-785 (Bhiksha Raj, Spring 2024), Convolutional Networks III, "Story so far": "For 2-D (or higher-
    dimensional) scans, the structure is called a convnet". The loops are those of the lines for dY in "Backward layer
    l", with a scan over s, axis -3, around the one over x.
    The letters are at `convoracle.reference.conv2d_input_grad`.

    Examples
    --------
    >>> grad_output = np.array([1.0, 2.0, 3.0]).reshape(1, 1, 3, 1, 1)
    >>> weight = np.array([10.0, 1.0]).reshape(1, 1, 2, 1, 1)
    >>> conv3d_input_grad(grad_output, weight, (1, 1, 4, 1, 1)).ravel()
    array([10., 21., 32.,  3.])
    """
    dtype = number_type(grad_output, weight)
    dz = operand(grad_output, dtype, 5, "conv3d_input_grad: grad_output")
    w = operand(weight, dtype, 5, "conv3d_input_grad: weight")
    geometry = conv_geometry(
        "conv3d_input_grad",
        "DHW",
        input_shape,
        w.shape,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
    )
    check_shape("conv3d_input_grad: grad_output", dz.shape, geometry.output_shape)
    dY = np.zeros(geometry.padded_shape, dtype)
    loops(dz, w, dY, *geometry.stride, *geometry.dilation)
    return delete_padding(dY, geometry.padding)
