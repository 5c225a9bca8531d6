"""The public 3-D convolution: checks its arguments, then calls the kernel of the chosen backend."""

import numpy as np

from convoracle.fast.arguments import IntOrSizes
from convoracle.fast.conv_geometry import ConvPadding
from convoracle.fast.convolution import convolve


def conv3d(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    stride: IntOrSizes = 1,
    padding: ConvPadding = 0,
    dilation: IntOrSizes = 1,
    groups: int = 1,
    backend: str | None = None,
    accuracy: str | None = None,
) -> np.ndarray:
    """Convolve a batch of volumes with a bank of filters (cross-correlation: the filters are not flipped).

    ``out[n, f, o, p, q] = bias[f] + sum over c, h, i, j of weight[f, c, h, i, j] *
    x[n, c, o * sd + h * dd, p * sh + i * dh, q * sw + j * dw]``
    with `x` zero-padded and ``c`` over the channels of the group of ``f``. The output size along an axis is
    ``floor((size + before + after - dilation * (kernel - 1) - 1) / stride) + 1``.

    Parameters
    ----------
    x : array (N, C, D, H, W) of float16, float32, float64 or int8 to int64
        The volumes. N may be zero.
    weight : array (F, C // groups, kD, kH, kW) of the same dtype
        The filters.
    bias : array (F,) of the same dtype, optional
        Added to every output of a filter.
    stride, dilation : int or (depth, height, width)
        At least 1.
    padding : int, (depth, height, width), three pairs (before, after), "valid", "same" or "same_lower"
        Zeros added around `x`. "same" makes the output size ``ceil(size / stride)`` with an odd zero after,
        "same_lower" with it before; "valid" is none.
    groups : int
        Divides C and F; filters of a group see the channels of that group only.
    backend : str, optional
        Name of the backend; the one in force if not given (see `convoracle.use_backend`).
    accuracy : "normwise" or "componentwise", optional
        The error bound to keep; the one in force if not given (see `convoracle.use_backend`).

    Returns
    -------
    array (N, F, D_out, H_out, W_out)
        New, C-contiguous, of the dtype of `x`; int64 for integers, which wrap around on overflow. float16 is
        accumulated in float32.

    Raises
    ------
    ValueError
        For a shape, a size or a name that is not allowed, or a backend that cannot do this.
    TypeError
        For an argument that is not a plain array or an int, or dtypes that are not allowed or not the same.
    ImportError
        If the backend needs a module that is missing here.

    See Also
    --------
    conv3d_backward : its gradients.

    Notes
    -----
    Not in the lectures; the 2-D convolution with one more spatial axis, as CMU 11-785 has it with one less; the
    signature is PyTorch's.

    Examples
    --------
    >>> x = np.arange(60, dtype=np.float32).reshape(1, 1, 3, 4, 5)
    >>> weight = np.ones((1, 1, 2, 2, 2), np.float32)
    >>> conv3d(x, weight, stride=(1, 2, 3)).shape
    (1, 1, 2, 2, 2)
    >>> conv3d(x, weight, stride=(1, 2, 3))[0, 0, 0]
    array([[104., 128.],
           [184., 208.]], dtype=float32)
    """
    return convolve(
        "conv3d",
        "DHW",
        x,
        weight,
        bias,
        backend,
        accuracy,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
    )
