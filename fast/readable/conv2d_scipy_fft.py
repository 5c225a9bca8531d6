"""The same correlations as `convoracle.fast.readable.conv2d_scipy`, computed through the fast Fourier transform.

Its error is bounded by the norm of the operands and not value by value, and a NaN reaches every output.
"""

from functools import partial
from typing import Any

import numpy as np

from convoracle.fast.readable import conv2d_scipy

conv2d = partial(conv2d_scipy.conv2d, method="fft")
conv2d_input_grad = partial(conv2d_scipy.conv2d_input_grad, method="fft")
conv2d_weight_grad = partial(conv2d_scipy.conv2d_weight_grad, method="fft")
conv2d_bias_grad = conv2d_scipy.conv2d_bias_grad


def conv2d_backward(
    grad_output: np.ndarray, x: np.ndarray, weight: np.ndarray, **options: Any
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients of input, weight and bias; the last is a plain sum."""
    return (
        conv2d_input_grad(grad_output, weight, x.shape, **options),
        conv2d_weight_grad(grad_output, x, weight.shape, **options),
        conv2d_bias_grad(grad_output),
    )
