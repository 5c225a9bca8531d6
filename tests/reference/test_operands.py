from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from convoracle.reference.operands import delete_padding, number_type, operand, zero_pad


@pytest.mark.parametrize(
    ("dtypes", "expected"),
    [
        (["float32", "float32"], "float32"),
        (["float16"], "float16"),
        ([">f4"], "float32"),
        (["int8", "int8"], "int64"),
        ([">i2"], "int64"),
        (["bool"], "int64"),
        (["float32", "float64"], "float64"),
        (["object", "int64"], "object"),
    ],
)
def test_number_type(dtypes: list[str], expected: str) -> None:
    result = number_type(*(np.zeros(1, dtype) for dtype in dtypes))
    assert result == np.dtype(expected)
    assert result.isnative


def test_an_operand_is_a_copy_in_c_order() -> None:
    array = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    copied = operand(array, np.dtype(np.float64), 2, "array")
    assert copied.flags.c_contiguous
    assert copied.flags.writeable
    assert not np.shares_memory(copied, array)
    assert copied.tolist() == array.tolist()
    with pytest.raises(ValueError, match=r"array: got 2 dimensions, shape \(2, 3\); allowed: 4"):
        operand(array, np.dtype(np.float64), 4, "array")


def test_padding_is_added_on_its_own_side_and_deleted_there() -> None:
    padding = ((1, 0), (2, 3))
    maps = np.arange(1, 5).reshape(1, 1, 2, 2)
    padded = zero_pad(maps, padding)
    assert padded[0, 0].tolist() == [[0, 0, 0, 0, 0, 0, 0], [0, 0, 1, 2, 0, 0, 0], [0, 0, 3, 4, 0, 0, 0]]
    assert delete_padding(padded, padding).tolist() == maps.tolist()


def test_the_zeros_are_of_the_maps_own_type() -> None:
    maps: Any = np.full((1, 1, 1, 1), np.float32(1))
    assert zero_pad(maps, ((0, 0), (1, 0))).dtype == np.float32
    fractions: Any = np.full((1, 1, 1, 1), Fraction(1, 3), dtype=object)
    assert zero_pad(fractions, ((0, 0), (1, 0))).sum() == Fraction(1, 3)
