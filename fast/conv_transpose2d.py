"""The public transposed convolution: checks its arguments, then calls the kernel of the chosen backend."""

import numpy as np

from convoracle.fast.arguments import IntOrSizes
from convoracle.fast.arrays import check_array, check_dtype
from convoracle.fast.convolution import check_bias, properties_of
from convoracle.fast.kernels import prepare
from convoracle.fast.remembered import recall, remember
from convoracle.fast.transpose_geometry import transpose_geometry


def conv_transpose2d(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    stride: IntOrSizes = 1,
    padding: IntOrSizes = 0,
    output_padding: IntOrSizes = 0,
    groups: int = 1,
    dilation: IntOrSizes = 1,
    backend: str | None = None,
    accuracy: str | None = None,
) -> np.ndarray:
    """Return the transposed convolution of a batch of images: what `conv2d` does to gradients, done to images.

    Every value of `x` adds its filter, times itself, to the result: at ``out[n, f, p * sh + i * dh - padding, ...]`` it
    adds ``weight[c, f, i, j] * x[n, c, p, q]``. The output size along an axis is
    ``(size - 1) * stride - 2 * padding + dilation * (kernel - 1) + output_padding + 1``.

    Parameters
    ----------
    x : array (N, C, H, W) of float16, float32, float64 or int8 to int64
        The images. N may be zero.
    weight : array (C, F // groups, kH, kW) of the same dtype
        The filters: those of the convolution from F channels to C whose transpose this is.
    bias : array (F,) of the same dtype, optional
        Added to every output of a map.
    stride, dilation : int or (height, width)
        At least 1: those of the convolution whose transpose this is.
    padding : int or (height, width)
        Rows and columns taken away on each side of the result.
    output_padding : int or (height, width)
        Rows and columns added after the result; less than the larger of stride and dilation.
    groups : int
        Divides C and F; a group of output maps sees the channels of that group only.
    backend : str, optional
        Name of the backend; the one in force if not given (see `convoracle.use_backend`).
    accuracy : "normwise" or "componentwise", optional
        The error bound to keep; the one in force if not given (see `convoracle.use_backend`).

    Returns
    -------
    array (N, F, H_out, W_out)
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
    conv_transpose2d_backward : its gradients.

    Notes
    -----
    CMU 11-785 (Bhiksha Raj), "Convolutional Networks III", upsampling followed by a convolution (transpose
    convolution); the signature is PyTorch's.

    Examples
    --------
    >>> x = np.array([[[[1, 2], [3, 4]]]], np.float32)
    >>> conv_transpose2d(x, np.ones((1, 1, 2, 2), np.float32), stride=2, output_padding=(0, 1)).shape
    (1, 1, 4, 5)
    >>> conv_transpose2d(x, np.ones((1, 1, 2, 2), np.float32))[0, 0]
    array([[ 1.,  3.,  2.],
           [ 4., 10.,  6.],
           [ 3.,  7.,  4.]], dtype=float32)
    """
    operation = "conv_transpose2d"
    options = (stride, padding, output_padding, groups, dilation)
    key, call = recall(operation, (x, weight, bias), options, backend, accuracy)
    if call is None:
        x = check_array(operation, "x", x, "NCHW")
        weight = check_array(operation, "weight", weight, "CFHW")
        if bias is not None:
            bias = check_array(operation, "bias", bias, "F")
        dtype = check_dtype(operation, x=x, weight=weight, bias=bias)
        geometry = transpose_geometry(
            operation,
            x.shape,
            weight.shape,
            stride=stride,
            padding=padding,
            output_padding=output_padding,
            groups=groups,
            dilation=dilation,
        )
        if bias is not None:
            check_bias(operation, bias, geometry.output_shape[1])
        call = remember(
            key,
            prepare(
                operation,
                backend,
                dtype,
                (x, weight, bias),
                (geometry.output_shape[2:],),
                geometry.options(),
                **properties_of(x.shape, weight.shape, accuracy),
            ),
        )
    result: np.ndarray = call(x, weight, bias)
    return result
