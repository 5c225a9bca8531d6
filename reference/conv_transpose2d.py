"""Transposed convolution, forward, in two formulations.

*Scatter*: every input hands its share to the outputs, as the backward code of a convolution does. *Upsampled*: the
lecture's own words, an upsampling layer followed by a convolution. They share no line, and agree bit for bit on
integers.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from convoracle.reference.geometry import check_shape
from convoracle.reference.operands import delete_padding, number_type, operand, zero_pad
from convoracle.reference.shapes import AxisPadding, pair


class ConvTranspose2dGeometry(NamedTuple):
    """A transposed convolution in integers; the first of each pair belongs to axis -2, the second to axis -1."""

    stride: tuple[int, int]
    padding: tuple[AxisPadding, AxisPadding]
    dilation: tuple[int, int]
    padded_shape: tuple[int, int, int, int]
    output_shape: tuple[int, int, int, int]


def conv_transpose2d_loops(
    Y: np.ndarray,
    w: np.ndarray,
    b: np.ndarray,
    z: np.ndarray,
    stride_x: int,
    stride_y: int,
    dilation_x: int,
    dilation_y: int,
) -> None:
    """Write into ``z`` the maps of which `padding` is not yet deleted; source and letters are at `conv_transpose2d`."""
    D_y, D_w, K_x, K_y = w.shape
    maps_per_group = D_y // (z.shape[1] // D_w)
    for t in range(z.shape[0]):  # (each training example)
        for j in range(z.shape[1]):
            for x in range(z.shape[2]):
                for y in range(z.shape[3]):
                    z[t, j, x, y] = b[j]
        for x in range(Y.shape[2]):
            for y in range(Y.shape[3]):
                for i in range(D_y):
                    first = i // maps_per_group * D_w  # (the first output map of i's group)
                    for j in range(D_w):
                        for xp in range(K_x):
                            for yp in range(K_y):
                                # (dY(l-1,i,x+x'-1,y+y'-1) += w(l,j,i,x',y') dz(l,j,x,y), with a stride)
                                z[t, first + j, x * stride_x + xp * dilation_x, y * stride_y + yp * dilation_y] += (
                                    w[i, j, xp, yp] * Y[t, i, x, y]
                                )


def conv_transpose2d_upsampled_loops(
    Y: np.ndarray,
    w: np.ndarray,
    b: np.ndarray,
    z: np.ndarray,
    stride_x: int,
    stride_y: int,
    dilation_x: int,
    dilation_y: int,
) -> None:
    """Write into ``z`` the maps of which `padding` is not yet deleted; source and letters are at `conv_transpose2d`."""
    D_y, D_w, K_x, K_y = w.shape
    maps_per_group = D_y // (z.shape[1] // D_w)
    reach_x, reach_y = (K_x - 1) * dilation_x, (K_y - 1) * dilation_y
    # The Upsampling Layer: "introduces S-1 rows and columns", here into maps with zeros wherever the filter may reach
    upsampled = np.zeros((D_y, z.shape[2] + reach_x, z.shape[3] + reach_y), Y.dtype)
    for t in range(z.shape[0]):  # (each training example)
        for i in range(D_y):
            for x in range(Y.shape[2]):
                for y in range(Y.shape[3]):
                    upsampled[i, reach_x + x * stride_x, reach_y + y * stride_y] = Y[t, i, x, y]
        for x in range(z.shape[2]):  # "followed by a CNN layer", whose filters are the flipped ones
            for y in range(z.shape[3]):
                for j in range(z.shape[1]):
                    first = j // D_w * maps_per_group  # (the first input map of j's group)
                    z[t, j, x, y] = b[j]
                    for i in range(first, first + maps_per_group):
                        for xp in range(K_x):
                            for yp in range(K_y):
                                z[t, j, x, y] += (
                                    w[i, j % D_w, K_x - 1 - xp, K_y - 1 - yp]
                                    * upsampled[i, x + xp * dilation_x, y + yp * dilation_y]
                                )


def conv_transpose2d(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    output_padding: int | Sequence[int] = 0,
    groups: int = 1,
    dilation: int | Sequence[int] = 1,
    loops: Callable[..., None] = conv_transpose2d_loops,
) -> np.ndarray:
    """Return the transposed (fractionally strided) convolution of a batch of maps with filters.

    Parameters
    ----------
    x : array (N, C, H, W)
        Input maps, of any number type.
    weight : array (C, F / groups, kH, kW)
        Filters, of the type of `x`: those of the convolution from F maps to C maps whose transpose this is.
    bias : array (F,), optional
        One number per output map; zeros when left out.
    stride, dilation : int or (int, int)
        Those of the convolution whose transpose this is: a stride upsamples.
    padding : int or (int, int)
        Rows and columns deleted on each side of the result.
    output_padding : int or (int, int)
        Rows and columns added after the result: what the stride of the convolution left over. Less than the larger of
        stride and dilation.
    groups : int
        Number of groups; output maps of group g see the input maps of group g only.
    loops : callable
        The loop function to run: one of the two of this file, or ``numba.njit`` of it.

    Returns
    -------
    array (N, F, H_out, W_out)
        Of the type of `x`; int64 for integers.
        ``n_out = (n - 1) * stride - 2 * padding + dilation * (k - 1) + output_padding + 1``.

    Raises
    ------
    ValueError
        If shapes, groups, stride, padding, output_padding or dilation do not fit together.

    Notes
    -----
    Source: CMU 11-785 (Bhiksha Raj, Spring 2024), Convolutional Networks III, "The Upsampling Layer": "followed by a
    convolutional layer ... convolving with a fractional stride ... also called transpose convolutions". The scatter is
    the line for dY of "Backward layer l" of the same lecture. Signature, weight layout and `output_padding` follow
    ``torch.nn.functional.conv_transpose2d``.

    ===================  =======================================================================
    here                 meaning
    ===================  =======================================================================
    ``Y[t, i, x, y]``    input maps, x is axis -2
    ``w[i, j, xp, yp]``  weight, input map first
    ``z[t, j, x, y]``    output maps, around which `padding` is deleted last
    ``b[j]``             bias
    ===================  =======================================================================

    Examples
    --------
    >>> x, weight = np.array([[[[1.0, 2.0]]]]), np.array([[[[10.0, 1.0, 5.0]]]])
    >>> conv_transpose2d(x, weight, stride=2)[0, 0]
    array([[10.,  1., 25.,  2., 10.]])
    >>> conv_transpose2d(x, weight, stride=2, padding=(0, 1), output_padding=(0, 1)).shape
    (1, 1, 1, 4)
    """
    dtype = number_type(x, weight) if bias is None else number_type(x, weight, bias)
    Y = operand(x, dtype, 4, "conv_transpose2d: x")
    w = operand(weight, dtype, 4, "conv_transpose2d: weight")
    geometry = conv_transpose2d_geometry(
        "conv_transpose2d",
        Y.shape,
        w.shape,
        stride=stride,
        padding=padding,
        output_padding=output_padding,
        groups=groups,
        dilation=dilation,
    )
    F = geometry.output_shape[1]
    b = np.zeros(F, dtype) if bias is None else operand(bias, dtype, 1, "conv_transpose2d: bias")
    check_shape("conv_transpose2d: bias", b.shape, (F,))
    z = np.zeros(geometry.padded_shape, dtype)
    loops(Y, w, b, z, *geometry.stride, *geometry.dilation)
    return delete_padding(z, geometry.padding)


def conv_transpose2d_geometry(
    operation: str,
    input_shape: Sequence[int],
    weight_shape: Sequence[int],
    *,
    stride: int | Sequence[int],
    padding: int | Sequence[int],
    output_padding: int | Sequence[int],
    groups: int,
    dilation: int | Sequence[int],
) -> ConvTranspose2dGeometry:
    """Return the geometry of ``(N, C, H, W)`` and ``(C, F / groups, kH, kW)``, or raise ValueError."""
    if len(input_shape) != 4 or len(weight_shape) != 4:
        raise ValueError(
            f"{operation}: got input shape {tuple(input_shape)} and weight shape {tuple(weight_shape)}; "
            "allowed: (N, C, H, W) and (C, F / groups, kH, kW)"
        )
    N, C, *size = (int(extent) for extent in input_shape)
    if groups < 1 or weight_shape[0] != C or C % groups != 0:
        raise ValueError(
            f"{operation}: got {C} input channels, weight shape {tuple(weight_shape)} and groups={groups}; "
            "allowed: C = weight.shape[0], divisible by groups"
        )
    if min(C, *size, *weight_shape) < 1:
        raise ValueError(
            f"{operation}: got input shape {tuple(input_shape)} and weight shape {tuple(weight_shape)}; "
            "allowed: a size of zero in the batch axis only"
        )
    strides, dilations = pair(stride, f"{operation}: stride"), pair(dilation, f"{operation}: dilation")
    paddings = pair(padding, f"{operation}: padding", minimum=0)
    extra = pair(output_padding, f"{operation}: output_padding", minimum=0)
    padded = []
    for axis in (0, 1):
        if extra[axis] >= max(strides[axis], dilations[axis]):
            raise ValueError(
                f"{operation}: got output_padding {extra}; allowed: less than the larger of stride {strides} "
                f"and dilation {dilations}, per axis"
            )
        reach = dilations[axis] * (int(weight_shape[2 + axis]) - 1)
        padded.append((size[axis] - 1) * strides[axis] + reach + 1 + extra[axis])
        if padded[axis] <= 2 * paddings[axis]:
            raise ValueError(
                f"{operation}: got padding {paddings}, which deletes all {padded[axis]} positions of axis {axis - 2}; "
                "allowed: padding that leaves at least one"
            )
    F = int(weight_shape[1]) * groups
    return ConvTranspose2dGeometry(
        stride=strides,
        padding=((paddings[0], paddings[0]), (paddings[1], paddings[1])),
        dilation=dilations,
        padded_shape=(N, F, padded[0], padded[1]),
        output_shape=(N, F, padded[0] - 2 * paddings[0], padded[1] - 2 * paddings[1]),
    )


def pad_derivative(operation: str, dz: np.ndarray, geometry: ConvTranspose2dGeometry) -> np.ndarray:
    """Return the derivative of the output with zeros where the forward pass deleted, or raise ValueError."""
    check_shape(f"{operation}: grad_output", dz.shape, geometry.output_shape)
    return zero_pad(dz, geometry.padding)
