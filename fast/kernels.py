"""How a kernel is called: by every public function, through `run`.

A kernel gets new or borrowed plain arrays (see `convoracle.fast.arrays`) of dtype float32, float64 or int64, must not
write into them, and returns new arrays. Pairs are (height, width), shapes are tuples of ints::

    conv2d(x, weight, bias, *, stride, padding, dilation, groups)                  bias may be None
    conv2d_input_grad(grad_output, weight, input_shape, *, stride, padding, dilation, groups)
    conv2d_weight_grad(grad_output, x, weight_shape, *, stride, padding, dilation, groups)
    conv2d_bias_grad(grad_output)
    conv2d_backward(grad_output, x, weight, *, stride, padding, dilation, groups)  -> the three gradients
    conv1d..., conv3d...                                                           likewise, one or three axes
    conv_transpose2d(x, weight, bias, output_size, *, stride, padding, dilation, groups)
    conv_transpose2d_input_grad, _weight_grad, _bias_grad, _backward               as those of conv2d
    max_pool2d(x, *, kernel_size, stride, padding, dilation, output_size)          -> values, indices (int64)
    max_pool2d_backward(grad_output, indices, input_shape)
    avg_pool2d(x, divisors, *, kernel_size, stride, padding)
    avg_pool2d_backward(grad_output, divisors, input_shape, *, kernel_size, stride, padding)
    locally_connected2d(x, weight, bias, *, stride, padding, dilation)
    locally_connected2d_backward(grad_output, x, weight, *, stride, padding, dilation)    -> the three gradients
    downsample2d(x, *, factor)              downsample2d_backward(grad_output, input_shape, *, factor)
    upsample2d(x, output_size, *, factor)   upsample2d_backward(grad_output, *, factor)
    linear(x, weight, bias)                 linear_backward(grad_output, x, weight)       -> the three gradients
    relu(x), sigmoid(x)                     relu_backward(grad_output, x), sigmoid_backward(grad_output, x)
    softmax(x, *, axis), log_softmax        softmax_backward(grad_output, x, *, axis), log_softmax_backward
    mean_subtract(x, *, axis)               mean_subtract_backward(grad_output, *, axis)
    cross_entropy(logits, targets)          cross_entropy_backward(logits, targets, grad_output)
    euclidean_loss(z, y)                    euclidean_loss_backward(z, y, grad_output)    -> two gradients

Both losses return an array of one element, and get the number grad_output as a float. An axis counts from the start.
A convolution's stride and dilation have one int per axis, its padding one (before, after) per axis; a pooling's is
(height, width), the same at both ends, and its windows may overhang the end. ``divisors`` is (H_out, W_out) in the
dtype of the kernel's arrays.
"""

from typing import Any

import numpy as np

from convoracle.fast.arrays import accumulator, from_kernel, to_kernel
from convoracle.fast.selector import choose_kernel


def run(
    operation: str,
    backend: object,
    dtype: str,
    arguments: tuple[Any, ...],
    options: dict[str, Any] | None = None,
    **properties: Any,
) -> Any:
    """Choose the kernel, call it on prepared `arguments`, and return its results in the promised dtype.

    `properties` are what a variant may be limited in besides its options, such as the kernel size of a convolution.
    """
    options = options or {}
    kernel = choose_kernel(operation, backend, dtype, {**options, **properties})
    computed = accumulator(dtype)
    prepared = [
        to_kernel(argument, computed if argument.dtype.name == dtype else argument.dtype.newbyteorder("="))
        if isinstance(argument, np.ndarray)
        else argument
        for argument in arguments
    ]
    # NaN and infinity are results like any other, and no backend is louder about them than the others.
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        results = kernel(*prepared, **options)
        if isinstance(results, tuple):
            return tuple(from_kernel(result, dtype) for result in results)
        return from_kernel(results, dtype)
