from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from convoracle.reference import conv2d_backward, conv2d_input_grad, conv2d_weight_grad
from convoracle.reference.printed_conv2d_backward import (
    backward_layer,
    input_derivative_formula,
    input_derivative_vector_notation,
    weight_derivative_vector_notation,
)

EXAMPLES = settings(max_examples=50, deadline=None, derandomize=True)
Layer = tuple[np.ndarray, np.ndarray, np.ndarray]


@st.composite
def layers(draw: st.DrawFn) -> Layer:
    """Integer dz, Y and w of one layer as the slides have it: square kernel, maps of any shape."""
    D_previous, D, K = (draw(st.integers(1, 3)) for _ in range(3))
    W_l, H_l = (draw(st.integers(1, 5)) for _ in range(2))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    dz, w = rng.integers(-9, 10, (D, W_l, H_l)), rng.integers(-9, 10, (D, D_previous, K, K))
    return dz, rng.integers(-9, 10, (D_previous, W_l + K - 1, H_l + K - 1)), w


def thirds(array: np.ndarray) -> np.ndarray:
    return np.vectorize(lambda number: Fraction(int(number), 3), otypes=[object])(array)


@given(layer=layers())
@EXAMPLES
def test_the_general_loops_reduce_to_every_printed_form(layer: Layer) -> None:
    for dz, Y, w in (layer, tuple(thirds(array) for array in layer)):
        dY = conv2d_input_grad(dz[None], w, (1, *Y.shape))[0].tolist()
        dw = conv2d_weight_grad(dz[None], Y[None], w.shape).tolist()
        assert input_derivative_formula(dz, w).tolist() == dY
        assert input_derivative_vector_notation(dz, w).tolist() == dY
        assert weight_derivative_vector_notation(dz, Y).tolist() == dw
        printed_dY, printed_dw, printed_dz = backward_layer(dz, dz, Y, w, lambda z: 1)
        assert (printed_dY.tolist(), printed_dw.tolist(), printed_dz.tolist()) == (dY, dw, dz.tolist())


@given(layer=layers())
@EXAMPLES
def test_the_scalar_form_rounds_as_the_general_loops_do(layer: Layer) -> None:
    # the same statements in the same order: equal to the last bit on any floats
    dz, Y, w = (np.sin(array) for array in layer)
    dY, dw, _ = backward_layer(dz, dz, Y, w, lambda z: 1)
    general_dY, general_dw, _ = conv2d_backward(dz[None], Y[None], w)
    assert dY.tolist() == general_dY[0].tolist()
    assert dw.tolist() == general_dw.tolist()


@given(layer=layers())
@settings(EXAMPLES, max_examples=20)
def test_the_derivative_of_the_activation_is_taken_at_z(layer: Layer) -> None:
    dY_l, Y, w = layer
    z = dY_l[:, ::-1, ::-1].copy()  # any affine maps of the right shape
    dY, dw, dz = backward_layer(dY_l, z, Y, w, lambda number: 2 * number)
    assert dz.tolist() == (dY_l * 2 * z).tolist()
    assert dY.tolist() == conv2d_input_grad(dz[None], w, (1, *Y.shape))[0].tolist()
    assert dw.tolist() == conv2d_weight_grad(dz[None], Y[None], w.shape).tolist()
