"""1-D convolution, forward: the scalar loops of the lecture's scan, with batch, bias, stride, dilation and groups."""

from collections.abc import Callable, Sequence

import numpy as np

from convoracle.reference.geometry import check_shape, conv_geometry
from convoracle.reference.operands import number_type, operand, zero_pad
from convoracle.reference.shapes import Padding


def conv1d_loops(
    Y: np.ndarray,
    w: np.ndarray,
    b: np.ndarray,
    z: np.ndarray,
    stride_x: int,
    dilation_x: int,
) -> None:
    """Write into ``z`` the affine maps of the zero-padded maps ``Y``; source and letters are at `conv1d`."""
    D_z, D_w, K_x = w.shape
    maps_per_group = D_z // (Y.shape[1] // D_w)
    for t in range(z.shape[0]):  # (each training example)
        for x in range(z.shape[2]):
            for j in range(D_z):  # for j = 1:D_l
                first = j // maps_per_group * D_w  # (the first input map of j's group)
                z[t, j, x] = b[j]  # z(l,j,..) = 0, and the bias (E-16)
                for i in range(D_w):  # for i = 1:D_{l-1}
                    for xp in range(K_x):  # for x' = 1:K_l
                        # z(l,j,..) += w(l,j,i,..) Y(l-1,i,..)
                        z[t, j, x] += w[j, i, xp] * Y[t, first + i, x * stride_x + xp * dilation_x]


def conv1d(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    stride: int | Sequence[int] = 1,
    padding: Padding = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    loops: Callable[..., None] = conv1d_loops,
) -> np.ndarray:
    """Return the convolution (cross-correlation: the kernel is not flipped) of a batch of sequences with filters.

    Parameters
    ----------
    x : array (N, C, L)
        Input sequences, of any number type: floats, integers, or objects with ``+`` and ``*``.
    weight : array (F, C / groups, kL)
        Filters, of the type of `x`.
    bias : array (F,), optional
        One number per filter; zeros when left out.
    stride, dilation : int or (int,)
        Step between two positions, distance between two taps, per spatial axis.
    padding : int, (int,), ((int, int),), "valid", "same" or "same_lower"
        Zeros around the sequences; see `convoracle.reference.shapes.padding_per_axis`.
    groups : int
        Number of groups; filters of group g see the input channels of group g only.
    loops : callable
        The loop function to run: `conv1d_loops`, or ``numba.njit`` of it.

    Returns
    -------
    array (N, F, L_out)
        Of the type of `x`; int64 for integers. Each size is that of `convoracle.reference.shapes.conv_output_size`.

    Raises
    ------
    ValueError
        If shapes, groups, stride, padding or dilation do not fit together.

    Notes
    -----
    Source: CMU 11-785 (Bhiksha Raj, Spring 2024), Convolutional Networks III, "Story so far": "For 1-D scan along
    time, it is called a Time-delay neural network". The loops are those of "CNN: Forward", with the scan over y left
    out.
    The letters, and erratum E-16 about the bias, are at `convoracle.reference.conv2d`.

    Examples
    --------
    >>> x, weight = np.array([[[1.0, 2.0, 3.0, 4.0]]]), np.array([[[10.0, 1.0]]])
    >>> conv1d(x, weight, stride=2)
    array([[[12., 34.]]])
    >>> conv1d(x, weight, np.array([0.5]), padding=((1, 0),))
    array([[[ 1.5, 12.5, 23.5, 34.5]]])
    """
    dtype = number_type(x, weight) if bias is None else number_type(x, weight, bias)
    Y = operand(x, dtype, 3, "conv1d: x")
    w = operand(weight, dtype, 3, "conv1d: weight")
    b = np.zeros(w.shape[0], dtype) if bias is None else operand(bias, dtype, 1, "conv1d: bias")
    check_shape("conv1d: bias", b.shape, w.shape[:1])
    geometry = conv_geometry(
        "conv1d", "L", Y.shape, w.shape, stride=stride, padding=padding, dilation=dilation, groups=groups
    )
    z = np.zeros(geometry.output_shape, dtype)
    loops(zero_pad(Y, geometry.padding), w, b, z, *geometry.stride, *geometry.dilation)
    return z
