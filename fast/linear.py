"""The public linear layer and its gradients: check their arguments, then call the kernel of the chosen backend."""

import numpy as np

from convoracle.fast.arguments import check_addressable
from convoracle.fast.arrays import check_array, check_dtype
from convoracle.fast.kernels import prepare
from convoracle.fast.remembered import recall, remember


def linear(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None, *, backend: str | None = None
) -> np.ndarray:
    """Return the affine map of every row of `x`: ``out[n, j] = bias[j] + sum over i of weight[j, i] * x[n, i]``.

    Parameters
    ----------
    x : array (N, I) of float16, float32, float64 or int8 to int64
        One example a row; N may be zero.
    weight : array (O, I) of the same dtype
        One neuron a row.
    bias : array (O,) of the same dtype, optional
        Added to every output of a neuron.
    backend : str, optional
        Name of the backend; the one in force if not given (see `convoracle.use_backend`).

    Returns
    -------
    array (N, O)
        New, C-contiguous, of the dtype of `x`; int64 for integers. float16 is accumulated in float32.

    Raises
    ------
    ValueError
        For a shape, a size or a name that is not allowed.
    TypeError
        For an argument that is not a plain array or an int, or dtypes that are not allowed or not the same.
    ImportError
        If the backend needs a module that is missing here.

    Notes
    -----
    UW CSE 493G1, Lecture 4, "f = Wx + b"; the signature is PyTorch's.

    Examples
    --------
    >>> linear(np.array([[1, 2]], np.float32), np.array([[1, 0], [3, 4], [5, 6]], np.float32)).shape
    (1, 3)
    >>> linear(np.array([[1, 2]], np.float32), np.array([[1, 0], [3, 4]], np.float32), np.array([0, 100], np.float32))
    array([[  1., 111.]], dtype=float32)
    """
    operation = "linear"
    key, call = recall(operation, (x, weight, bias), (), backend)
    if call is None:
        x = check_array(operation, "x", x, "NI")
        weight = check_array(operation, "weight", weight, "OI")
        if bias is not None:
            bias = check_array(operation, "bias", bias, "O")
        dtype = check_dtype(operation, x=x, weight=weight, bias=bias)
        _check_features(operation, x, weight)
        if bias is not None and len(bias) != len(weight):
            raise ValueError(f"{operation}: bias must have shape ({len(weight)},), one per output, got {bias.shape}")
        call = remember(key, prepare(operation, backend, dtype, (x, weight, bias)))
    result: np.ndarray = call(x, weight, bias)
    return result


def linear_backward(
    grad_output: np.ndarray, x: np.ndarray, weight: np.ndarray, *, backend: str | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients of a loss with respect to the input, the weight and the bias of `linear`.

    Parameters
    ----------
    grad_output : array (N, O) of float16, float32, float64 or int8 to int64
        Gradient of the loss with respect to the result.
    x : array (N, I) of the same dtype
        The input.
    weight : array (O, I) of the same dtype
        The weight.
    backend : str, optional
        Name of the backend; the one in force if not given (see `convoracle.use_backend`).

    Returns
    -------
    grad_x : array (N, I)
        New, C-contiguous, of the dtype of `grad_output`; int64 for integers.
    grad_weight : array (O, I)
        Likewise; zeros for an empty batch.
    grad_bias : array (O,)
        Likewise.

    Raises
    ------
    ValueError, TypeError, ImportError
        As `linear`; also if the shapes do not fit together.

    Notes
    -----
    UW CSE 493G1, Lecture 5, "Backprop with Matrices": "the shapes have to match".

    Examples
    --------
    >>> x, weight = np.array([[1, 2]], np.float32), np.array([[1, 0], [3, 4]], np.float32)
    >>> [grad.tolist() for grad in linear_backward(np.array([[1, 10]], np.float32), x, weight)]
    [[[31.0, 40.0]], [[1.0, 2.0], [10.0, 20.0]], [1.0, 10.0]]
    """
    operation = "linear_backward"
    key, call = recall(operation, (grad_output, x, weight), (), backend)
    if call is None:
        grad_output = check_array(operation, "grad_output", grad_output, "NO")
        x = check_array(operation, "x", x, "NI")
        weight = check_array(operation, "weight", weight, "OI")
        dtype = check_dtype(operation, grad_output=grad_output, x=x, weight=weight)
        expected = _check_features(operation, x, weight)
        if grad_output.shape != expected:
            raise ValueError(
                f"{operation}: grad_output must have the shape of the result, {expected}, got {grad_output.shape}"
            )
        call = remember(key, prepare(operation, backend, dtype, (grad_output, x, weight)))
    grad_x, grad_weight, grad_bias = call(grad_output, x, weight)
    return grad_x, grad_weight, grad_bias


def _check_features(operation: str, x: np.ndarray, weight: np.ndarray) -> tuple[int, int]:
    """Reject a weight for another number of features; return the shape of the result."""
    if x.shape[1] != weight.shape[1]:
        raise ValueError(
            f"{operation}: x of {x.shape[1]} features does not match weight of shape {weight.shape}: "
            f"{weight.shape[1]} features are expected"
        )
    shape = (len(x), len(weight))
    check_addressable(operation, "result", shape)
    return shape
