"""The derivative of a transposed convolution for its weight: a valid correlation with input and output exchanged."""

from collections.abc import Callable, Sequence

import numpy as np

from convoracle.reference.conv_transpose2d import conv_transpose2d_geometry, pad_derivative
from convoracle.reference.operands import number_type, operand


def conv_transpose2d_weight_grad_loops(
    dz: np.ndarray,
    Y: np.ndarray,
    dw: np.ndarray,
    stride_x: int,
    stride_y: int,
    dilation_x: int,
    dilation_y: int,
) -> None:
    """Write the derivative of the weight into ``dw``: each tap is the dot product of a map with a part of ``dz``.

    Source: as `conv_transpose2d_input_grad_loops`; the form is that of "Derivatives for the filters at layer l: Vector
    notation", in which Y and dz have changed places.
    """
    D_y, D_w, K_x, K_y = dw.shape
    maps_per_group = D_y // (dz.shape[1] // D_w)
    dw[...] = 0
    for t in range(dz.shape[0]):  # (each training example)
        for i in range(D_y):
            first = i // maps_per_group * D_w  # (the first output map of i's group)
            for x in range(K_x):
                for y in range(K_y):
                    for j in range(D_w):
                        for xp in range(Y.shape[2]):
                            for yp in range(Y.shape[3]):
                                dw[i, j, x, y] += (
                                    Y[t, i, xp, yp]
                                    * dz[t, first + j, x * dilation_x + xp * stride_x, y * dilation_y + yp * stride_y]
                                )


def conv_transpose2d_weight_grad(
    grad_output: np.ndarray,
    x: np.ndarray,
    weight_shape: Sequence[int],
    *,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    output_padding: int | Sequence[int] = 0,
    groups: int = 1,
    dilation: int | Sequence[int] = 1,
    loops: Callable[..., None] = conv_transpose2d_weight_grad_loops,
) -> np.ndarray:
    """Return the derivative of the loss for the weight of `convoracle.reference.conv_transpose2d`.

    Parameters
    ----------
    grad_output : array (N, F, H_out, W_out)
        Derivative of the loss for the output.
    x : array (N, C, H, W)
        The input of the forward pass, of the type of `grad_output`.
    weight_shape : (int, int, int, int)
        ``(C, F / groups, kH, kW)`` of the filters.
    stride, padding, output_padding, groups, dilation
        As in the forward pass.
    loops : callable
        The loop function to run: `conv_transpose2d_weight_grad_loops`, or ``numba.njit`` of it.

    Returns
    -------
    array (C, F / groups, kH, kW)
        Of the type of `grad_output`; int64 for integers. Zeros for an empty batch.

    Raises
    ------
    ValueError
        If the shapes are not those of one transposed convolution.

    Notes
    -----
    Source: see `conv_transpose2d_weight_grad_loops`.

    Examples
    --------
    >>> grad_output, x = np.array([[[[1.0, 2.0, 3.0]]]]), np.array([[[[10.0, 1.0]]]])
    >>> conv_transpose2d_weight_grad(grad_output, x, (1, 1, 1, 2))[0, 0]
    array([[12., 23.]])
    """
    operation = "conv_transpose2d_weight_grad"
    dtype = number_type(grad_output, x)
    dz = operand(grad_output, dtype, 4, f"{operation}: grad_output")
    Y = operand(x, dtype, 4, f"{operation}: x")
    geometry = conv_transpose2d_geometry(
        operation,
        Y.shape,
        weight_shape,
        stride=stride,
        padding=padding,
        output_padding=output_padding,
        groups=groups,
        dilation=dilation,
    )
    dw = np.zeros(tuple(weight_shape), dtype)
    loops(pad_derivative(operation, dz, geometry), Y, dw, *geometry.stride, *geometry.dilation)
    return dw
