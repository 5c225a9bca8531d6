"""The derivative of a transposed convolution for its input: a convolution."""

from collections.abc import Callable, Sequence

import numpy as np

from convoracle.reference.conv_transpose2d import conv_transpose2d_geometry, pad_derivative
from convoracle.reference.operands import number_type, operand


def conv_transpose2d_input_grad_loops(
    dz: np.ndarray,
    w: np.ndarray,
    dY: np.ndarray,
    stride_x: int,
    stride_y: int,
    dilation_x: int,
    dilation_y: int,
) -> None:
    """Write the derivative of the input into ``dY``: the convolution of the zero-padded ``dz`` with the filters.

    Source: none of the lectures prints it. It is "CNN: Forward" of CMU 11-785, Convolutional Networks III, since the
    transpose of a transpose is the convolution itself.
    """
    D_y, D_w, K_x, K_y = w.shape
    maps_per_group = D_y // (dz.shape[1] // D_w)
    for t in range(dY.shape[0]):  # (each training example)
        for x in range(dY.shape[2]):
            for y in range(dY.shape[3]):
                for i in range(D_y):
                    first = i // maps_per_group * D_w  # (the first output map of i's group)
                    dY[t, i, x, y] = 0
                    for j in range(D_w):
                        for xp in range(K_x):
                            for yp in range(K_y):
                                dY[t, i, x, y] += (
                                    w[i, j, xp, yp]
                                    * dz[t, first + j, x * stride_x + xp * dilation_x, y * stride_y + yp * dilation_y]
                                )


def conv_transpose2d_input_grad(
    grad_output: np.ndarray,
    weight: np.ndarray,
    input_shape: Sequence[int],
    *,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    output_padding: int | Sequence[int] = 0,
    groups: int = 1,
    dilation: int | Sequence[int] = 1,
    loops: Callable[..., None] = conv_transpose2d_input_grad_loops,
) -> np.ndarray:
    """Return the derivative of the loss for the input of `convoracle.reference.conv_transpose2d`.

    Parameters
    ----------
    grad_output : array (N, F, H_out, W_out)
        Derivative of the loss for the output.
    weight : array (C, F / groups, kH, kW)
        The filters of the forward pass, of the type of `grad_output`.
    input_shape : (int, int, int, int)
        ``(N, C, H, W)`` of the input.
    stride, padding, output_padding, groups, dilation
        As in the forward pass.
    loops : callable
        The loop function to run: `conv_transpose2d_input_grad_loops`, or ``numba.njit`` of it.

    Returns
    -------
    array (N, C, H, W)
        Of the type of `grad_output`; int64 for integers.

    Raises
    ------
    ValueError
        If the shapes are not those of one transposed convolution.

    Notes
    -----
    Source: see `conv_transpose2d_input_grad_loops`. What the forward pass deleted has no derivative: zeros.

    Examples
    --------
    >>> grad_output, weight = np.array([[[[1.0, 2.0, 3.0]]]]), np.array([[[[10.0, 1.0]]]])
    >>> conv_transpose2d_input_grad(grad_output, weight, (1, 1, 1, 2))[0, 0]
    array([[12., 23.]])
    """
    operation = "conv_transpose2d_input_grad"
    dtype = number_type(grad_output, weight)
    dz = operand(grad_output, dtype, 4, f"{operation}: grad_output")
    w = operand(weight, dtype, 4, f"{operation}: weight")
    geometry = conv_transpose2d_geometry(
        operation,
        input_shape,
        w.shape,
        stride=stride,
        padding=padding,
        output_padding=output_padding,
        groups=groups,
        dilation=dilation,
    )
    dY = np.zeros(tuple(input_shape), dtype)
    loops(pad_derivative(operation, dz, geometry), w, dY, *geometry.stride, *geometry.dilation)
    return dY
