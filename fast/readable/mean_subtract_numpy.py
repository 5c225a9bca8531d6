"""Mean subtraction on NumPy."""

import numpy as np


def mean_subtract(x: np.ndarray, *, axis: int) -> np.ndarray:
    """Return each value less the mean along the axis."""
    return x - x.mean(axis=axis, keepdims=True)


def mean_subtract_backward(grad_output: np.ndarray, *, axis: int) -> np.ndarray:
    """Return the forward pass of the gradient: the map is symmetric."""
    return mean_subtract(grad_output, axis=axis)
