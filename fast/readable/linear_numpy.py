"""The linear layer as matrix products."""

import numpy as np


def linear(x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None) -> np.ndarray:
    """Return the rows of `x` times the rows of the weight."""
    result = np.matmul(x, weight.T)
    return result if bias is None else result + bias


def linear_backward(
    grad_output: np.ndarray, x: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients of input, weight and bias."""
    return np.matmul(grad_output, weight), np.matmul(grad_output.T, x), grad_output.sum(axis=0)
