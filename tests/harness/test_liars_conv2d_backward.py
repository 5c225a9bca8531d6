"""Wrong gradients of a convolution: each is caught, as what it is, with a small case that fails again."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convoracle import reference
from convoracle.harness import Failure
from convoracle.harness.oracle import compiled

Caught = Callable[..., Failure]

input_grad: Callable[..., Any] = functools.partial(
    reference.conv2d_input_grad, loops=compiled(reference.conv2d_input_grad_scatter_loops)
)
weight_grad: Callable[..., Any] = functools.partial(
    reference.conv2d_weight_grad, loops=compiled(reference.conv2d_weight_grad_loops)
)
bias_grad: Callable[..., Any] = functools.partial(
    reference.conv2d_bias_grad, loops=compiled(reference.conv2d_bias_grad_loops)
)


def sides_of(padding: Any, x: Any, weight: Any, stride: Any, dilation: Any) -> list[tuple[int, int]]:
    steps, dilations = ((both, both) if isinstance(both, int) else both for both in (stride, dilation))
    sides = reference.resolve_padding(padding, x.shape[2:], weight.shape[2:], steps, dilations)
    return [(first, second) for first, second in sides]


def kernel_not_flipped(grad: Any, weight: Any, shape: Any, **options: Any) -> Any:
    return input_grad(grad, weight[:, :, ::-1, ::-1], shape, **options)


def assigned_not_added(grad: Any, weight: Any, shape: Any, **options: Any) -> Any:
    """`=` for `+=`: of all the taps that reach an element, one."""
    result = np.zeros(shape, grad.dtype)
    for i in np.ndindex(weight.shape[2:]):
        one = np.zeros_like(weight)
        one[(..., *i)] = weight[(..., *i)]
        part = input_grad(grad, one, shape, **options)
        result = np.where(part != 0, part, result)
    return result


def padding_not_removed(grad: Any, weight: Any, shape: Any, *, padding: Any, **options: Any) -> Any:
    x = np.zeros(shape)
    sides = sides_of(padding, x, weight, options["stride"], options["dilation"])
    larger = (*shape[:2], *(size + sum(side) for size, side in zip(shape[2:], sides, strict=True)))
    whole = input_grad(grad, weight, larger, padding=0, **options)
    return np.ascontiguousarray(whole[:, :, : shape[2], : shape[3]])


def remainder_ignored(grad: Any, weight: Any, shape: Any, *, padding: Any, **options: Any) -> Any:
    """The size of x computed back from the size of the result."""
    result = input_grad(grad, weight, shape, padding=padding, **options)
    (stride, dilation), sizes = (options["stride"], options["dilation"]), []
    sides = sides_of(padding, np.zeros(shape), weight, stride, dilation)
    for out, k, s, d, side in zip(
        grad.shape[2:],
        weight.shape[2:],
        *((both, both) if isinstance(both, int) else both for both in (stride, dilation)),
        sides,
        strict=True,
    ):
        sizes.append((out - 1) * s + d * (k - 1) + 1 - sum(side))
    return np.ascontiguousarray(result[:, :, : max(sizes[0], 1), : max(sizes[1], 1)])


def first_image_only(grad: Any, x: Any, shape: Any, **options: Any) -> Any:
    return weight_grad(grad[:1], x[:1], shape, **options)


def mean_over_the_batch(grad: Any, x: Any, shape: Any, **options: Any) -> Any:
    return weight_grad(grad, x, shape, **options) / x.dtype.type(len(x))


def weight_grad_flipped(grad: Any, x: Any, shape: Any, **options: Any) -> Any:
    return np.ascontiguousarray(weight_grad(grad, x, shape, **options)[:, :, ::-1, ::-1])


def last_column_forgotten(grad: Any) -> Any:
    return bias_grad(grad[..., :-1]) if grad.shape[3] > 1 else bias_grad(grad)


def batch_of_bias_forgotten(grad: Any) -> Any:
    return grad[0].sum(axis=(1, 2))


@pytest.mark.parametrize(
    ("operation", "liar", "kinds"),
    [
        ("conv2d_input_grad", kernel_not_flipped, ("values",)),
        ("conv2d_input_grad", assigned_not_added, ("values",)),
        ("conv2d_input_grad", padding_not_removed, ("values", "raised")),
        ("conv2d_input_grad", remainder_ignored, ("shape",)),
        ("conv2d_weight_grad", first_image_only, ("values",)),
        ("conv2d_weight_grad", mean_over_the_batch, ("values",)),
        ("conv2d_weight_grad", weight_grad_flipped, ("values",)),
        ("conv2d_bias_grad", last_column_forgotten, ("values",)),
        ("conv2d_bias_grad", batch_of_bias_forgotten, ("values",)),
    ],
)
def test_wrong_gradients(caught: Caught, operation: str, liar: Callable[..., Any], kinds: tuple[str, ...]) -> None:
    caught(operation, liar, *kinds)


@pytest.mark.parametrize("wrong", ["grad_x", "grad_weight", "grad_bias", "order"])
def test_each_of_three_gradients_is_looked_at(caught: Caught, wrong: str) -> None:
    def backward(grad: Any, x: Any, weight: Any, **options: Any) -> Any:
        grads = {
            "grad_x": input_grad(grad, weight, x.shape, **options),
            "grad_weight": weight_grad(grad, x, weight.shape, **options),
            "grad_bias": bias_grad(grad),
        }
        if wrong in grads:
            grads[wrong][(-1,) * grads[wrong].ndim] += 1
        return tuple(grads.values())[:: -1 if wrong == "order" else 1]

    failure = caught("conv2d_backward", backward, "shape" if wrong == "order" else "values")
    assert (wrong if wrong != "order" else "grad_x") in failure.message
