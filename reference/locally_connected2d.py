"""Locally connected layer, forward and backward: a convolution with filters of its own at every position."""

from collections.abc import Callable, Sequence

import numpy as np

from convoracle.reference.geometry import ConvGeometry, check_shape, conv2d_geometry
from convoracle.reference.operands import delete_padding, number_type, operand, zero_pad
from convoracle.reference.shapes import Padding


def locally_connected2d_loops(
    Y: np.ndarray,
    w: np.ndarray,
    b: np.ndarray,
    z: np.ndarray,
    stride_x: int,
    stride_y: int,
    dilation_x: int,
    dilation_y: int,
) -> None:
    """Write into ``z`` the affine maps of the zero-padded maps ``Y``; source and letters: `locally_connected2d`."""
    D_z, D_y, K_x, K_y = w.shape[2:]
    for t in range(z.shape[0]):  # (each training example)
        for x in range(z.shape[2]):  # for x = 1:W_{l-1}-K_l+1
            for y in range(z.shape[3]):  # for y = 1:H_{l-1}-K_l+1
                for j in range(D_z):  # for j = 1:D_l
                    z[t, j, x, y] = b[j, x, y]  # z(l,j,x,y) = 0, and the bias (E-16)
                    for i in range(D_y):  # for i = 1:D_{l-1}
                        for xp in range(K_x):  # for x' = 1:K_l
                            for yp in range(K_y):  # for y' = 1:K_l
                                # z(l,j,x,y) += w(l,j,i,x',y') Y(l-1,i,x+x'-1,y+y'-1), "without weight sharing"
                                z[t, j, x, y] += (
                                    w[x, y, j, i, xp, yp]
                                    * Y[t, i, x * stride_x + xp * dilation_x, y * stride_y + yp * dilation_y]
                                )


def locally_connected2d_backward_loops(
    dz: np.ndarray,
    Y: np.ndarray,
    w: np.ndarray,
    dY: np.ndarray,
    dw: np.ndarray,
    db: np.ndarray,
    stride_x: int,
    stride_y: int,
    dilation_x: int,
    dilation_y: int,
) -> None:
    """Write all three derivatives; source and letters: `locally_connected2d_backward`."""
    D_z, D_y, K_x, K_y = w.shape[2:]
    dw[...] = 0
    db[...] = 0
    dY[...] = 0
    for t in range(dz.shape[0]):  # (each training example)
        for x in range(dz.shape[2] - 1, -1, -1):  # for x = W_{l-1}-K_l+1:downto:1
            for y in range(dz.shape[3] - 1, -1, -1):  # for y = H_{l-1}-K_l+1:downto:1
                for j in range(D_z - 1, -1, -1):  # for j = D_l:downto:1
                    db[j, x, y] += dz[t, j, x, y]
                    for i in range(D_y - 1, -1, -1):  # for i = D_{l-1}:downto:1
                        for xp in range(K_x - 1, -1, -1):  # for x' = K_l:downto:1
                            for yp in range(K_y - 1, -1, -1):  # for y' = K_l:downto:1
                                u, v = x * stride_x + xp * dilation_x, y * stride_y + yp * dilation_y
                                # dY(l-1,i,x+x'-1,y+y'-1) += w dz(l,j,x,y); dw += dz(l,j,x,y) Y(l-1,i,x+x'-1,y+y'-1)
                                dY[t, i, u, v] += w[x, y, j, i, xp, yp] * dz[t, j, x, y]
                                dw[x, y, j, i, xp, yp] += dz[t, j, x, y] * Y[t, i, u, v]


def locally_connected2d(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    stride: int | Sequence[int] = 1,
    padding: Padding = 0,
    dilation: int | Sequence[int] = 1,
    loops: Callable[..., None] = locally_connected2d_loops,
) -> np.ndarray:
    """Return the maps of a locally connected layer: a convolution whose filters differ from position to position.

    Parameters
    ----------
    x : array (N, C, H, W)
        Input maps, of any number type.
    weight : array (H_out, W_out, F, C, kH, kW)
        The filters (F, C, kH, kW) of each output position, of the type of `x`.
    bias : array (F, H_out, W_out), optional
        One number per output; zeros when left out.
    stride, padding, dilation
        As in `convoracle.reference.conv2d`.
    loops : callable
        The loop function to run: `locally_connected2d_loops`, or ``numba.njit`` of it.

    Returns
    -------
    array (N, F, H_out, W_out)
        Of the type of `x`; int64 for integers. Each size is that of `convoracle.reference.shapes.conv_output_size`.

    Raises
    ------
    ValueError
        If shapes, stride, padding or dilation do not fit together.

    Notes
    -----
    Source: Cornell CS5670 (Noah Snavely), Lecture 25: "Without weight sharing, this is called a locally connected
    layer"; UBC CPSC 425, Lecture 23, "Locally Connected Layer". No lecture prints code: the loops are those of "CNN:
    Forward" of CMU 11-785, Convolutional Networks III, with a weight that knows its x and y. The letters are at
    `convoracle.reference.conv2d`; ``w[x, y, j, i, xp, yp]`` is the weight of output (x, y).

    Examples
    --------
    >>> x = np.array([[[[1.0, 2.0, 3.0]]]])
    >>> weight = np.array([[10.0, 1.0], [0.0, 5.0]]).reshape(1, 2, 1, 1, 1, 2)
    >>> locally_connected2d(x, weight)[0, 0]
    array([[12., 15.]])
    """
    operation = "locally_connected2d"
    dtype = number_type(x, weight) if bias is None else number_type(x, weight, bias)
    Y = operand(x, dtype, 4, f"{operation}: x")
    w = operand(weight, dtype, 6, f"{operation}: weight")
    geometry = _geometry(operation, Y.shape, w.shape, stride, padding, dilation)
    b = np.zeros(geometry.output_shape[1:], dtype) if bias is None else operand(bias, dtype, 3, f"{operation}: bias")
    check_shape(f"{operation}: bias", b.shape, geometry.output_shape[1:])
    z = np.zeros(geometry.output_shape, dtype)
    loops(zero_pad(Y, geometry.padding), w, b, z, *geometry.stride, *geometry.dilation)
    return z


def locally_connected2d_backward(
    grad_output: np.ndarray,
    x: np.ndarray,
    weight: np.ndarray,
    *,
    stride: int | Sequence[int] = 1,
    padding: Padding = 0,
    dilation: int | Sequence[int] = 1,
    loops: Callable[..., None] = locally_connected2d_backward_loops,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the derivatives of the loss for input, weight and bias of `locally_connected2d`.

    Parameters
    ----------
    grad_output : array (N, F, H_out, W_out)
        Derivative of the loss for the output.
    x : array (N, C, H, W)
        The input of the forward pass, of the type of `grad_output`.
    weight : array (H_out, W_out, F, C, kH, kW)
        The filters of the forward pass, of the type of `grad_output`.
    stride, padding, dilation
        As in the forward pass.
    loops : callable
        The loop function to run: `locally_connected2d_backward_loops`, or ``numba.njit`` of it.

    Returns
    -------
    tuple of arrays (N, C, H, W), (H_out, W_out, F, C, kH, kW) and (F, H_out, W_out)
        ``(grad_x, grad_weight, grad_bias)``, of the type of `grad_output`; int64 for integers.

    Raises
    ------
    ValueError
        If the shapes are not those of one layer.

    Notes
    -----
    Source: none of the lectures prints it. The loops are those of "Backward layer l" of CMU 11-785 (Bhiksha Raj, Spring
    2024), Convolutional Networks III, from dz on; without sharing, a weight's derivative adds up over the batch only.

    Examples
    --------
    >>> grad_output, x = np.array([[[[1.0, 2.0]]]]), np.array([[[[1.0, 2.0, 3.0]]]])
    >>> weight = np.array([[10.0, 1.0], [0.0, 5.0]]).reshape(1, 2, 1, 1, 1, 2)
    >>> [gradient.ravel() for gradient in locally_connected2d_backward(grad_output, x, weight)]
    [array([10.,  1., 10.]), array([1., 2., 4., 6.]), array([1., 2.])]
    """
    operation = "locally_connected2d_backward"
    dtype = number_type(grad_output, x, weight)
    dz = operand(grad_output, dtype, 4, f"{operation}: grad_output")
    Y = operand(x, dtype, 4, f"{operation}: x")
    w = operand(weight, dtype, 6, f"{operation}: weight")
    geometry = _geometry(operation, Y.shape, w.shape, stride, padding, dilation)
    check_shape(f"{operation}: grad_output", dz.shape, geometry.output_shape)
    dY, dw, db = np.zeros(geometry.padded_shape, dtype), np.zeros_like(w), np.zeros(dz.shape[1:], dtype)
    loops(dz, zero_pad(Y, geometry.padding), w, dY, dw, db, *geometry.stride, *geometry.dilation)
    return delete_padding(dY, geometry.padding), dw, db


def _geometry(
    operation: str,
    input_shape: Sequence[int],
    weight_shape: Sequence[int],
    stride: int | Sequence[int],
    padding: Padding,
    dilation: int | Sequence[int],
) -> ConvGeometry:
    """Return the geometry of the convolution of the same size, or raise ValueError."""
    geometry = conv2d_geometry(
        operation, input_shape, weight_shape[2:], stride=stride, padding=padding, dilation=dilation, groups=1
    )
    check_shape(f"{operation}: weight", weight_shape, (*geometry.output_shape[2:], *weight_shape[2:]))
    return geometry
