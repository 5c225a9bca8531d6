"""The derivative of a convolution for its input, in the lecture's three formulations.

*Scatter* is the backward code: every output hands its share to the inputs it was made of. *Gather* is the formula:
every input collects from the outputs it went into. *Flipped* is the vector pseudocode: a scan of the zero-padded output
derivative with the transposed and flipped filter. The three share no line, and agree bit for bit on integers.
"""

from collections.abc import Callable, Sequence

import numpy as np

from convoracle.reference.geometry import check_shape, conv2d_geometry
from convoracle.reference.operands import delete_padding, number_type, operand
from convoracle.reference.shapes import Padding


def conv2d_input_grad_scatter_loops(
    dz: np.ndarray,
    w: np.ndarray,
    dY: np.ndarray,
    stride_x: int,
    stride_y: int,
    dilation_x: int,
    dilation_y: int,
) -> None:
    """Write the derivative of the padded input into ``dY``.

    Source: CMU 11-785 (Bhiksha Raj, Spring 2024), Convolutional Networks III, "Backward layer l", the lines for dY.
    """
    D_z, D_w, K_x, K_y = w.shape
    maps_per_group = D_z // (dY.shape[1] // D_w)
    dY[...] = 0  # dY(l-1) = zeros(D_{l-1}xW_{l-1}xH_{l-1})
    for t in range(dz.shape[0]):  # (each training example)
        for x in range(dz.shape[2] - 1, -1, -1):  # for x = W_{l-1}-K_l+1:downto:1
            for y in range(dz.shape[3] - 1, -1, -1):  # for y = H_{l-1}-K_l+1:downto:1
                for j in range(D_z - 1, -1, -1):  # for j = D_l:downto:1
                    first = j // maps_per_group * D_w  # (the first input map of j's group)
                    for i in range(D_w - 1, -1, -1):  # for i = D_{l-1}:downto:1
                        for xp in range(K_x - 1, -1, -1):  # for x' = K_l:downto:1
                            for yp in range(K_y - 1, -1, -1):  # for y' = K_l:downto:1
                                # dY(l-1,i,x+x'-1,y+y'-1) += w(l,j,i,x',y') dz(l,j,x,y)
                                dY[t, first + i, x * stride_x + xp * dilation_x, y * stride_y + yp * dilation_y] += (
                                    w[j, i, xp, yp] * dz[t, j, x, y]
                                )


def conv2d_input_grad_gather_loops(
    dz: np.ndarray,
    w: np.ndarray,
    dY: np.ndarray,
    stride_x: int,
    stride_y: int,
    dilation_x: int,
    dilation_y: int,
) -> None:
    """Write the derivative of the padded input into ``dY``.

    Source: CMU 11-785, Convolutional Networks III, "Computing derivative for Y(l-1, m, *, *)", whose filter letters are
    w_l(m, n, ., .) = (input map, output map); here ``w[n, m]``. Erratum E-2: one slide prints ``w_l(m,n,x-x',x-y')``;
    the last index is y-y'. The sum runs over *every* x', y', as printed: w is zero outside the filter.
    """
    D_z, D_w, K_x, K_y = w.shape
    maps_per_group = D_z // (dY.shape[1] // D_w)
    for t in range(dz.shape[0]):  # (each training example)
        for m in range(dY.shape[1]):  # dDiv/dY(l-1,m,x,y)
            first = m // D_w * maps_per_group  # (the first output map of m's group)
            for x in range(dY.shape[2]):
                for y in range(dY.shape[3]):
                    dY[t, m, x, y] = 0
                    for n in range(first, first + maps_per_group):  # = sum_n
                        for xp in range(dz.shape[2]):  # sum_{x',y'}
                            for yp in range(dz.shape[3]):
                                u, v = x - xp * stride_x, y - yp * stride_y  # x-x', y-y'
                                if u % dilation_x == 0 and v % dilation_y == 0:  # (the filter has taps there only)
                                    u, v = u // dilation_x, v // dilation_y
                                    if 0 <= u < K_x and 0 <= v < K_y:  # (w = 0 elsewhere)
                                        # dDiv/dz(l,n,x',y') w_l(m,n,x-x',y-y')
                                        dY[t, m, x, y] += dz[t, n, xp, yp] * w[n, m % D_w, u, v]


def conv2d_input_grad_flipped_loops(
    dz: np.ndarray,
    w: np.ndarray,
    dY: np.ndarray,
    stride_x: int,
    stride_y: int,
    dilation_x: int,
    dilation_y: int,
) -> None:
    """Write the derivative of the padded input into ``dY``.

    Source: CMU 11-785, Convolutional Networks III, "Derivatives for a single layer l: Vector notation". Erratum E-10:
    the slide prints ``W(l,i,j,:,:)`` in a loop where i is an input map and j an output map, while W is stored (output,
    input): it means W(l,j,i,:,:), "transpose and flip". Erratum E-11: the slide swaps H and W. A stride upsamples dz
    first: stride - 1 zeros between two entries and, after the last, as many as the forward stride left over.
    """
    D_z, D_w, K_x, K_y = w.shape
    D_y, W, H = dY.shape[1:]
    maps_per_group = D_z // (D_y // D_w)
    extent_x, extent_y = (K_x - 1) * dilation_x + 1, (K_y - 1) * dilation_y + 1  # (K_l of the dilated filter)
    upsampled_x = (dz.shape[2] - 1) * stride_x + 1 + (W - extent_x) % stride_x  # (W_l after upsampling)
    upsampled_y = (dz.shape[3] - 1) * stride_y + 1 + (H - extent_y) % stride_y  # (H_l after upsampling)
    Wflip = np.zeros((D_y, maps_per_group, K_x, K_y), w.dtype)
    for t in range(dz.shape[0]):  # (each training example)
        # dzpad = zeros(D_lx(H_l+2(K_l-1))x(W_l+2(K_l-1)))
        dzpad = np.zeros((D_z, upsampled_x + 2 * (extent_x - 1), upsampled_y + 2 * (extent_y - 1)), dz.dtype)
        for j in range(D_z):  # for j = 1:D_l
            first = j // maps_per_group * D_w  # (the first input map of j's group)
            for i in range(first, first + D_w):  # for i = 1:D_{l-1}, "Transpose and flip"
                for xp in range(K_x):  # Wflip(i,j,:,:) = flipLeftRight(flipUpDown(W(l,j,i,:,:)))
                    for yp in range(K_y):
                        Wflip[i, j % maps_per_group, xp, yp] = w[j, i - first, K_x - 1 - xp, K_y - 1 - yp]
            for x in range(dz.shape[2]):  # dzpad(j,K_l:K_l+W_l-1,K_l:K_l+H_l-1) = dz(l,j,:,:), "center map"
                for y in range(dz.shape[3]):
                    dzpad[j, extent_x - 1 + x * stride_x, extent_y - 1 + y * stride_y] = dz[t, j, x, y]
        for j in range(D_y):  # for j = 1:D_{l-1}
            first = j // D_w * maps_per_group  # (the first output map of j's group)
            for x in range(W):  # for x = 1:W_{l-1}
                for y in range(H):  # for y = 1:H_{l-1}
                    dY[t, j, x, y] = 0  # segment = dzpad(:, x:x+K_l-1, y:y+K_l-1)
                    for n in range(maps_per_group):  # dy(l-1,j,x,y) = Wflip.segment, a tensor inner product
                        for xp in range(K_x):
                            for yp in range(K_y):
                                dY[t, j, x, y] += (
                                    Wflip[j, n, xp, yp] * dzpad[first + n, x + xp * dilation_x, y + yp * dilation_y]
                                )


def conv2d_input_grad(
    grad_output: np.ndarray,
    weight: np.ndarray,
    input_shape: Sequence[int],
    *,
    stride: int | Sequence[int] = 1,
    padding: Padding = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    loops: Callable[..., None] = conv2d_input_grad_scatter_loops,
) -> np.ndarray:
    """Return the derivative of the loss for the input of `convoracle.reference.conv2d`.

    Parameters
    ----------
    grad_output : array (N, F, H_out, W_out)
        Derivative of the loss for the output.
    weight : array (F, C / groups, kH, kW)
        The filters of the forward pass, of the type of `grad_output`.
    input_shape : (int, int, int, int)
        ``(N, C, H, W)``: several input sizes have the same output size.
    stride, padding, dilation, groups
        As in the forward pass.
    loops : callable
        The loop function to run: one of the three of this file, or ``numba.njit`` of it.

    Returns
    -------
    array (N, C, H, W)
        Of the type of `grad_output`; int64 for integers.

    Raises
    ------
    ValueError
        If the shapes are not those of one convolution.

    Notes
    -----
    Source: CMU 11-785 (Bhiksha Raj, Spring 2024), Convolutional Networks III; headings and errata are at the loops.
    The derivative of the padded maps is computed, then "the zero padding regions must be deleted" (ibid.).

    ==================  ========================  ==================================
    lecture             here                      meaning
    ==================  ========================  ==================================
    dz(l, j, x, y)      ``dz[t, j, x, y]``        `grad_output`
    w(l, j, i, x', y')  ``w[j, i, xp, yp]``       weight
    dY(l-1, i, x, y)    ``dY[t, i, x, y]``        derivative of the padded input
    D_l, D_{l-1}        ``D_z``, ``dY.shape[1]``  output maps, input maps
    W_{l-1}, H_{l-1}    ``W``, ``H``              axes -2 and -1 of the padded input
    ==================  ========================  ==================================

    Examples
    --------
    >>> grad_output = np.array([[[[1.0, 2.0, 3.0]]]])
    >>> weight = np.array([[[[10.0, 1.0]]]])
    >>> conv2d_input_grad(grad_output, weight, (1, 1, 1, 4))[0, 0]
    array([[10., 21., 32.,  3.]])
    """
    dtype = number_type(grad_output, weight)
    dz = operand(grad_output, dtype, 4, "conv2d_input_grad: grad_output")
    w = operand(weight, dtype, 4, "conv2d_input_grad: weight")
    geometry = conv2d_geometry(
        "conv2d_input_grad", input_shape, w.shape, stride=stride, padding=padding, dilation=dilation, groups=groups
    )
    check_shape("conv2d_input_grad: grad_output", dz.shape, geometry.output_shape)
    dY = np.zeros(geometry.padded_shape, dtype)
    loops(dz, w, dY, *geometry.stride, *geometry.dilation)
    return delete_padding(dY, geometry.padding)
