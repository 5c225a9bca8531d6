"""Convolution, forward: the scalar loops of the lecture, with batch, bias, stride, dilation and groups."""

from collections.abc import Callable, Sequence

import numpy as np

from convoracle.reference.geometry import check_shape, conv2d_geometry
from convoracle.reference.operands import number_type, operand, zero_pad
from convoracle.reference.shapes import Padding


def conv2d_loops(
    Y: np.ndarray,
    w: np.ndarray,
    b: np.ndarray,
    z: np.ndarray,
    stride_x: int,
    stride_y: int,
    dilation_x: int,
    dilation_y: int,
) -> None:
    """Write into ``z`` the affine maps of the zero-padded maps ``Y``; source and letters are at `conv2d`."""
    D_z, D_w, K_x, K_y = w.shape
    maps_per_group = D_z // (Y.shape[1] // D_w)
    for t in range(z.shape[0]):  # (each training example)
        for x in range(z.shape[2]):  # for x = 1:W_{l-1}-K_l+1
            for y in range(z.shape[3]):  # for y = 1:H_{l-1}-K_l+1
                for j in range(D_z):  # for j = 1:D_l
                    first = j // maps_per_group * D_w  # (the first input map of j's group)
                    z[t, j, x, y] = b[j]  # z(l,j,x,y) = 0, and the bias (E-16)
                    for i in range(D_w):  # for i = 1:D_{l-1}
                        for xp in range(K_x):  # for x' = 1:K_l
                            for yp in range(K_y):  # for y' = 1:K_l
                                z[t, j, x, y] += (  # z(l,j,x,y) += w(l,j,i,x',y') Y(l-1,i,x+x'-1,y+y'-1)
                                    w[j, i, xp, yp]
                                    * Y[t, first + i, x * stride_x + xp * dilation_x, y * stride_y + yp * dilation_y]
                                )


def conv2d(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    stride: int | Sequence[int] = 1,
    padding: Padding = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    loops: Callable[..., None] = conv2d_loops,
) -> np.ndarray:
    """Return the convolution (cross-correlation: the kernel is not flipped) of a batch of maps with filters.

    Parameters
    ----------
    x : array (N, C, H, W)
        Input maps, of any number type: floats, integers, or objects with ``+`` and ``*``.
    weight : array (F, C / groups, kH, kW)
        Filters, of the type of `x`.
    bias : array (F,), optional
        One number per filter; zeros when left out.
    stride, dilation : int or (int, int)
        Step between two positions, distance between two taps, along axes -2 and -1.
    padding : int, (int, int), ((int, int), (int, int)), "valid", "same" or "same_lower"
        Zeros around the maps; see `convoracle.reference.shapes.resolve_padding`.
    groups : int
        Number of groups; filters of group g see the input maps of group g only.
    loops : callable
        The loop function to run: `conv2d_loops`, or ``numba.njit`` of it.

    Returns
    -------
    array (N, F, H_out, W_out)
        Of the type of `x`; int64 for integers. Each size is that of `convoracle.reference.shapes.conv_output_size`.

    Raises
    ------
    ValueError
        If shapes, groups, stride, padding or dilation do not fit together.

    Notes
    -----
    Source: CMU 11-785 (Bhiksha Raj, Spring 2024), Convolutional Networks III, "CNN: Forward", for one layer l and
    without the activation (that is `convoracle.reference.printed_conv2d.cnn_forward_layer`).

    ==================  =========================  ====================================
    lecture             here                       meaning
    ==================  =========================  ====================================
    Y(l-1, i, x, y)     ``Y[t, i, x, y]``          zero-padded input maps, x is axis -2
    w(l, j, i, x', y')  ``w[j, i, xp, yp]``        weight
    z(l, j, x, y)       ``z[t, j, x, y]``          affine maps, the result
    D_l, D_{l-1}        ``D_z``, ``D_w`` * groups  output maps, input maps
    K_l                 ``K_x``, ``K_y``           kernel size, one per axis
    (none)              ``b[j]``, ``t``            bias, example of the batch
    ==================  =========================  ====================================

    Indices are 0-based, so x+x'-1 reads ``x + xp``. Erratum E-16: the slide prints ``z(l,j,x,y) = 0`` and forgets the
    bias that "Pseudocode: Vector notation" of the same lecture adds; here z starts from the bias. Stride comes from
    "Convolution with downsampling" of the same lecture; dilation and groups from the PyTorch signature quoted in
    UW CSE 493G1, Lecture 5.

    Examples
    --------
    >>> x = np.arange(12.0).reshape(1, 1, 3, 4)
    >>> weight = np.array([[[[1.0, -1.0]]]])
    >>> conv2d(x, weight, np.array([10.0]), stride=(2, 1)).shape
    (1, 1, 2, 3)
    >>> conv2d(x, weight, np.array([10.0]), stride=(2, 1))[0, 0]
    array([[9., 9., 9.],
           [9., 9., 9.]])
    """
    dtype = number_type(x, weight) if bias is None else number_type(x, weight, bias)
    Y = operand(x, dtype, 4, "conv2d: x")
    w = operand(weight, dtype, 4, "conv2d: weight")
    b = np.zeros(w.shape[0], dtype) if bias is None else operand(bias, dtype, 1, "conv2d: bias")
    check_shape("conv2d: bias", b.shape, w.shape[:1])
    geometry = conv2d_geometry(
        "conv2d", Y.shape, w.shape, stride=stride, padding=padding, dilation=dilation, groups=groups
    )
    z = np.zeros(geometry.output_shape, dtype)
    loops(zero_pad(Y, geometry.padding), w, b, z, *geometry.stride, *geometry.dilation)
    return z
