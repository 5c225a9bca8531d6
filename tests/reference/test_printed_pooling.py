from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from convoracle.reference import avg_pool2d, avg_pool2d_backward, max_pool2d, max_pool2d_backward
from convoracle.reference.printed_pooling import (
    max_pooling,
    max_pooling_derivative,
    max_pooling_with_downsampling,
    mean_pooling,
    mean_pooling_derivative,
    mean_pooling_with_downsampling,
)

EXAMPLES = settings(max_examples=50, deadline=None, derandomize=True)
Layer = tuple[np.ndarray, int]


@st.composite
def layers(draw: st.DrawFn) -> Layer:
    """Integer maps with many ties, and the size of a square window."""
    K = draw(st.integers(1, 3))
    D, W, H = draw(st.integers(1, 2)), K + draw(st.integers(0, 4)), K + draw(st.integers(0, 4))
    return np.random.default_rng(draw(st.integers(0, 2**32 - 1))).integers(-3, 4, (D, W, H)), K


def thirds(array: np.ndarray) -> np.ndarray:
    return np.vectorize(lambda number: Fraction(int(number), 3), otypes=[object])(array)


def flat(pidx: np.ndarray, H: int) -> list[list[list[int]]]:
    return (pidx[..., 0] * H + pidx[..., 1]).tolist()


@given(layer=layers(), stride=st.integers(1, 3))
@EXAMPLES
def test_the_general_max_loops_reduce_to_the_printed_ones(layer: Layer, stride: int) -> None:
    K, H = layer[1], layer[0].shape[2]
    for Y in (layer[0], thirds(layer[0])):
        for step, (u, pidx) in (
            (1, max_pooling(Y, K)),
            (stride, max_pooling_with_downsampling(Y, K, stride)),
        ):
            values, indices = max_pool2d(Y[None], K, step, return_indices=True)
            assert u.tolist() == values[0].tolist()
            assert flat(pidx, H) == indices[0].tolist()
            dy = np.arange(1, u.size + 1).reshape(u.shape)
            assert (
                max_pooling_derivative(dy, pidx, *Y.shape[1:]).tolist()
                == max_pool2d_backward(dy[None], indices, (1, *Y.shape))[0].tolist()
            )


@given(layer=layers(), stride=st.integers(1, 3))
@EXAMPLES
def test_the_general_mean_loops_reduce_to_the_printed_ones(layer: Layer, stride: int) -> None:
    K = layer[1]
    for Y in (layer[0].astype(np.float64), thirds(layer[0])):
        u = mean_pooling(Y, K)
        assert u.tolist() == avg_pool2d(Y[None], K, 1)[0].tolist()
        assert mean_pooling_with_downsampling(Y, K, stride).tolist() == avg_pool2d(Y[None], K, stride)[0].tolist()
        assert mean_pooling_derivative(u, K).tolist() == (avg_pool2d_backward(u[None], (1, *Y.shape), K, 1)[0].tolist())
