from fractions import Fraction

import numpy as np
import pytest

from convoracle.reference import flatten, unflatten


def test_the_last_axis_counts_fastest_and_unflatten_is_the_way_back() -> None:
    x = np.arange(24).reshape(2, 3, 2, 2)
    rows = flatten(x)
    assert rows.tolist() == [list(range(12)), list(range(12, 24))]
    assert unflatten(rows, x.shape).tolist() == x.tolist()
    rows[0, 0] = 99
    assert x[0, 0, 0, 0] == 0


def test_any_number_any_shape_and_an_empty_batch() -> None:
    assert flatten(np.array([Fraction(1, 3)])).tolist() == [[Fraction(1, 3)]]
    assert flatten(np.zeros((0, 2, 3), np.float32)).shape == (0, 6)
    assert unflatten(np.zeros((0, 6), np.float32), (0, 2, 3)).dtype == np.float32


def test_says_what_it_got_and_what_is_allowed() -> None:
    with pytest.raises(ValueError, match="flatten: x: got a number"):
        flatten(np.float64(1))
    with pytest.raises(ValueError, match=r"unflatten: x: got shape \(2, 6\); allowed: \(2, 8\)"):
        unflatten(np.zeros((2, 6)), (2, 2, 4))
    with pytest.raises(ValueError, match="unflatten: x: got 3 dimensions"):
        unflatten(np.zeros((2, 6, 1)), (2, 6))
