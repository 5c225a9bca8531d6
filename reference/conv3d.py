"""3-D convolution, forward: the scalar loops of the lecture's scan, with batch, bias, stride, dilation and groups."""

from collections.abc import Callable, Sequence

import numpy as np

from convoracle.reference.geometry import check_shape, conv_geometry
from convoracle.reference.operands import number_type, operand, zero_pad
from convoracle.reference.shapes import Padding


def conv3d_loops(
    Y: np.ndarray,
    w: np.ndarray,
    b: np.ndarray,
    z: np.ndarray,
    stride_s: int,
    stride_x: int,
    stride_y: int,
    dilation_s: int,
    dilation_x: int,
    dilation_y: int,
) -> None:
    """Write into ``z`` the affine maps of the zero-padded maps ``Y``; source and letters are at `conv3d`."""
    D_z, D_w, K_s, K_x, K_y = w.shape
    maps_per_group = D_z // (Y.shape[1] // D_w)
    for t in range(z.shape[0]):  # (each training example)
        for s in range(z.shape[2]):
            for x in range(z.shape[3]):
                for y in range(z.shape[4]):
                    for j in range(D_z):  # for j = 1:D_l
                        first = j // maps_per_group * D_w  # (the first input map of j's group)
                        z[t, j, s, x, y] = b[j]  # z(l,j,..) = 0, and the bias (E-16)
                        for i in range(D_w):  # for i = 1:D_{l-1}
                            for sp in range(K_s):  # for s' = 1:K_l
                                for xp in range(K_x):  # for x' = 1:K_l
                                    for yp in range(K_y):  # for y' = 1:K_l
                                        # z(l,j,..) += w(l,j,i,..) Y(l-1,i,..)
                                        z[t, j, s, x, y] += (
                                            w[j, i, sp, xp, yp]
                                            * Y[
                                                t,
                                                first + i,
                                                s * stride_s + sp * dilation_s,
                                                x * stride_x + xp * dilation_x,
                                                y * stride_y + yp * dilation_y,
                                            ]
                                        )


def conv3d(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    stride: int | Sequence[int] = 1,
    padding: Padding = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    loops: Callable[..., None] = conv3d_loops,
) -> np.ndarray:
    """Return the convolution (cross-correlation: the kernel is not flipped) of a batch of volumes with filters.

    Parameters
    ----------
    x : array (N, C, D, H, W)
        Input volumes, of any number type: floats, integers, or objects with ``+`` and ``*``.
    weight : array (F, C / groups, kD, kH, kW)
        Filters, of the type of `x`.
    bias : array (F,), optional
        One number per filter; zeros when left out.
    stride, dilation : int or (int, int, int)
        Step between two positions, distance between two taps, per spatial axis.
    padding : int, (int, int, int), three pairs of ints, "valid", "same" or "same_lower"
        Zeros around the volumes; see `convoracle.reference.shapes.padding_per_axis`.
    groups : int
        Number of groups; filters of group g see the input channels of group g only.
    loops : callable
        The loop function to run: `conv3d_loops`, or ``numba.njit`` of it.

    Returns
    -------
    array (N, F, D_out, H_out, W_out)
        Of the type of `x`; int64 for integers. Each size is that of `convoracle.reference.shapes.conv_output_size`.

    Raises
    ------
    ValueError
        If shapes, groups, stride, padding or dilation do not fit together.

    Notes
    -----
    Source: CMU 11-785 (Bhiksha Raj, Spring 2024), Convolutional Networks III, "Story so far": "For 2-D (or higher-
    dimensional) scans, the structure is called a convnet". The loops are those of "CNN: Forward", with a scan over s,
    axis -3, around the one over x.
    The letters, and erratum E-16 about the bias, are at `convoracle.reference.conv2d`.

    Examples
    --------
    >>> x, weight = np.arange(8.0).reshape(1, 1, 2, 2, 2), np.array([100.0, 1.0]).reshape(1, 1, 2, 1, 1)
    >>> conv3d(x, weight)[0, 0]
    array([[[  4., 105.],
            [206., 307.]]])
    """
    dtype = number_type(x, weight) if bias is None else number_type(x, weight, bias)
    Y = operand(x, dtype, 5, "conv3d: x")
    w = operand(weight, dtype, 5, "conv3d: weight")
    b = np.zeros(w.shape[0], dtype) if bias is None else operand(bias, dtype, 1, "conv3d: bias")
    check_shape("conv3d: bias", b.shape, w.shape[:1])
    geometry = conv_geometry(
        "conv3d", "DHW", Y.shape, w.shape, stride=stride, padding=padding, dilation=dilation, groups=groups
    )
    z = np.zeros(geometry.output_shape, dtype)
    loops(zero_pad(Y, geometry.padding), w, b, z, *geometry.stride, *geometry.dilation)
    return z
