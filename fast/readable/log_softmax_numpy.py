"""The logarithm of the softmax on NumPy."""

import numpy as np

from convoracle.fast.readable.softmax_numpy import softmax


def log_softmax(x: np.ndarray, *, axis: int) -> np.ndarray:
    """Return what is left after the largest value is subtracted, less the logarithm of the sum of its exponentials."""
    rest = x - x.max(axis=axis, keepdims=True)
    return rest - np.log(np.exp(rest).sum(axis=axis, keepdims=True))


def log_softmax_backward(grad_output: np.ndarray, x: np.ndarray, *, axis: int) -> np.ndarray:
    """Return the gradient less its sum's share."""
    return grad_output - softmax(x, axis=axis) * grad_output.sum(axis=axis, keepdims=True)
