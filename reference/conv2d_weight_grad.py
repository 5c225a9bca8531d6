"""The derivative of a convolution for its weight: as a valid correlation, and as the backward code's scatter."""

from collections.abc import Callable, Sequence

import numpy as np

from convoracle.reference.geometry import check_shape, conv2d_geometry
from convoracle.reference.operands import number_type, operand, zero_pad
from convoracle.reference.shapes import Padding


def conv2d_weight_grad_loops(
    dz: np.ndarray,
    Y: np.ndarray,
    dw: np.ndarray,
    stride_x: int,
    stride_y: int,
    dilation_x: int,
    dilation_y: int,
) -> None:
    """Write the derivative of the weight into ``dw``: each tap is the dot product of ``dz`` with a map.

    Source: CMU 11-785 (Bhiksha Raj, Spring 2024), Convolutional Networks III, "Derivatives for the filters at layer l:
    Vector notation". Erratum E-10: the slide indexes dw(l,m,n,..) as (input, output) map; here, as in the forward code,
    ``dw[n, m]``. Erratum E-11: the slide pairs x with H and y with W. "Assuming that derivative maps have been
    upsampled if stride > 1": the zeros between are skipped by stepping over the map instead. A batch adds up.
    """
    D_z, D_w, K_x, K_y = dw.shape
    maps_per_group = D_z // (Y.shape[1] // D_w)
    dw[...] = 0
    for t in range(dz.shape[0]):  # (each training example)
        for n in range(D_z):  # for n = 1:D_l
            first = n // maps_per_group * D_w  # (the first input map of n's group)
            for x in range(K_x):  # for x = 1:K_l
                for y in range(K_y):  # for y = 1:K_l
                    for m in range(D_w):  # for m = 1:D_{l-1}
                        # dw(l,m,n,x,y) = dz(l,n,:,:).y(l-1,m,x:x+W-1,y:y+H-1), a dot product
                        for xp in range(dz.shape[2]):
                            for yp in range(dz.shape[3]):
                                dw[n, m, x, y] += (
                                    dz[t, n, xp, yp]
                                    * Y[t, first + m, x * dilation_x + xp * stride_x, y * dilation_y + yp * stride_y]
                                )


def conv2d_weight_grad_scatter_loops(
    dz: np.ndarray,
    Y: np.ndarray,
    dw: np.ndarray,
    stride_x: int,
    stride_y: int,
    dilation_x: int,
    dilation_y: int,
) -> None:
    """Write the derivative of the weight into ``dw``: every output hands its share to the weights it was made with.

    Source: CMU 11-785, Convolutional Networks III, "Backward layer l", the lines for dw.
    """
    D_z, D_w, K_x, K_y = dw.shape
    maps_per_group = D_z // (Y.shape[1] // D_w)
    dw[...] = 0  # dw(l) = zeros(D_lxD_{l-1}xK_lxK_l)
    for t in range(dz.shape[0]):  # (each training example)
        for x in range(dz.shape[2] - 1, -1, -1):  # for x = W_{l-1}-K_l+1:downto:1
            for y in range(dz.shape[3] - 1, -1, -1):  # for y = H_{l-1}-K_l+1:downto:1
                for j in range(D_z - 1, -1, -1):  # for j = D_l:downto:1
                    first = j // maps_per_group * D_w  # (the first input map of j's group)
                    for i in range(D_w - 1, -1, -1):  # for i = D_{l-1}:downto:1
                        for xp in range(K_x - 1, -1, -1):  # for x' = K_l:downto:1
                            for yp in range(K_y - 1, -1, -1):  # for y' = K_l:downto:1
                                # dw(l,j,i,x',y') += dz(l,j,x,y) Y(l-1,i,x+x'-1,y+y'-1)
                                dw[j, i, xp, yp] += (
                                    dz[t, j, x, y]
                                    * Y[t, first + i, x * stride_x + xp * dilation_x, y * stride_y + yp * dilation_y]
                                )


def conv2d_weight_grad(
    grad_output: np.ndarray,
    x: np.ndarray,
    weight_shape: Sequence[int],
    *,
    stride: int | Sequence[int] = 1,
    padding: Padding = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    loops: Callable[..., None] = conv2d_weight_grad_loops,
) -> np.ndarray:
    """Return the derivative of the loss for the weight of `convoracle.reference.conv2d`.

    Parameters
    ----------
    grad_output : array (N, F, H_out, W_out)
        Derivative of the loss for the output.
    x : array (N, C, H, W)
        The input of the forward pass, of the type of `grad_output`.
    weight_shape : (int, int, int, int)
        ``(F, C / groups, kH, kW)``: with a stride, several kernel sizes have the same output size.
    stride, padding, dilation, groups
        As in the forward pass.
    loops : callable
        The loop function to run: one of the two of this file, or ``numba.njit`` of it.

    Returns
    -------
    array (F, C / groups, kH, kW)
        Of the type of `grad_output`; int64 for integers. Zeros for an empty batch.

    Raises
    ------
    ValueError
        If the shapes are not those of one convolution.

    Notes
    -----
    Source: CMU 11-785 (Bhiksha Raj, Spring 2024), Convolutional Networks III; headings and errata are at the loops.
    "If Y(l-1,m) was zero padded in the forward pass, it must be zero padded for backprop" (ibid.).

    =================  ====================  ====================================
    lecture            here                  meaning
    =================  ====================  ====================================
    dz(l, n, x, y)     ``dz[t, n, xp, yp]``  `grad_output`
    y(l-1, m, x, y)    ``Y[t, m, x, y]``     zero-padded input maps, x is axis -2
    dw(l, m, n, x, y)  ``dw[n, m, x, y]``    derivative of the weight
    W, H               ``dz.shape[2:]``      size of the dz map
    =================  ====================  ====================================

    Examples
    --------
    >>> grad_output = np.array([[[[1.0, 2.0, 3.0]]]])
    >>> x = np.array([[[[1.0, 10.0, 100.0, 1000.0]]]])
    >>> conv2d_weight_grad(grad_output, x, (1, 1, 1, 2))[0, 0]
    array([[ 321., 3210.]])
    """
    dtype = number_type(grad_output, x)
    dz = operand(grad_output, dtype, 4, "conv2d_weight_grad: grad_output")
    Y = operand(x, dtype, 4, "conv2d_weight_grad: x")
    geometry = conv2d_geometry(
        "conv2d_weight_grad", Y.shape, weight_shape, stride=stride, padding=padding, dilation=dilation, groups=groups
    )
    check_shape("conv2d_weight_grad: grad_output", dz.shape, geometry.output_shape)
    dw = np.zeros(tuple(weight_shape), dtype)
    loops(dz, zero_pad(Y, geometry.padding), dw, *geometry.stride, *geometry.dilation)
    return dw
