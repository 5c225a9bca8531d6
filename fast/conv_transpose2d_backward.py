"""The public gradients of the transposed convolution: check their arguments, then call the chosen backend's kernel."""

import numpy as np

from convoracle.fast import convolution
from convoracle.fast.arguments import IntOrSizes


def conv_transpose2d_input_grad(
    grad_output: np.ndarray,
    weight: np.ndarray,
    input_shape: tuple[int, int, int, int],
    *,
    stride: IntOrSizes = 1,
    padding: IntOrSizes = 0,
    output_padding: IntOrSizes = 0,
    groups: int = 1,
    dilation: IntOrSizes = 1,
    backend: str | None = None,
    accuracy: str | None = None,
) -> np.ndarray:
    """Return the gradient of a loss with respect to the input of `conv_transpose2d`: a convolution.

    Parameters
    ----------
    grad_output : array (N, F, H_out, W_out) of float16, float32, float64 or int8 to int64
        Gradient of the loss with respect to the result.
    weight : array (C, F // groups, kH, kW) of the same dtype
        The filters.
    input_shape : (N, C, H, W)
        Shape of the input.
    stride, padding, output_padding, groups, dilation
        As given to `conv_transpose2d`.
    backend : str, optional
        Name of the backend.
    accuracy : "normwise" or "componentwise", optional
        The error bound to keep.

    Returns
    -------
    array (N, C, H, W)
        New, C-contiguous, of the dtype of `grad_output`; int64 for integers.

    Raises
    ------
    ValueError, TypeError, ImportError
        As `conv_transpose2d`; also if `grad_output` does not have the shape of the result.

    Notes
    -----
    Not in the lectures; the transpose of a transpose is the map itself.

    Examples
    --------
    >>> grad_output = np.arange(9, dtype=np.float32).reshape(1, 1, 3, 3)
    >>> conv_transpose2d_input_grad(grad_output, np.ones((1, 1, 2, 2), np.float32), (1, 1, 2, 2))[0, 0]
    array([[ 8., 12.],
           [20., 24.]], dtype=float32)
    """
    return convolution.input_grad(
        "conv_transpose2d_input_grad",
        "HW",
        grad_output,
        weight,
        input_shape,
        backend,
        accuracy,
        kind=convolution.TRANSPOSED,
        stride=stride,
        padding=padding,
        output_padding=output_padding,
        groups=groups,
        dilation=dilation,
    )


def conv_transpose2d_weight_grad(
    grad_output: np.ndarray,
    x: np.ndarray,
    weight_shape: tuple[int, int, int, int],
    *,
    stride: IntOrSizes = 1,
    padding: IntOrSizes = 0,
    output_padding: IntOrSizes = 0,
    groups: int = 1,
    dilation: IntOrSizes = 1,
    backend: str | None = None,
    accuracy: str | None = None,
) -> np.ndarray:
    """Return the gradient of a loss with respect to the weight of `conv_transpose2d`.

    Parameters
    ----------
    grad_output : array (N, F, H_out, W_out) of float16, float32, float64 or int8 to int64
        Gradient of the loss with respect to the result.
    x : array (N, C, H, W) of the same dtype
        The input.
    weight_shape : (C, F // groups, kH, kW)
        Shape of the weight.
    stride, padding, output_padding, groups, dilation
        As given to `conv_transpose2d`.
    backend : str, optional
        Name of the backend.
    accuracy : "normwise" or "componentwise", optional
        The error bound to keep.

    Returns
    -------
    array (C, F // groups, kH, kW)
        New, C-contiguous, of the dtype of `grad_output`; int64 for integers; zeros for an empty batch.

    Raises
    ------
    ValueError, TypeError, ImportError
        As `conv_transpose2d`; also if `grad_output` does not have the shape of the result.

    Notes
    -----
    Not in the lectures; the weight gradient of the convolution whose transpose this is, its two operands exchanged.

    Examples
    --------
    >>> grad_output = np.arange(9, dtype=np.float32).reshape(1, 1, 3, 3)
    >>> conv_transpose2d_weight_grad(grad_output, np.ones((1, 1, 2, 2), np.float32), (1, 1, 2, 2))[0, 0]
    array([[ 8., 12.],
           [20., 24.]], dtype=float32)
    """
    return convolution.weight_grad(
        "conv_transpose2d_weight_grad",
        "HW",
        grad_output,
        x,
        weight_shape,
        backend,
        accuracy,
        kind=convolution.TRANSPOSED,
        stride=stride,
        padding=padding,
        output_padding=output_padding,
        groups=groups,
        dilation=dilation,
    )


def conv_transpose2d_bias_grad(
    grad_output: np.ndarray, *, backend: str | None = None, accuracy: str | None = None
) -> np.ndarray:
    """Return the gradient of a loss with respect to the bias of `conv_transpose2d`: the sum over batch and plane.

    Parameters
    ----------
    grad_output : array (N, F, H_out, W_out) of float16, float32, float64 or int8 to int64
        Gradient of the loss with respect to the result.
    backend : str, optional
        Name of the backend.
    accuracy : "normwise" or "componentwise", optional
        The error bound to keep.

    Returns
    -------
    array (F,)
        New, of the dtype of `grad_output`; int64 for integers; zeros for an empty batch.

    Raises
    ------
    ValueError, TypeError, ImportError
        As `conv_transpose2d`.

    Notes
    -----
    Not in the lectures; it follows from their rule that a derivative sums over all uses of a shared parameter.

    Examples
    --------
    >>> conv_transpose2d_bias_grad(np.ones((2, 3, 4, 5), np.float32))
    array([40., 40., 40.], dtype=float32)
    """
    return convolution.bias_grad("conv_transpose2d_bias_grad", "HW", grad_output, backend, accuracy)


def conv_transpose2d_backward(
    grad_output: np.ndarray,
    x: np.ndarray,
    weight: np.ndarray,
    *,
    stride: IntOrSizes = 1,
    padding: IntOrSizes = 0,
    output_padding: IntOrSizes = 0,
    groups: int = 1,
    dilation: IntOrSizes = 1,
    backend: str | None = None,
    accuracy: str | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients of a loss with respect to the input, the weight and the bias of `conv_transpose2d`.

    Parameters
    ----------
    grad_output : array (N, F, H_out, W_out) of float16, float32, float64 or int8 to int64
        Gradient of the loss with respect to the result.
    x : array (N, C, H, W) of the same dtype
        The input.
    weight : array (C, F // groups, kH, kW) of the same dtype
        The filters.
    stride, padding, output_padding, groups, dilation
        As given to `conv_transpose2d`.
    backend : str, optional
        Name of the backend.
    accuracy : "normwise" or "componentwise", optional
        The error bound to keep.

    Returns
    -------
    grad_x : array (N, C, H, W)
        New, C-contiguous, of the dtype of `grad_output`; int64 for integers.
    grad_weight : array (C, F // groups, kH, kW)
        Likewise.
    grad_bias : array (F,)
        Likewise.

    Raises
    ------
    ValueError, TypeError, ImportError
        As `conv_transpose2d`; also if `grad_output` does not have the shape of the result.

    Notes
    -----
    Not in the lectures; see the three gradients.

    Examples
    --------
    >>> x, weight = np.ones((2, 3, 5, 6), np.float32), np.ones((3, 4, 2, 3), np.float32)
    >>> [grad.shape for grad in conv_transpose2d_backward(np.ones((2, 4, 6, 8), np.float32), x, weight)]
    [(2, 3, 5, 6), (3, 4, 2, 3), (4,)]
    """
    return convolution.backward(
        "conv_transpose2d_backward",
        "HW",
        grad_output,
        x,
        weight,
        backend,
        accuracy,
        kind=convolution.TRANSPOSED,
        stride=stride,
        padding=padding,
        output_padding=output_padding,
        groups=groups,
        dilation=dilation,
    )
