"""The exponential of vectors, against 60 digits."""

from decimal import Decimal, localcontext

import numpy as np
import pytest
from numba import njit

from convoracle.fast.simd.softmax_lines import write_exponentials
from convoracle.fast.simd.vectors import lanes_of
from convoracle.harness.exponential_bounds import ULPS


@njit
def exponentials(x, out, found):  # type: ignore[no-untyped-def]
    write_exponentials(1, x, 0, 1, x.size, 1, out, found)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_within_what_the_bounds_assume_of_an_exponential(dtype: str) -> None:
    limits = np.finfo(dtype)
    least = np.log(limits.smallest_subnormal, dtype=np.float64)
    rng = np.random.default_rng(0)
    # The largest is zero, so nothing is subtracted; numbers of all sizes, and results down to the last subnormal one.
    x = np.concatenate([[0.0], rng.uniform(least, 0, 300), -(2.0 ** rng.uniform(-60, 6, 300))]).astype(dtype)
    out, found = np.empty_like(x), np.empty(2 * lanes_of(np.dtype(dtype)), dtype)
    exponentials(x, out, found)
    with localcontext() as context:
        context.prec = 60
        for number, power in zip(x, out, strict=True):
            exact = Decimal(float(number)).exp()
            unit = Decimal(float(np.spacing(power)))
            assert abs(Decimal(float(power)) - exact) <= ULPS * unit
    assert found[0] == 0
    exponentials(np.array([0, 2 * least, -limits.max, -np.inf], dtype), out, found)
    assert out[:4].tolist() == [1, 0, 0, 0]
    assert set(found) == {0, 1}
