"""Laws the lectures state or imply that tie several operations together; on integers and fractions, exactly."""

from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from convoracle.reference import (
    avg_pool2d,
    avg_pool2d_backward,
    conv2d,
    conv2d_backward,
    max_pool2d,
    max_pool2d_backward,
)

EXAMPLES = settings(max_examples=40, deadline=None, derandomize=True)


@given(data=st.data())
@EXAMPLES
def test_groups_are_convolutions_side_by_side(convolutions: Any, data: st.DataObject) -> None:
    layer = data.draw(convolutions)
    groups = layer.options["groups"]
    options = {**layer.options, "groups": 1}
    parts = (np.split(layer.x, groups, axis=1), np.split(layer.weight, groups), np.split(layer.bias, groups))
    halves = [conv2d(*arrays, **options) for arrays in zip(*parts, strict=True)]
    result = conv2d(layer.x, layer.weight, layer.bias, **layer.options)
    assert result.tolist() == np.concatenate(halves, axis=1).tolist()


@given(data=st.data(), factor=st.integers(-3, 3))
@EXAMPLES
def test_gradients_are_linear_in_the_derivative_and_shaped_like_the_variables(
    convolutions: Any, data: st.DataObject, factor: int
) -> None:
    layer = data.draw(convolutions)
    more = np.random.default_rng(5).integers(-4, 5, layer.grad_output.shape)

    def gradients(grad_output: np.ndarray) -> tuple[np.ndarray, ...]:
        return conv2d_backward(grad_output, layer.x, layer.weight, **layer.options)

    together = gradients(factor * layer.grad_output + more)
    for variable, both, one, other in zip(
        (layer.x, layer.weight, layer.bias), together, gradients(layer.grad_output), gradients(more), strict=True
    ):
        assert both.shape == variable.shape
        assert both.tolist() == (factor * one + other).tolist()


@given(size=st.tuples(st.integers(1, 9), st.integers(1, 9)), kernel=st.tuples(st.integers(1, 4), st.integers(1, 4)))
@EXAMPLES
def test_same_padding_keeps_the_size(size: Any, kernel: Any) -> None:
    x, weight = np.ones((1, 1, *size), int), np.ones((1, 1, *kernel), int)
    for rule in ("same", "same_lower"):
        assert conv2d(x, weight, padding=rule).shape == x.shape


@given(data=st.data())
@EXAMPLES
def test_pools_take_every_map_alone(pools: Any, data: st.DataObject) -> None:
    pool = data.draw(pools)
    x = pool.x.astype(float)
    for pooled in (
        lambda maps: max_pool2d(maps, dilation=pool.dilation, **pool.options),
        lambda maps: avg_pool2d(maps, **pool.options),
    ):
        result = pooled(x)
        assert pooled(x[:, ::-1]).tolist() == result[:, ::-1].tolist()
        assert [pooled(x[:, c : c + 1])[:, 0].tolist() for c in range(x.shape[1])] == [
            result[:, c].tolist() for c in range(x.shape[1])
        ]


@given(data=st.data())
@EXAMPLES
def test_pools_hand_on_the_whole_derivative(pools: Any, data: st.DataObject) -> None:
    pool = data.draw(pools)
    values, indices = max_pool2d(pool.x, dilation=pool.dilation, **pool.options, return_indices=True)
    grad_output = np.random.default_rng(5).integers(-4, 5, values.shape)
    grad_x = max_pool2d_backward(grad_output, indices, pool.x.shape)
    assert grad_x.sum(axis=(2, 3)).tolist() == grad_output.sum(axis=(2, 3)).tolist()
    # a mean divided by what it adds up keeps all of it too
    options = {**pool.options, "count_include_pad": False}
    shape = avg_pool2d(pool.x.astype(float), **options).shape
    exact = np.vectorize(lambda number: Fraction(int(number)), otypes=[object])(
        np.random.default_rng(6).integers(-4, 5, shape)
    )
    grad_x = avg_pool2d_backward(exact, pool.x.shape, **options)
    assert grad_x.sum(axis=(2, 3)).tolist() == exact.sum(axis=(2, 3)).tolist()
