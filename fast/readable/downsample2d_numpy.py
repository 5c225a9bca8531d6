"""Downsampling on NumPy."""

import numpy as np

from convoracle.fast.windows import Pair, Shape


def downsample2d(x: np.ndarray, *, factor: Pair) -> np.ndarray:
    """Return a copy of every factor-th row and column."""
    return x[:, :, :: factor[0], :: factor[1]].copy()


def downsample2d_backward(grad_output: np.ndarray, input_shape: Shape, *, factor: Pair) -> np.ndarray:
    """Return zeros with the gradient at every factor-th row and column."""
    grad = np.zeros(input_shape, grad_output.dtype)
    grad[:, :, :: factor[0], :: factor[1]] = grad_output
    return grad
