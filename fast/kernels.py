"""How a kernel is called: by every public function, through `prepare`.

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

A kernel may have an attribute ``bind``. It is called as the kernel is, with arrays of which it must keep nothing but
their shapes and dtypes, and returns a function of the arrays alone (those before the first shape, size or divisors),
which does what the kernel does for all arrays of these shapes. It makes no noise about NaN and infinity by itself.
If what a max_pool2d_backward returns so has an attribute ``checks_indices``, it raises an IndexError for an index
outside of the plane, and nobody checks them before.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from convoracle.fast.arrays import accumulator, from_kernel, is_plain, name_of, to_kernel
from convoracle.fast.selector import choose_kernel


def prepare(
    operation: str,
    backend: object,
    dtype: str,
    arrays: tuple[np.ndarray | None, ...],
    constants: tuple[Any, ...] = (),
    options: dict[str, Any] | None = None,
    **properties: Any,
) -> Callable[..., Any]:
    """Choose the kernel, and return a function of arrays like `arrays` that calls it and returns what was promised.

    The function keeps no array but those of `constants`, the kernel's arguments after the arrays. `properties` are what
    a variant may be limited in, or chosen by, besides its options, such as the kernel size of a convolution.
    """
    options = options or {}
    kernel = choose_kernel(operation, backend, dtype, options, properties)
    return bind_kernel(kernel, dtype, arrays, constants, options)


def bind_kernel(
    kernel: Callable[..., Any],
    dtype: str,
    arrays: tuple[np.ndarray | None, ...],
    constants: tuple[Any, ...],
    options: dict[str, Any],
) -> Callable[..., Any]:
    """Return a function of arrays like `arrays` that calls `kernel`, and returns results in what `dtype` promises."""
    copied = [None if array is None else _copied_to(array) for array in arrays]
    are_plain = all(wanted is None for wanted in copied)
    bind: Callable[..., Callable[..., Any]] | None = getattr(kernel, "bind", None)
    if bind is None:

        def compute(*arrays: np.ndarray | None) -> Any:
            return kernel(*arrays, *constants, **options)

    elif are_plain:
        return bind(*arrays, *constants, **options)
    else:
        stand_ins = (
            array if array is None or wanted is None else np.empty(array.shape, wanted)
            for array, wanted in zip(arrays, copied, strict=True)
        )
        compute = bind(*stand_ins, *constants, **options)

    def convert(*arrays: Any) -> Any:
        plain = (
            array if wanted is None else to_kernel(array, wanted) for array, wanted in zip(arrays, copied, strict=True)
        )
        return compute(*plain)

    if bind is not None and dtype != "float16":
        return convert  # what is bound returns what was promised, and nothing is rounded on the way

    compute_plain = compute if are_plain else convert

    # NaN and infinity are results like any other, and no backend is louder about them than the others.
    @np.errstate(over="ignore", under="ignore", invalid="ignore")
    def call(*arrays: Any) -> Any:
        results = compute_plain(*arrays)
        if isinstance(results, tuple):
            return tuple(from_kernel(result, dtype) for result in results)
        return from_kernel(results, dtype)

    return call


def _copied_to(array: np.ndarray) -> np.dtype | None:
    """Return the dtype that a kernel gets a copy of an array in; None if it can have arrays like it as they are."""
    computed = accumulator(name_of(array.dtype))
    return None if array.dtype == computed and is_plain(array) else computed


BOUND = 64
"""How many shapes a kernel is kept bound to, for those who call it themselves, such as `conv1d` by planes."""


def kernel_from(bind: Callable[..., Callable[..., Any]], arrays: int) -> Callable[..., Any]:
    """Return the kernel that `bind` binds; its first so many arguments are arrays."""
    bound: dict[Any, Callable[..., Any]] = {}

    @wraps(bind)
    def kernel(*arguments: Any, **options: Any) -> Any:
        # A kernel that is built on another one may hand on a view.
        plain = [array if array is None else np.ascontiguousarray(array) for array in arguments[:arrays]]
        constants = arguments[arrays:]
        kinds = [array if array is None else (array.shape, array.dtype) for array in plain]
        try:
            key = (*kinds, *constants, *options.items())
            call = bound.get(key)
        except TypeError:  # mean pooling's divisors are an array
            return bind(*plain, *constants, **options)(*plain)
        if call is None:
            call = bind(*plain, *constants, **options)
            if len(bound) >= BOUND:
                bound.clear()
            bound[key] = call
        return call(*plain)

    kernel.bind = bind  # type: ignore[attr-defined]
    return kernel


def all_gradients(
    input_grad: Callable[..., Any], weight_grad: Callable[..., Any], bias_grad: Callable[..., Any]
) -> Callable[..., Any]:
    """Return the kernel of all gradients of a convolution, which calls those of each."""

    def bind_backward(grad_output: np.ndarray, x: np.ndarray, weight: np.ndarray, **options: Any) -> Callable[..., Any]:
        dtype = grad_output.dtype.name
        of_input = bind_kernel(input_grad, dtype, (grad_output, weight), (x.shape,), options)
        of_weight = bind_kernel(weight_grad, dtype, (grad_output, x), (weight.shape,), options)
        of_bias = bind_kernel(bias_grad, dtype, (grad_output,), (), {})

        def backward(grad_output: np.ndarray, x: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, ...]:
            return of_input(grad_output, weight), of_weight(grad_output, x), of_bias(grad_output)

        return backward

    return kernel_from(bind_backward, arrays=3)
