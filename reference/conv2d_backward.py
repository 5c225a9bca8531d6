"""The three derivatives of a convolution in one pass, as the lecture's backward code takes them."""

from collections.abc import Callable, Sequence

import numpy as np

from convoracle.reference.geometry import check_shape, conv2d_geometry
from convoracle.reference.operands import delete_padding, number_type, operand, zero_pad
from convoracle.reference.shapes import Padding


def conv2d_backward_loops(
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
    """Write all three derivatives; source and letters are at `conv2d_backward`."""
    D_z, D_w, K_x, K_y = w.shape
    maps_per_group = D_z // (Y.shape[1] // D_w)
    dw[...] = 0  # dw(l) = zeros(D_lxD_{l-1}xK_lxK_l)
    db[...] = 0  # (the bias, E-16)
    dY[...] = 0  # dY(l-1) = zeros(D_{l-1}xW_{l-1}xH_{l-1})
    for t in range(dz.shape[0]):  # (each training example)
        for x in range(dz.shape[2] - 1, -1, -1):  # for x = W_{l-1}-K_l+1:downto:1
            for y in range(dz.shape[3] - 1, -1, -1):  # for y = H_{l-1}-K_l+1:downto:1
                for j in range(D_z - 1, -1, -1):  # for j = D_l:downto:1
                    first = j // maps_per_group * D_w  # (the first input map of j's group)
                    db[j] += dz[t, j, x, y]  # (the bias, E-16)
                    for i in range(D_w - 1, -1, -1):  # for i = D_{l-1}:downto:1
                        for xp in range(K_x - 1, -1, -1):  # for x' = K_l:downto:1
                            for yp in range(K_y - 1, -1, -1):  # for y' = K_l:downto:1
                                u, v = x * stride_x + xp * dilation_x, y * stride_y + yp * dilation_y
                                # dY(l-1,i,x+x'-1,y+y'-1) += w(l,j,i,x',y') dz(l,j,x,y)
                                dY[t, first + i, u, v] += w[j, i, xp, yp] * dz[t, j, x, y]
                                # dw(l,j,i,x',y') += dz(l,j,x,y) Y(l-1,i,x+x'-1,y+y'-1)
                                dw[j, i, xp, yp] += dz[t, j, x, y] * Y[t, first + i, u, v]


def conv2d_backward(
    grad_output: np.ndarray,
    x: np.ndarray,
    weight: np.ndarray,
    *,
    stride: int | Sequence[int] = 1,
    padding: Padding = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    loops: Callable[..., None] = conv2d_backward_loops,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the derivatives of the loss for input, weight and bias of `convoracle.reference.conv2d`.

    Parameters
    ----------
    grad_output : array (N, F, H_out, W_out)
        Derivative of the loss for the output.
    x : array (N, C, H, W)
        The input of the forward pass, of the type of `grad_output`.
    weight : array (F, C / groups, kH, kW)
        The filters of the forward pass, of the type of `grad_output`.
    stride, padding, dilation, groups
        As in the forward pass.
    loops : callable
        The loop function to run: `conv2d_backward_loops`, or ``numba.njit`` of it.

    Returns
    -------
    tuple of arrays (N, C, H, W), (F, C / groups, kH, kW) and (F,)
        ``(grad_x, grad_weight, grad_bias)``, of the type of `grad_output`; int64 for integers.

    Raises
    ------
    ValueError
        If the shapes are not those of one convolution.

    Notes
    -----
    Source: CMU 11-785 (Bhiksha Raj, Spring 2024), Convolutional Networks III, "Backward layer l", from dz on: the
    slide's first line in the loop over j, ``dz(l,j,x,y) = dY(l,j,x,y).f'(z(l,j,x,y))``, belongs to the activation and
    is in `convoracle.reference.printed_conv2d_backward.backward_layer`. The letters are those of `conv2d` and
    `conv2d_input_grad`. Erratum E-16: the slide has no bias; db follows from its own rule for sums.

    Examples
    --------
    >>> grad_output = np.array([[[[1.0, 2.0, 3.0]]]])
    >>> x = np.array([[[[1.0, 10.0, 100.0, 1000.0]]]])
    >>> grad_x, grad_weight, grad_bias = conv2d_backward(grad_output, x, np.array([[[[10.0, 1.0]]]]))
    >>> grad_x.ravel(), grad_weight.ravel(), grad_bias
    (array([10., 21., 32.,  3.]), array([ 321., 3210.]), array([6.]))
    """
    dtype = number_type(grad_output, x, weight)
    dz = operand(grad_output, dtype, 4, "conv2d_backward: grad_output")
    Y = operand(x, dtype, 4, "conv2d_backward: x")
    w = operand(weight, dtype, 4, "conv2d_backward: weight")
    geometry = conv2d_geometry(
        "conv2d_backward", Y.shape, w.shape, stride=stride, padding=padding, dilation=dilation, groups=groups
    )
    check_shape("conv2d_backward: grad_output", dz.shape, geometry.output_shape)
    dY, dw, db = np.zeros(geometry.padded_shape, dtype), np.zeros(w.shape, dtype), np.zeros(w.shape[0], dtype)
    loops(dz, zero_pad(Y, geometry.padding), w, dY, dw, db, *geometry.stride, *geometry.dilation)
    return delete_padding(dY, geometry.padding), dw, db
