"""The derivative of a 1-D convolution for its input: every output hands its share to the inputs it was made of."""

from collections.abc import Callable, Sequence

import numpy as np

from convoracle.reference.geometry import check_shape, conv_geometry
from convoracle.reference.operands import delete_padding, number_type, operand
from convoracle.reference.shapes import Padding


def conv1d_input_grad_loops(
    dz: np.ndarray,
    w: np.ndarray,
    dY: np.ndarray,
    stride_x: int,
    dilation_x: int,
) -> None:
    """Write the derivative of the padded input into ``dY``; source and letters are at `conv1d_input_grad`."""
    D_z, D_w, K_x = w.shape
    maps_per_group = D_z // (dY.shape[1] // D_w)
    dY[...] = 0  # dY(l-1) = zeros(..)
    for t in range(dz.shape[0]):  # (each training example)
        for x in range(dz.shape[2] - 1, -1, -1):
            for j in range(D_z - 1, -1, -1):  # for j = D_l:downto:1
                first = j // maps_per_group * D_w  # (the first input map of j's group)
                for i in range(D_w - 1, -1, -1):  # for i = D_{l-1}:downto:1
                    for xp in range(K_x - 1, -1, -1):  # for x' = K_l:downto:1
                        # dY(l-1,i,..) += w(l,j,i,..) dz(l,j,..)
                        dY[t, first + i, x * stride_x + xp * dilation_x] += w[j, i, xp] * dz[t, j, x]


def conv1d_input_grad(
    grad_output: np.ndarray,
    weight: np.ndarray,
    input_shape: Sequence[int],
    *,
    stride: int | Sequence[int] = 1,
    padding: Padding = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    loops: Callable[..., None] = conv1d_input_grad_loops,
) -> np.ndarray:
    """Return the derivative of the loss for the input of `convoracle.reference.conv1d`.

    Parameters
    ----------
    grad_output : array (N, F, L_out)
        Derivative of the loss for the output.
    weight : array (F, C / groups, kL)
        The filters of the forward pass, of the type of `grad_output`.
    input_shape : (int, int, int)
        ``(N, C, L)``: several input sizes have the same output size.
    stride, padding, dilation, groups
        As in the forward pass.
    loops : callable
        The loop function to run: `conv1d_input_grad_loops`, or ``numba.njit`` of it.

    Returns
    -------
    array (N, C, L)
        Of the type of `grad_output`; int64 for integers.

    Raises
    ------
    ValueError
        If the shapes are not those of one convolution.

    Notes
    -----
    Source: CMU 11-785 (Bhiksha Raj, Spring 2024), Convolutional Networks III, "Story so far": "For 1-D scan along
    time, it is called a Time-delay neural network". The loops are those of the lines for dY in "Backward layer l",
    with the scan over y left out.
    The letters are at `convoracle.reference.conv2d_input_grad`.

    Examples
    --------
    >>> grad_output, weight = np.array([[[1.0, 2.0, 3.0]]]), np.array([[[10.0, 1.0]]])
    >>> conv1d_input_grad(grad_output, weight, (1, 1, 4)).ravel()
    array([10., 21., 32.,  3.])
    """
    dtype = number_type(grad_output, weight)
    dz = operand(grad_output, dtype, 3, "conv1d_input_grad: grad_output")
    w = operand(weight, dtype, 3, "conv1d_input_grad: weight")
    geometry = conv_geometry(
        "conv1d_input_grad",
        "L",
        input_shape,
        w.shape,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
    )
    check_shape("conv1d_input_grad: grad_output", dz.shape, geometry.output_shape)
    dY = np.zeros(geometry.padded_shape, dtype)
    loops(dz, w, dY, *geometry.stride, *geometry.dilation)
    return delete_padding(dY, geometry.padding)
