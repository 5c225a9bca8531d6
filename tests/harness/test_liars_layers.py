"""Wrong linear and locally connected layers, resampling and ReLU: each is caught, as what it is."""

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


def bias_added_twice(x: Any, weight: Any, bias: Any) -> Any:
    return right("linear")(x, weight, None if bias is None else 2 * bias)


def transposed_where_square(x: Any, weight: Any, bias: Any) -> Any:
    return right("linear")(x, weight.T if weight.shape[0] == weight.shape[1] else weight, bias)


def features_after_the_last_eight_dropped(x: Any, weight: Any, bias: Any) -> Any:
    whole = max(x.shape[1] // 8 * 8, min(x.shape[1], 8))
    return right("linear")(x[:, :whole], weight[:, :whole], bias)


def float16_operands(x: Any, weight: Any, bias: Any) -> Any:
    return right("linear")(x.astype(np.float16).astype(x.dtype), weight, bias)


@pytest.mark.parametrize(
    "liar", [bias_added_twice, transposed_where_square, features_after_the_last_eight_dropped, float16_operands]
)
def test_wrong_linear_layers(caught: Caught, liar: Callable[..., Any]) -> None:
    caught("linear", liar, "values")


@pytest.mark.parametrize("primitive", ["linear", "locally_connected2d"])
@pytest.mark.parametrize("wrong", [0, 1, 2])
def test_each_of_three_gradients_is_looked_at(caught: Caught, primitive: str, wrong: int) -> None:
    def backward(grad: Any, x: Any, weight: Any, **options: Any) -> Any:
        grads = right(f"{primitive}_backward")(grad, x, weight, **options)
        grads[wrong][(-1,) * grads[wrong].ndim] += 1
        return grads

    failure = caught(f"{primitive}_backward", backward, "values")
    assert ("grad_x", "grad_weight", "grad_bias")[wrong] in failure.message


def weights_shared(x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    everywhere = np.broadcast_to(weight[:1, :1], weight.shape)
    return right("locally_connected2d")(x, everywhere, bias, **options)


def bias_of_the_first_position(x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    everywhere = None if bias is None else np.broadcast_to(bias[:, :1, :1], bias.shape)
    return right("locally_connected2d")(x, weight, everywhere, **options)


def filters_flipped(x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    return right("locally_connected2d")(x, weight[..., ::-1, ::-1], bias, **options)


@pytest.mark.parametrize("liar", [weights_shared, bias_of_the_first_position, filters_flipped])
def test_wrong_locally_connected_layers(caught: Caught, liar: Callable[..., Any]) -> None:
    caught("locally_connected2d", liar, "values")


def factors(factor: Any) -> tuple[int, int]:
    return (factor, factor) if isinstance(factor, int) else factor


def last_of_each_block(x: Any, factor: Any) -> Any:
    """Every factor-th row and column, but counted from the end of a block where there is one."""
    down, across = factors(factor)
    result = right("downsample2d")(x, factor)
    rows = [min(p * down + down - 1, x.shape[2] - 1) for p in range(result.shape[2])]
    columns = [min(q * across + across - 1, x.shape[3] - 1) for q in range(result.shape[3])]
    return np.ascontiguousarray(x[:, :, rows][:, :, :, columns])


def mean_of_the_kept_and_its_neighbour(x: Any, factor: Any) -> Any:
    return (right("downsample2d")(x, factor) + right("downsample2d")(np.roll(x, 1, 3), factor)) / x.dtype.type(2)


def repeated_instead_of_zeros(x: Any, factor: Any, size: Any) -> Any:
    down, across = factors(factor)
    return np.ascontiguousarray(np.repeat(np.repeat(x, down, 2), across, 3)[:, :, : size[0], : size[1]])


def remainder_ignored(x: Any, factor: Any, size: Any) -> Any:
    return right("upsample2d")(x, factor)


def everywhere(grad: Any, shape: Any, factor: Any) -> Any:
    return repeated_instead_of_zeros(grad, factor, shape[2:])


def axes_swapped(grad: Any, shape: Any, factor: Any) -> Any:
    down, across = factors(factor)
    return np.ascontiguousarray(grad[:, :, ::across, ::down])


@pytest.mark.parametrize(
    ("operation", "liar", "kinds"),
    [
        ("downsample2d", last_of_each_block, ("values",)),
        ("downsample2d", mean_of_the_kept_and_its_neighbour, ("values",)),
        ("downsample2d", lambda x, factor: x[:, :, ::1, :: factors(factor)[1]].copy(), ("shape",)),
        ("upsample2d", repeated_instead_of_zeros, ("values",)),
        ("upsample2d", remainder_ignored, ("shape",)),
        ("upsample2d", lambda x, factor, size: np.roll(right("upsample2d")(x, factor, size), 1, 2), ("values",)),
        ("downsample2d_backward", everywhere, ("values",)),
        ("upsample2d_backward", axes_swapped, ("shape",)),
    ],
)
def test_wrong_resampling(caught: Caught, operation: str, liar: Callable[..., Any], kinds: tuple[str, ...]) -> None:
    caught(operation, liar, *kinds)


@pytest.mark.parametrize(
    ("operation", "liar"),
    [
        ("relu", np.abs),
        ("relu", lambda x: np.where(x > 1, x, x.dtype.type(0))),
        ("relu", lambda x: np.maximum(x, x.dtype.type(0.01) * x)),
        # Half of the gradient at zero, and all of it.
        ("relu_backward", lambda grad, x: (grad * ((x > 0) + (x >= 0)) / 2).astype(grad.dtype)),
        ("relu_backward", lambda grad, x: np.where(x >= 0, grad, grad.dtype.type(0))),
        ("relu_backward", lambda grad, x: np.where(grad > 0, grad, grad.dtype.type(0))),
    ],
)
def test_wrong_relus(caught: Caught, operation: str, liar: Callable[..., Any]) -> None:
    caught(operation, liar, "values")


def test_relu_in_place_is_caught(caught: Caught) -> None:
    def liar(x: Any) -> Any:
        np.maximum(x, 0, out=x)
        return x.copy()

    caught("relu", liar, "contract")
