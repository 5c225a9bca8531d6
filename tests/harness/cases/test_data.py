"""What is in the arrays of a case, and how they lie in memory."""

from fractions import Fraction

import numpy as np
import pytest

from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.data import ELSEWHERE, FLOAT_KINDS, floats, lay_out, read_only, split

SHAPE = (2, 3, 4, 5)
STRIDES_IN_ITEMS = {
    "C": (60, 20, 5, 1),
    "F": (1, 2, 6, 24),
    "channels_last": (60, 1, 15, 3),
    "sliced": (8 * 6 * 10 * 2, 8 * 10 * 2, 10 * 2, 2),
    "reversed": (-60, -20, -5, -1),
    "offset": (5 * 6 * 7, 6 * 7, 7, 1),
    "exchanged": (20, 40, 5, 1),
    "cropped": (6 * 7 * 5, 1, 7 * 5, 5),
    "mirrored": (60, 20, 5, -1),
    "transposed": (60, 20, 1, 4),
    "spaced": (120, 40, 10, 2),
}


@pytest.mark.parametrize("layout", ELSEWHERE)
@pytest.mark.parametrize("dtype", ["float16", "float64", "int8"])
def test_a_layout_holds_the_values_in_the_memory_order_it_claims(layout: str, dtype: str) -> None:
    values = np.arange(120, dtype=dtype).reshape(SHAPE)
    array = lay_out(values, layout)
    assert array.dtype == values.dtype
    assert array.tolist() == values.tolist()
    assert tuple(stride // values.itemsize for stride in array.strides) == STRIDES_IN_ITEMS[layout]
    assert array.flags.writeable
    assert not np.shares_memory(array, values)
    array[...] = 1
    assert (array == 1).all()
    assert values[0, 0, 0, 2] == 2


@pytest.mark.parametrize("layout", ELSEWHERE)
def test_a_vector_can_be_laid_out_too(layout: str) -> None:
    assert lay_out(np.array([1.0, 2.0, 3.0]), layout).tolist() == [1.0, 2.0, 3.0]


def test_an_offset_array_is_the_inside_of_a_larger_one() -> None:
    array = lay_out(np.ones((2, 3)), "offset")
    assert array.base is not None
    assert array.base.shape == (4, 5)
    assert array.ctypes.data == array.base.ctypes.data + 8 * (5 + 1)


def test_an_unknown_layout_is_named_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"unknown layout 'NHWC'; known: C, F, channels_last, sliced"):
        lay_out(np.ones(3), "NHWC")


@pytest.mark.parametrize("bits", [5, 21, 24, 26, 50])
@pytest.mark.parametrize("kind", FLOAT_KINDS)
def test_split_is_exact_and_its_parts_are_short(bits: int, kind: str) -> None:
    values = floats(Choices(bits, kind), kind, (4, 7), "float64")
    parts = split(values, bits)
    for index in np.ndindex(values.shape):
        assert sum((Fraction(float(part[index])) for part in parts), Fraction(0)) == Fraction(float(values[index]))
    for part in parts:
        held = [abs(Fraction(float(value))) for value in part.flat if value]
        unit = min(Fraction(value.numerator & -value.numerator, value.denominator) for value in held)
        assert max(held) / unit <= 2**bits


def test_split_of_nothing_is_nothing() -> None:
    assert split(np.zeros(3), 20) == []
    (part,) = split(np.array([3.0, -1.0]), 20)
    assert part.tolist() == [3.0, -1.0]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("kind", FLOAT_KINDS)
def test_floats_are_exactly_representable_and_of_their_kind(kind: str, dtype: str) -> None:
    values = floats(Choices(1, kind, dtype), kind, (40, 50), dtype)
    assert values.dtype == np.float64
    assert (values.astype(dtype).astype(np.float64) == values).all()
    magnitudes = np.abs(values[values != 0.0])
    if kind == "uniform":
        assert values.min() >= -1.0
        assert values.max() <= 1.0
        assert (values > 0.5).any()
        assert (values < -0.5).any()
    elif kind == "wide":
        reach = {"float16": 2, "float32": 12, "float64": 12}[dtype]
        assert magnitudes.max() <= 2.0**reach
        assert magnitudes.max() > 2.0 ** (reach - 1)
        assert magnitudes.min() < 2.0 ** -(reach + 2)
    else:
        assert magnitudes.size == values.size
        assert magnitudes.min() >= 1 - 2.0**-7
        assert magnitudes.max() <= 1 + 2.0**-7
        # Neighbours have opposite signs, so that sums are far smaller than their terms.
        assert (np.sign(values.ravel()[1:]) == -np.sign(values.ravel()[:-1])).all()


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize(("kind", "reach"), [("scores", 8.0), ("large", 1000.0)])
def test_scores_reach_as_far_as_they_say(kind: str, reach: float, dtype: str) -> None:
    values = floats(Choices(3, kind, dtype), kind, (40, 50), dtype)
    assert -reach <= values.min() < -0.95 * reach
    assert 0.95 * reach < values.max() <= reach


def test_shifted_scores_are_all_near_a_thousand_of_one_sign() -> None:
    signs = set()
    for seed in range(12):
        values = floats(Choices(seed), "shifted", (30,), "float32")
        assert (np.abs(np.abs(values) - 1000.0) <= 1.0).all()
        assert len(set(values)) > 20
        signs |= set(np.sign(values))
    assert signs == {-1.0, 1.0}


def test_wide_float32_products_stay_normal() -> None:
    values = floats(Choices(2), "wide", (100, 100), "float32")
    smallest = np.abs(values[values != 0.0]).min()
    assert smallest**2 > np.finfo(np.float32).smallest_normal


@pytest.mark.parametrize("layout", ELSEWHERE)
def test_read_only_cannot_be_undone(layout: str) -> None:
    array = read_only(lay_out(np.arange(24.0).reshape(2, 3, 4, 1), layout))
    assert not array.flags.writeable
    with pytest.raises(ValueError, match="WRITEABLE"):
        array.setflags(write=True)
