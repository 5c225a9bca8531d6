"""The public convolution: checks its arguments, then calls the kernel of the chosen backend."""

import numpy as np

from convoracle.fast.arguments import IntOrSizes, check_choice
from convoracle.fast.arrays import check_array
from convoracle.fast.conv_geometry import ConvPadding
from convoracle.fast.convolution import convolve


def conv2d(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    stride: IntOrSizes = 1,
    padding: ConvPadding = 0,
    dilation: IntOrSizes = 1,
    groups: int = 1,
    data_format: str = "NCHW",
    backend: str | None = None,
    accuracy: str | None = None,
) -> np.ndarray:
    """Convolve a batch of images with a bank of filters (cross-correlation: the filters are not flipped).

    ``out[n, f, p, q] = bias[f] + sum over c, i, j of weight[f, c, i, j] * x[n, c, p * sh + i * dh, q * sw + j * dw]``
    with `x` zero-padded and ``c`` over the channels of the group of ``f``. The output size along an axis is
    ``floor((size + before + after - dilation * (kernel - 1) - 1) / stride) + 1``.

    Parameters
    ----------
    x : array (N, C, H, W) of float16, float32, float64 or int8 to int64
        The images; ``(N, H, W, C)`` with ``data_format="NHWC"``. N may be zero.
    weight : array (F, C // groups, kH, kW) of the same dtype
        The filters, in this order whatever the data format.
    bias : array (F,) of the same dtype, optional
        Added to every output of a filter.
    stride, dilation : int or (height, width)
        At least 1.
    padding : int, (height, width), ((top, bottom), (left, right)), "valid", "same" or "same_lower"
        Zeros added around `x`. "same" makes the output size ``ceil(size / stride)`` with an odd row or column
        after, "same_lower" with it before; "valid" is none.
    groups : int
        Divides C and F; filters of a group see the channels of that group only.
    data_format : "NCHW" or "NHWC"
        Axis order of `x` and of the result.
    backend : str, optional
        Name of the backend; the one in force if not given (see `convoracle.use_backend`).
    accuracy : "normwise" or "componentwise", optional
        The error bound to keep; the one in force if not given (see `convoracle.use_backend`).

    Returns
    -------
    array (N, F, H_out, W_out), or (N, H_out, W_out, F)
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
    conv2d_backward : its gradients.

    Notes
    -----
    CMU 11-785 (Bhiksha Raj), "Convolutional Networks III", CNN: Forward; the signature is PyTorch's.

    Examples
    --------
    >>> x = np.arange(30, dtype=np.float32).reshape(1, 1, 5, 6)
    >>> weight = np.ones((2, 1, 3, 3), np.float32)
    >>> conv2d(x, weight, stride=2).shape
    (1, 2, 2, 2)
    >>> conv2d(x, weight, stride=2)[0, 0]
    array([[ 63.,  81.],
           [171., 189.]], dtype=float32)
    """
    check_choice("conv2d", "data_format", data_format, ("NCHW", "NHWC"))
    if data_format == "NHWC":
        x = check_array("conv2d", "x", x, data_format).transpose(0, 3, 1, 2)
    result = convolve(
        "conv2d",
        "HW",
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
    return np.ascontiguousarray(result.transpose(0, 2, 3, 1)) if data_format == "NHWC" else result
