"""The public 1-D convolution: checks its arguments, then calls the kernel of the chosen backend."""

import numpy as np

from convoracle.fast.arguments import IntOrSizes
from convoracle.fast.conv_geometry import ConvPadding
from convoracle.fast.convolution import convolve


def conv1d(
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
    """Convolve a batch of sequences with a bank of filters (cross-correlation: the filters are not flipped).

    ``out[n, f, p] = bias[f] + sum over c, i of weight[f, c, i] * x[n, c, p * stride + i * dilation]``
    with `x` zero-padded and ``c`` over the channels of the group of ``f``. The output size along an axis is
    ``floor((size + before + after - dilation * (kernel - 1) - 1) / stride) + 1``.

    Parameters
    ----------
    x : array (N, C, L) of float16, float32, float64 or int8 to int64
        The sequences. N may be zero.
    weight : array (F, C // groups, kL) of the same dtype
        The filters.
    bias : array (F,) of the same dtype, optional
        Added to every output of a filter.
    stride, dilation : int or (length,)
        At least 1.
    padding : int, (length,), ((before, after),), "valid", "same" or "same_lower"
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
    array (N, F, L_out)
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
    conv1d_backward : its gradients.

    Notes
    -----
    CMU 11-785 (Bhiksha Raj), "Convolutional Networks II", the time-delay neural network: a 1-D convolution over time;
    the signature is PyTorch's.

    Examples
    --------
    >>> x = np.arange(6, dtype=np.float32).reshape(1, 1, 6)
    >>> weight = np.array([[[1, 10]]], np.float32)
    >>> conv1d(x, weight, stride=2).shape
    (1, 1, 3)
    >>> conv1d(x, weight, stride=2)
    array([[[10., 32., 54.]]], dtype=float32)
    """
    return convolve(
        "conv1d",
        "L",
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
