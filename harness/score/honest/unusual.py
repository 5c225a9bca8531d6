"""Odd ways to be right: everything here the contract allows."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from convoracle import reference
from convoracle.harness.bugs.mutants.planting import Function, each, pair


def as_it_is(right: Function, *operands: Any, **options: Any) -> Any:
    """Nothing unusual: what is special is declared."""
    return right(*operands, **options)


def without_groups(right: Function, x: Any, weight: Any, bias: Any, *, stride: Any, padding: Any, dilation: Any) -> Any:
    """Has no parameter for what its limits leave one value of."""
    return right(x, weight, bias, stride=stride, padding=padding, dilation=dilation)


def refusing_other_kernels(right: Function, x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    """Raises for kernels it did not promise to take."""
    if weight.shape[2:] != (3, 3):
        raise NotImplementedError("3x3 kernels only")
    return right(x, weight, bias, **options)


def refusing_strides(right: Function, x: Any, weight: Any, bias: Any, *, stride: Any, **options: Any) -> Any:
    """Raises for strides it did not promise to take."""
    if pair(stride) != (1, 1):
        raise ValueError("stride must be 1")
    return right(x, weight, bias, stride=stride, **options)


def refusing_nothing(right: Function, x: Any, *others: Any, **options: Any) -> Any:
    """Raises for a batch without images, as reshape(0, -1) does."""
    if len(x) == 0:
        raise ValueError("cannot reshape array of size 0")
    return right(x, *others, **options)


def in_fortran_order(right: Function, *operands: Any, **options: Any) -> Any:
    """The first axis is fastest in the result."""
    return each(right(*operands, **options), np.asfortranarray)


def channels_last(right: Function, x: Any, *others: Any, **options: Any) -> Any:
    """The image is taken into NHWC, and the result comes back as a view of NHWC memory."""
    inside = np.ascontiguousarray(np.moveaxis(x, 1, -1))
    result = right(np.moveaxis(inside, -1, 1), *others, **options)
    return each(result, lambda got: np.moveaxis(np.ascontiguousarray(np.moveaxis(got, 1, -1)), -1, 1))


def with_negative_zeros(right: Function, *operands: Any, **options: Any) -> Any:
    """Every zero has a sign."""
    return each(
        right(*operands, **options),
        lambda got: np.where(got == 0, got.dtype.type(-0.0), got) if got.dtype.kind == "f" else got,
    )


def an_image_a_thread(right: Function, x: Any, *others: Any, **options: Any) -> Any:
    """Every image is computed by a thread of its own."""
    with ThreadPoolExecutor(2) as threads:
        return np.concatenate(list(threads.map(lambda image: right(image[None], *others, **options), x)))


def inside_a_margin(right: Function, *operands: Any, **options: Any) -> Any:
    """The result is the inside of a larger array, as kernels that write whole vectors make it."""
    result = right(*operands, **options)
    around = np.full((*result.shape[:-1], result.shape[-1] + 8), 7, result.dtype)
    around[..., : result.shape[-1]] = result
    return around[..., : result.shape[-1]]


def read_only(right: Function, *operands: Any, **options: Any) -> Any:
    """The result cannot be written to, as arrays of libraries whose arrays are constants."""
    result = right(*operands, **options)
    result.flags.writeable = False
    return result


def backwards_in_memory(right: Function, *operands: Any, **options: Any) -> Any:
    """The result has negative strides."""
    result = right(*operands, **options)
    return np.ascontiguousarray(result[..., ::-1])[..., ::-1]


def cut_from_one_buffer(right: Function, *operands: Any, **options: Any) -> Any:
    """Three gradients lie one after the other in one fresh buffer."""
    grads = right(*operands, **options)
    buffer = np.concatenate([grad.ravel() for grad in grads])
    ends = np.cumsum([grad.size for grad in grads])
    return tuple(buffer[end - grad.size : end].reshape(grad.shape) for end, grad in zip(ends, grads, strict=True))


def as_a_list(right: Function, *operands: Any, **options: Any) -> Any:
    """A list of arrays for a tuple of them."""
    return list(right(*operands, **options))


def mean_by_taps(x: Any, kernel: Any, *, stride: Any, padding: Any, ceil_mode: bool, **options: Any) -> Any:
    """The taps of all windows are added up one after the other, and divided once."""
    size, step, around = pair(kernel), pair(kernel if stride is None else stride), pair(padding)
    divisors = reference.avg_pool2d_divisors(x.shape[2:], kernel, stride, padding, ceil_mode, **options)
    out = np.shape(divisors)
    reach = [(n - 1) * s + k for n, s, k in zip(out, step, size, strict=True)]
    padded = np.zeros(
        (*x.shape[:2], *(max(r, n + p) for r, n, p in zip(reach, x.shape[2:], around, strict=True))), x.dtype
    )
    padded[:, :, around[0] : around[0] + x.shape[2], around[1] : around[1] + x.shape[3]] = x
    total = np.zeros((*x.shape[:2], *out), x.dtype)
    for a, b in np.ndindex(*size):
        total = (
            total
            + padded[:, :, a : a + (out[0] - 1) * step[0] + 1 : step[0], b : b + (out[1] - 1) * step[1] + 1 : step[1]]
        )
    return total / np.asarray(divisors).astype(x.dtype)


def maximum_by_axes(
    x: Any, kernel: Any, *, stride: Any, padding: Any, dilation: Any, ceil_mode: bool, **options: Any
) -> Any:
    """The maximum of every row's window, then of these along the columns."""
    for axis in (2, 3):
        k, p, d = pair(kernel)[axis - 2], pair(padding)[axis - 2], pair(dilation)[axis - 2]
        s = pair(kernel if stride is None else stride)[axis - 2]
        n = reference.pool_output_size(x.shape[axis], k, stride=s, padding=p, dilation=d, ceil_mode=ceil_mode)
        places = np.arange(n)[:, None] * s - p + np.arange(k) * d
        inside = (places >= 0) & (places < x.shape[axis])
        first_inside = places[np.arange(n), inside.argmax(axis=1)]
        x = np.take(x, np.where(inside, places, first_inside[:, None]), axis=axis).max(axis=axis + 1)
    return x


def relu_by_maximum(x: Any) -> Any:
    """`np.maximum`."""
    return np.maximum(x, x.dtype.type(0))


def linear_by_matmul(x: Any, weight: Any, bias: Any) -> Any:
    """A product of matrices by BLAS."""
    return x @ weight.T if bias is None else x @ weight.T + bias
