from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from convoracle.reference import conv2d
from convoracle.reference.printed_conv2d import (
    cnn_forward_layer,
    downsampling_layer,
    numpy_line,
    vector_notation_layer,
)

EXAMPLES = settings(max_examples=50, deadline=None, derandomize=True)
Layer = tuple[np.ndarray, np.ndarray, np.ndarray]


@st.composite
def layers(draw: st.DrawFn) -> Layer:
    """Integer Y, w and b of one layer as the slides have it: square kernel, maps of any shape."""
    D_previous, D, K = (draw(st.integers(1, 3)) for _ in range(3))
    W, H = (K + draw(st.integers(0, 4)) for _ in range(2))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return (
        rng.integers(-9, 10, (D_previous, W, H)),
        rng.integers(-9, 10, (D, D_previous, K, K)),
        rng.integers(-9, 10, D),
    )


def thirds(array: np.ndarray) -> np.ndarray:
    return np.vectorize(lambda number: Fraction(int(number), 3), otypes=[object])(array)


def relu(z: Any) -> Any:
    return max(z, 0)


@given(layer=layers(), stride=st.integers(1, 3))
@EXAMPLES
def test_the_general_loops_reduce_to_every_printed_form(layer: Layer, stride: int) -> None:
    for Y, w, b in (layer, tuple(thirds(array) for array in layer)):
        strided, general = conv2d(Y[None], w, b, stride=stride).tolist(), conv2d(Y[None], w, b)[0].tolist()
        assert numpy_line(Y[None], w, b, stride).tolist() == strided
        assert downsampling_layer(Y, w, b, stride)[0].tolist() == strided[0]
        assert vector_notation_layer(Y, w, b)[0].tolist() == general
        assert cnn_forward_layer(Y, w, b)[0].tolist() == general


@given(layer=layers())
@EXAMPLES
def test_the_scalar_form_rounds_as_the_general_loops_do(layer: Layer) -> None:
    # the same statements in the same order: equal to the last bit on any floats
    Y, w, b = (np.sin(array) for array in layer)
    assert cnn_forward_layer(Y, w, b)[0].tolist() == conv2d(Y[None], w, b)[0].tolist()


@given(layer=layers())
@settings(EXAMPLES, max_examples=20)
def test_the_activation_is_applied_to_every_affine_value(layer: Layer) -> None:
    for z, Y_l in (
        vector_notation_layer(*layer, relu),
        cnn_forward_layer(*layer, relu),
        downsampling_layer(*layer, 2, relu),
    ):
        assert Y_l.tolist() == np.where(z > 0, z, 0).tolist()


def test_numpy_line_takes_every_example_of_the_batch() -> None:
    X = np.arange(8).reshape(2, 1, 2, 2)
    assert numpy_line(X, np.ones((1, 1, 2, 2), int), np.array([100])).ravel().tolist() == [106, 122]


def test_numpy_line_takes_kernels_that_are_not_square() -> None:
    X, W = np.arange(40).reshape(1, 2, 4, 5), np.arange(18).reshape(1, 2, 3, 3)[:, :, :, :2]
    assert numpy_line(X, W, np.array([7])).tolist() == conv2d(X, W, np.array([7])).tolist()
