"""Wrong transposed, 1-D and 3-D convolutions: each is caught, as what it is, with a small case that fails again."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convoracle import reference
from convoracle.harness import Failure
from convoracle.harness.oracle import compiled

Caught = Callable[..., Failure]


def right(name: str) -> Callable[..., Any]:
    """The oracle's own function, its loops compiled."""
    function = getattr(reference, name)
    return functools.partial(function, loops=compiled(inspect.signature(function).parameters["loops"].default))


def flipped(name: str) -> Callable[..., Any]:
    """The filters turned round, as a true convolution has them."""

    def liar(x: Any, weight: Any, *others: Any, **options: Any) -> Any:
        turned = weight[(slice(None), slice(None), *[slice(None, None, -1)] * (weight.ndim - 2))]
        return right(name)(x, turned, *others, **options)

    return liar


def bias_missing(name: str) -> Callable[..., Any]:
    return lambda x, weight, bias, **options: right(name)(x, weight, None, **options)


def strides_swapped(x: Any, weight: Any, bias: Any, *, stride: Any, **options: Any) -> Any:
    reverse = stride[::-1] if isinstance(stride, tuple) else stride
    return right("conv_transpose2d")(x, weight, bias, stride=reverse, **options)


def output_padding_ignored(x: Any, weight: Any, bias: Any, *, output_padding: Any, **options: Any) -> Any:
    return right("conv_transpose2d")(x, weight, bias, **options)


def output_padding_before(x: Any, weight: Any, bias: Any, *, output_padding: Any, **options: Any) -> Any:
    """The extra rows and columns at the start, where they ought to be at the end."""
    result = right("conv_transpose2d")(x, weight, bias, output_padding=output_padding, **options)
    rows, columns = (output_padding,) * 2 if isinstance(output_padding, int) else output_padding
    return np.roll(result, (rows, columns), (2, 3))


def groups_interleaved(x: Any, weight: Any, bias: Any, *, groups: int, **options: Any) -> Any:
    result = right("conv_transpose2d")(x, weight, bias, groups=groups, **options)
    return result[:, np.arange(result.shape[1]).reshape(groups, -1).T.ravel()]


def dilation_ignored(x: Any, weight: Any, bias: Any, *, dilation: Any, **options: Any) -> Any:
    return right("conv_transpose2d")(x, weight, bias, **options)


@pytest.mark.parametrize(
    ("liar", "kinds"),
    [
        (flipped("conv_transpose2d"), ("values",)),
        (bias_missing("conv_transpose2d"), ("values",)),
        (strides_swapped, ("shape", "raised")),
        (output_padding_ignored, ("shape",)),
        (output_padding_before, ("values",)),
        (groups_interleaved, ("values",)),
        (dilation_ignored, ("shape", "values", "raised")),
    ],
)
def test_wrong_transposed_convolutions(caught: Caught, liar: Callable[..., Any], kinds: tuple[str, ...]) -> None:
    caught("conv_transpose2d", liar, *kinds)


def first_image_only(grad: Any, x: Any, shape: Any, **options: Any) -> Any:
    return right("conv_transpose2d_weight_grad")(grad[:1], x[:1], shape, **options)


def last_column_forgotten(grad: Any) -> Any:
    return grad[..., :-1].sum(axis=tuple(axis for axis in range(grad.ndim) if axis != 1))


@pytest.mark.parametrize(
    ("operation", "liar"),
    [
        ("conv_transpose2d_input_grad", flipped("conv_transpose2d_input_grad")),
        ("conv_transpose2d_weight_grad", first_image_only),
        ("conv_transpose2d_bias_grad", last_column_forgotten),
        ("conv1d_input_grad", flipped("conv1d_input_grad")),
        ("conv1d_bias_grad", last_column_forgotten),
        ("conv3d_input_grad", flipped("conv3d_input_grad")),
        ("conv3d_bias_grad", last_column_forgotten),
    ],
)
def test_wrong_gradients(caught: Caught, operation: str, liar: Callable[..., Any]) -> None:
    caught(operation, liar, "values")


@pytest.mark.parametrize("primitive", ["conv_transpose2d", "conv1d", "conv3d"])
@pytest.mark.parametrize("wrong", [0, 1, 2])
def test_each_of_three_gradients_is_looked_at(caught: Caught, primitive: str, wrong: int) -> None:
    def backward(grad: Any, x: Any, weight: Any, **options: Any) -> Any:
        grads = right(f"{primitive}_backward")(grad, x, weight, **options)
        grads[wrong][(-1,) * grads[wrong].ndim] += 1
        return grads

    failure = caught(f"{primitive}_backward", backward, "values")
    assert ("grad_x", "grad_weight", "grad_bias")[wrong] in failure.message


def dilation_of_one(name: str) -> Callable[..., Any]:
    def liar(x: Any, weight: Any, bias: Any, *, dilation: Any, **options: Any) -> Any:
        return right(name)(x, weight, bias, **options)

    return liar


def asymmetric_padding_reversed(name: str) -> Callable[..., Any]:
    def liar(x: Any, weight: Any, bias: Any, *, padding: Any, **options: Any) -> Any:
        sides = padding
        if isinstance(padding, tuple) and isinstance(padding[0], tuple):
            sides = tuple(side[::-1] for side in padding)
        return right(name)(x, weight, bias, padding=sides, **options)

    return liar


def tail_of_eight_skipped(name: str) -> Callable[..., Any]:
    def liar(x: Any, weight: Any, bias: Any, **options: Any) -> Any:
        result = right(name)(x, weight, bias, **options)
        columns = result.shape[-1]
        if columns > 8 and columns % 8:
            result[..., columns - columns % 8 :] = 0
        return result

    return liar


@pytest.mark.parametrize("name", ["conv1d", "conv3d"])
@pytest.mark.parametrize(
    ("make", "kinds"),
    [
        (flipped, ("values",)),
        (bias_missing, ("values",)),
        (dilation_of_one, ("shape", "values")),
        (asymmetric_padding_reversed, ("values",)),
        (tail_of_eight_skipped, ("values",)),
    ],
)
def test_wrong_convolutions_of_other_ranks(
    caught: Caught, name: str, make: Callable[[str], Callable[..., Any]], kinds: tuple[str, ...]
) -> None:
    caught(name, make(name), *kinds)


def depth_reversed(x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    return right("conv3d")(x, weight[:, :, ::-1], bias, **options)


def depth_and_height_swapped(x: Any, weight: Any, bias: Any, *, stride: Any, **options: Any) -> Any:
    steps = (stride[1], stride[0], stride[2]) if isinstance(stride, tuple) else stride
    return right("conv3d")(x, weight, bias, stride=steps, **options)


@pytest.mark.parametrize(("liar", "kinds"), [(depth_reversed, ("values",)), (depth_and_height_swapped, ("shape",))])
def test_wrong_depths(caught: Caught, liar: Callable[..., Any], kinds: tuple[str, ...]) -> None:
    caught("conv3d", liar, *kinds)
