from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from convoracle.reference import conv2d, convolve2d_full

SHAPES = st.tuples(st.integers(1, 4), st.integers(1, 4))


@given(f=SHAPES, g=SHAPES, seed=st.integers(0, 99))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_equals_scipy_and_the_correlation_with_the_flipped_filter(f: Any, g: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    left, right = rng.integers(-9, 10, f), rng.integers(-9, 10, g)
    result = convolve2d_full(left, right)
    assert result.tolist() == signal.convolve2d(left, right).tolist()
    assert result.tolist() == convolve2d_full(right, left).tolist()
    padding = (g[0] - 1, g[1] - 1)
    assert result.tolist() == conv2d(left[None, None], right[None, None, ::-1, ::-1], padding=padding)[0, 0].tolist()


def test_is_exact_on_fractions_and_rejects_vectors() -> None:
    third = np.array([[Fraction(1, 3)]])
    assert convolve2d_full(third, third).item() == Fraction(1, 9)
    with pytest.raises(ValueError, match="convolve2d_full: g: got 1 dimensions"):
        convolve2d_full(third, third[0])
