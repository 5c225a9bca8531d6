"""The public gradients of the 1-D convolution: check their arguments, then call the kernel of the chosen backend."""

import numpy as np

from convoracle.fast import convolution
from convoracle.fast.arguments import IntOrSizes
from convoracle.fast.conv_geometry import ConvPadding


def conv1d_input_grad(
    grad_output: np.ndarray,
    weight: np.ndarray,
    input_shape: tuple[int, int, int],
    *,
    stride: IntOrSizes = 1,
    padding: ConvPadding = 0,
    dilation: IntOrSizes = 1,
    groups: int = 1,
    backend: str | None = None,
    accuracy: str | None = None,
) -> np.ndarray:
    """Return the gradient of a loss with respect to the input of `conv1d`.

    Parameters
    ----------
    grad_output : array (N, F, L_out) of float16, float32, float64 or int8 to int64
        Gradient of the loss with respect to the result.
    weight : array (F, C // groups, kL) of the same dtype
        The filters.
    input_shape : (N, C, L)
        Shape of the input; the stride can leave several sizes possible.
    stride, padding, dilation, groups
        As given to `conv1d`.
    backend : str, optional
        Name of the backend.
    accuracy : "normwise" or "componentwise", optional
        The error bound to keep.

    Returns
    -------
    array (N, C, L)
        New, C-contiguous, of the dtype of `grad_output`; int64 for integers.

    Raises
    ------
    ValueError, TypeError, ImportError
        As `conv1d`; also if `grad_output` does not have the shape of the result.

    Notes
    -----
    The gradient of the 2-D convolution with one axis less.

    Examples
    --------
    >>> grad_output = np.array([[[1, 2]]], np.float32)
    >>> conv1d_input_grad(grad_output, np.array([[[1, 10, 100]]], np.float32), (1, 1, 6), stride=2)
    array([[[  1.,  10., 102.,  20., 200.,   0.]]], dtype=float32)
    """
    return convolution.input_grad(
        "conv1d_input_grad",
        "L",
        grad_output,
        weight,
        input_shape,
        backend,
        accuracy,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
    )


def conv1d_weight_grad(
    grad_output: np.ndarray,
    x: np.ndarray,
    weight_shape: tuple[int, int, int],
    *,
    stride: IntOrSizes = 1,
    padding: ConvPadding = 0,
    dilation: IntOrSizes = 1,
    groups: int = 1,
    backend: str | None = None,
    accuracy: str | None = None,
) -> np.ndarray:
    """Return the gradient of a loss with respect to the weight of `conv1d`.

    Parameters
    ----------
    grad_output : array (N, F, L_out) of float16, float32, float64 or int8 to int64
        Gradient of the loss with respect to the result.
    x : array (N, C, L) of the same dtype
        The input.
    weight_shape : (F, C // groups, kL)
        Shape of the weight; the stride can leave several sizes possible.
    stride, padding, dilation, groups
        As given to `conv1d`.
    backend : str, optional
        Name of the backend.
    accuracy : "normwise" or "componentwise", optional
        The error bound to keep.

    Returns
    -------
    array (F, C // groups, kL)
        New, C-contiguous, of the dtype of `grad_output`; int64 for integers; zeros for an empty batch.

    Raises
    ------
    ValueError, TypeError, ImportError
        As `conv1d`; also if `grad_output` does not have the shape of the result.

    Notes
    -----
    The gradient of the 2-D convolution with one axis less.

    Examples
    --------
    >>> x = np.array([[[1, 2, 3, 4, 5, 6]]], np.float32)
    >>> conv1d_weight_grad(np.array([[[1, 10]]], np.float32), x, (1, 1, 3), stride=2)
    array([[[31., 42., 53.]]], dtype=float32)
    """
    return convolution.weight_grad(
        "conv1d_weight_grad",
        "L",
        grad_output,
        x,
        weight_shape,
        backend,
        accuracy,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
    )


def conv1d_bias_grad(grad_output: np.ndarray, *, backend: str | None = None, accuracy: str | None = None) -> np.ndarray:
    """Return the gradient of a loss with respect to the bias of `conv1d`: the sum over batch and positions.

    Parameters
    ----------
    grad_output : array (N, F, L_out) of float16, float32, float64 or int8 to int64
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
        As `conv1d`.

    Notes
    -----
    Not in the lectures; it follows from their rule that a derivative sums over all uses of a shared parameter.

    Examples
    --------
    >>> conv1d_bias_grad(np.ones((2, 3, 4), np.float32))
    array([8., 8., 8.], dtype=float32)
    """
    return convolution.bias_grad("conv1d_bias_grad", "L", grad_output, backend, accuracy)


def conv1d_backward(
    grad_output: np.ndarray,
    x: np.ndarray,
    weight: np.ndarray,
    *,
    stride: IntOrSizes = 1,
    padding: ConvPadding = 0,
    dilation: IntOrSizes = 1,
    groups: int = 1,
    backend: str | None = None,
    accuracy: str | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients of a loss with respect to the input, the weight and the bias of `conv1d`.

    Parameters
    ----------
    grad_output : array (N, F, L_out) of float16, float32, float64 or int8 to int64
        Gradient of the loss with respect to the result.
    x : array (N, C, L) of the same dtype
        The input.
    weight : array (F, C // groups, kL) of the same dtype
        The filters.
    stride, padding, dilation, groups
        As given to `conv1d`.
    backend : str, optional
        Name of the backend.
    accuracy : "normwise" or "componentwise", optional
        The error bound to keep.

    Returns
    -------
    grad_x : array (N, C, L)
        New, C-contiguous, of the dtype of `grad_output`; int64 for integers.
    grad_weight : array (F, C // groups, kL)
        Likewise.
    grad_bias : array (F,)
        Likewise.

    Raises
    ------
    ValueError, TypeError, ImportError
        As `conv1d`; also if `grad_output` does not have the shape of the result.

    Notes
    -----
    The gradients of the 2-D convolution with one axis less.

    Examples
    --------
    >>> x, weight = np.ones((2, 3, 6), np.float32), np.ones((4, 3, 2), np.float32)
    >>> [grad.shape for grad in conv1d_backward(np.ones((2, 4, 5), np.float32), x, weight)]
    [(2, 3, 6), (4, 3, 2), (4,)]
    """
    return convolution.backward(
        "conv1d_backward",
        "L",
        grad_output,
        x,
        weight,
        backend,
        accuracy,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
    )
