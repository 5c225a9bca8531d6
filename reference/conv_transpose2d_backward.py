"""The three derivatives of a transposed convolution in one pass, and that of its bias alone."""

from collections.abc import Callable, Sequence

import numpy as np

from convoracle.reference.conv2d_bias_grad import conv2d_bias_grad_loops
from convoracle.reference.conv_transpose2d import conv_transpose2d_geometry, pad_derivative
from convoracle.reference.operands import number_type, operand


def conv_transpose2d_backward_loops(
    dz: np.ndarray,
    Y: np.ndarray,
    w: np.ndarray,
    dY: np.ndarray,
    dw: np.ndarray,
    stride_x: int,
    stride_y: int,
    dilation_x: int,
    dilation_y: int,
) -> None:
    """Write the derivatives of input and weight: the scatter of `conv_transpose2d_loops` with every loop reversed.

    Source: the two rules of CMU 11-785, Convolutional Networks III, "Derivatives through a convolutional layer": of
    z = wy, dL/dy += w dL/dz and dL/dw += y dL/dz, "all computations are reversed".
    """
    D_y, D_w, K_x, K_y = w.shape
    maps_per_group = D_y // (dz.shape[1] // D_w)
    dY[...] = 0
    dw[...] = 0
    for t in range(dz.shape[0]):  # (each training example)
        for x in range(Y.shape[2] - 1, -1, -1):
            for y in range(Y.shape[3] - 1, -1, -1):
                for i in range(D_y - 1, -1, -1):
                    first = i // maps_per_group * D_w  # (the first output map of i's group)
                    for j in range(D_w - 1, -1, -1):
                        for xp in range(K_x - 1, -1, -1):
                            for yp in range(K_y - 1, -1, -1):
                                u, v = x * stride_x + xp * dilation_x, y * stride_y + yp * dilation_y
                                dY[t, i, x, y] += w[i, j, xp, yp] * dz[t, first + j, u, v]
                                dw[i, j, xp, yp] += Y[t, i, x, y] * dz[t, first + j, u, v]


def conv_transpose2d_bias_grad(
    grad_output: np.ndarray, *, loops: Callable[..., None] = conv2d_bias_grad_loops
) -> np.ndarray:
    """Return the derivative of the loss for the bias of `convoracle.reference.conv_transpose2d`.

    Parameters
    ----------
    grad_output : array (N, F, H_out, W_out)
        Derivative of the loss for the output.
    loops : callable
        The loop function to run: that of `convoracle.reference.conv2d_bias_grad`, or ``numba.njit`` of it.

    Returns
    -------
    array (F,)
        Of the type of `grad_output`; int64 for integers. Zeros for an empty batch.

    Raises
    ------
    ValueError
        If `grad_output` does not have four dimensions.

    Notes
    -----
    Source: as `convoracle.reference.conv2d_bias_grad`: a bias enters every output with factor 1.

    Examples
    --------
    >>> conv_transpose2d_bias_grad(np.arange(12).reshape(2, 2, 1, 3))
    array([24, 42])
    """
    dz = operand(grad_output, number_type(grad_output), 4, "conv_transpose2d_bias_grad: grad_output")
    db = np.zeros(dz.shape[1], dz.dtype)
    loops(dz, db)
    return db


def conv_transpose2d_backward(
    grad_output: np.ndarray,
    x: np.ndarray,
    weight: np.ndarray,
    *,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    output_padding: int | Sequence[int] = 0,
    groups: int = 1,
    dilation: int | Sequence[int] = 1,
    loops: Callable[..., None] = conv_transpose2d_backward_loops,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the derivatives of the loss for input, weight and bias of `convoracle.reference.conv_transpose2d`.

    Parameters
    ----------
    grad_output : array (N, F, H_out, W_out)
        Derivative of the loss for the output.
    x : array (N, C, H, W)
        The input of the forward pass, of the type of `grad_output`.
    weight : array (C, F / groups, kH, kW)
        The filters of the forward pass, of the type of `grad_output`.
    stride, padding, output_padding, groups, dilation
        As in the forward pass.
    loops : callable
        The loop function to run: `conv_transpose2d_backward_loops`, or ``numba.njit`` of it.

    Returns
    -------
    tuple of arrays (N, C, H, W), (C, F / groups, kH, kW) and (F,)
        ``(grad_x, grad_weight, grad_bias)``, of the type of `grad_output`; int64 for integers.

    Raises
    ------
    ValueError
        If the shapes are not those of one transposed convolution.

    Notes
    -----
    Source: see `conv_transpose2d_backward_loops`.

    Examples
    --------
    >>> grad_output, x = np.array([[[[1.0, 2.0, 3.0]]]]), np.array([[[[4.0, 5.0]]]])
    >>> [array.ravel() for array in conv_transpose2d_backward(grad_output, x, np.array([[[[10.0, 1.0]]]]))]
    [array([12., 23.]), array([14., 23.]), array([6.])]
    """
    operation = "conv_transpose2d_backward"
    dtype = number_type(grad_output, x, weight)
    dz = operand(grad_output, dtype, 4, f"{operation}: grad_output")
    Y = operand(x, dtype, 4, f"{operation}: x")
    w = operand(weight, dtype, 4, f"{operation}: weight")
    geometry = conv_transpose2d_geometry(
        operation,
        Y.shape,
        w.shape,
        stride=stride,
        padding=padding,
        output_padding=output_padding,
        groups=groups,
        dilation=dilation,
    )
    dY, dw = np.zeros_like(Y), np.zeros_like(w)
    loops(pad_derivative(operation, dz, geometry), Y, w, dY, dw, *geometry.stride, *geometry.dilation)
    return dY, dw, conv_transpose2d_bias_grad(dz)
