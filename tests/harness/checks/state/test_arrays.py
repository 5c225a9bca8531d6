"""The arrays of a walk."""

import numpy as np
import pytest

from convoracle.harness.cases.choices import Choices
from convoracle.harness.checks.state.arrays import MOST, Memory

SQUARE = np.arange(36.0).reshape(2, 2, 3, 3)
OTHER = SQUARE + 100
TURNED = SQUARE.swapaxes(2, 3)


@pytest.mark.parametrize("seed", range(40))
def test_whatever_is_handed_over_holds_what_is_asked_for(seed: int) -> None:
    choices = Choices(seed, "arrays")
    memory = Memory(choices)
    kinds = set()
    for _ in range(60):
        dtype = np.dtype(choices.pick(["float32", "float64"]))
        both: list[np.ndarray] = []
        for values in (choices.pick([SQUARE, OTHER, TURNED]), choices.pick([SQUARE, OTHER])):
            both.append(memory.operand(values, dtype, list(both)))
        assert {array.dtype for array in both} == {dtype}
        kinds |= {array.flags.writeable for array in both}
        assert not memory.has_changed()
        memory.take((OTHER.astype(dtype),), (OTHER,))
    assert kinds == {False, True}
    assert len(memory.held) <= MOST


def test_operands_of_one_call_stay_apart_unless_they_are_equal() -> None:
    for seed in range(60):
        memory = Memory(Choices(seed, "apart"))
        for _ in range(12):
            one = memory.operand(SQUARE, SQUARE.dtype, [])
            two = memory.operand(OTHER, SQUARE.dtype, [one])
            np.testing.assert_array_equal(one, SQUARE)
            np.testing.assert_array_equal(two, OTHER)


def test_the_same_numbers_come_in_the_same_array_and_in_views_of_it() -> None:
    seen = {"again": 0, "view": 0, "result": 0}
    for seed in range(80):
        memory = Memory(Choices(seed, "again"))
        first = memory.operand(SQUARE, SQUARE.dtype, [])
        seen["again"] += memory.operand(SQUARE, SQUARE.dtype, []) is first
        turned = memory.operand(TURNED, SQUARE.dtype, [])
        np.testing.assert_array_equal(turned, TURNED)
        seen["view"] += (
            np.may_share_memory(turned, first) and first.flags.c_contiguous and not turned.flags.c_contiguous
        )
        result = OTHER.copy()
        memory.take((result,), (OTHER,))
        seen["result"] += memory.operand(OTHER, OTHER.dtype, []) is result
    assert min(seen.values()) >= 5, seen


def test_what_has_changed_is_noticed() -> None:
    result = OTHER.copy()
    memory = Memory(Choices(3, "changed"))
    memory.take((result,), (OTHER,))
    assert not memory.has_changed()
    result[1] = 0
    assert memory.has_changed()


def test_a_number_is_nobody_s_array() -> None:
    memory = Memory(Choices(3, "number"))
    memory.take((np.float64(3),), (np.array(3.0),))
    assert not memory.held
